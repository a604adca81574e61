//! Wakers of an `Arc`.

use alloc::sync::Arc;
use alloc::task::Wake;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::ops::Deref;
use core::task::Waker;

use waker_tables::WakerVTable;

/// What an `Arc` does when a waker of it is woken.
pub trait ArcWake: Send + Sync {
    /// Wakes, and gives up the `Arc`.
    fn wake(self: Arc<Self>) {
        Self::wake_by_ref(&self);
    }

    /// Wakes, and leaves the `Arc` alone.
    fn wake_by_ref(arc_self: &Arc<Self>);
}

/// An [`ArcWake`] type as std knows such types. The crate's tables are for those; a type of somebody else's, which only
/// its user can name, has no static table.
#[repr(transparent)]
struct ByArcWake<W>(W);

impl<W> ByArcWake<W> {
    /// The same `Arc`, by the other type.
    #[inline]
    fn from_arc(arc: Arc<W>) -> Arc<Self> {
        // SAFETY: the pointer is an `Arc<W>`'s, whose count moves; `Self` has the layout of `W`, whose value it is.
        unsafe { Arc::from_raw(Arc::into_raw(arc).cast()) }
    }

    /// The same `Arc`, by the other type.
    #[inline]
    fn into_arc(self: Arc<Self>) -> Arc<W> {
        // SAFETY: as above, the other way.
        unsafe { Arc::from_raw(Arc::into_raw(self).cast()) }
    }

    /// The same `Arc`, by the other type and without a count of its own.
    #[inline]
    fn borrow_arc(arc: &Arc<Self>) -> ManuallyDrop<Arc<W>> {
        // SAFETY: as above; the count stays with `arc`, since the result never gives it up.
        ManuallyDrop::new(unsafe { Arc::from_raw(Arc::as_ptr(arc).cast()) })
    }
}

impl<W: ArcWake> Wake for ByArcWake<W> {
    #[inline]
    fn wake(self: Arc<Self>) {
        ArcWake::wake(self.into_arc());
    }

    #[inline]
    fn wake_by_ref(self: &Arc<Self>) {
        ArcWake::wake_by_ref(&*Self::borrow_arc(self));
    }
}

/// A waker of `wake`.
#[inline]
pub fn waker<W: ArcWake + 'static>(wake: Arc<W>) -> Waker {
    Waker::from(ByArcWake::from_arc(wake))
}

/// A waker of `wake` that borrows its count.
#[inline]
pub fn waker_ref<W: ArcWake + 'static>(wake: &Arc<W>) -> WakerRef<'_> {
    // SAFETY: the pointer is an `Arc<W>`'s, and `ByArcWake<W>` has the layout of `W`; the count stays with `wake`, since
    // `ManuallyDrop` never gives it up.
    let arc: ManuallyDrop<Arc<ByArcWake<W>>> = ManuallyDrop::new(unsafe { Arc::from_raw(Arc::as_ptr(wake).cast()) });
    let table = const { WakerVTable::<Arc<ByArcWake<W>>>::best_effort() };
    let waker = table.waker_ref(&arc);
    // SAFETY: the two words are a waker's. `wake` holds a count of them for as long as the result is there, and the
    // result never gives it up.
    let waker = unsafe { Waker::new(waker.data(), waker.vtable()) };
    WakerRef::new_unowned(ManuallyDrop::new(waker))
}

/// A `&Waker` whose count belongs to something that outlives it.
#[derive(Debug)]
pub struct WakerRef<'a> {
    waker: ManuallyDrop<Waker>,
    owner: PhantomData<&'a ()>,
}

impl<'a> WakerRef<'a> {
    /// Of a waker.
    #[inline]
    pub fn new(waker: &'a Waker) -> Self {
        // SAFETY: the two words are a waker's, which holds its count for `'a`; the copy never gives it up.
        let waker = unsafe { Waker::new(waker.data(), waker.vtable()) };
        Self::new_unowned(ManuallyDrop::new(waker))
    }

    /// Of a waker that is not dropped, whose count the caller answers for.
    #[inline]
    pub fn new_unowned(waker: ManuallyDrop<Waker>) -> Self {
        Self { waker, owner: PhantomData }
    }
}

impl Deref for WakerRef<'_> {
    type Target = Waker;

    #[inline]
    fn deref(&self) -> &Waker {
        &self.waker
    }
}
