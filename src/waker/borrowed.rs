//! A waker that borrows its count.

#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
use alloc::{sync::Arc, task::Wake};
use core::fmt;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::ops::Deref;
use core::task::{RawWaker, Waker};

/// A `&Waker` whose count belongs to a pointer that outlives it. Two words; dropping it does nothing.
///
/// A scheduler that polls makes one for each poll and pays no refcount. Cloning it (`.clone()` goes to the
/// [`Waker`]) takes a count and gives an owned waker; [`wake_by_ref`](Waker::wake_by_ref) works as it is.
/// It gives out nothing but `&Waker`: it cannot be woken by value (E0507) and cannot be changed (E0596).
/// The idea is that of `futures-task`'s type of this name.
pub struct WakerRef<'a> {
    waker: ManuallyDrop<Waker>,
    owner: PhantomData<&'a ()>,
}

impl WakerRef<'_> {
    /// # Safety
    ///
    /// `raw` is a waker's two words, and somebody else holds a count of it from now on to the end of the lifetime.
    #[inline]
    pub(crate) unsafe fn new(raw: RawWaker) -> Self {
        Self {
            // SAFETY: the caller's count keeps the words good; `ManuallyDrop` never gives that count up.
            waker: ManuallyDrop::new(unsafe { Waker::from_raw(raw) }),
            owner: PhantomData,
        }
    }
}

impl Deref for WakerRef<'_> {
    type Target = Waker;

    #[inline]
    fn deref(&self) -> &Waker {
        &self.waker
    }
}

impl fmt::Debug for WakerRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("WakerRef").field(&*self.waker).finish()
    }
}

/// Borrowed wakers for generic types, for which no static can exist.
///
/// Made by [`WakerVTable::best_effort`](crate::WakerVTable::best_effort). It uses the table that std makes for
/// `T`'s [`Wake`], so [`will_wake`](Waker::will_wake) is as weak as std's: true for a clone in the default
/// profiles, perhaps false between two crates or codegen units. That is why it recovers nothing and makes no
/// owned waker (`Waker::from(arc)` is as good). Not on targets without compare-and-swap, which have no `Arc`.
#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
pub struct BestEffort<T>(PhantomData<fn(T) -> T>);

#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
impl<T: Wake + Send + Sync + 'static> BestEffort<T> {
    pub(super) const fn new() -> Self {
        Self(PhantomData)
    }

    /// Makes a waker that borrows `arc`'s count and takes one of its own only when cloned.
    ///
    /// Costs: two words are written; no refcount, no allocation.
    #[must_use]
    pub fn waker_ref<'a>(&self, arc: &'a Arc<T>) -> WakerRef<'a> {
        // SAFETY: the count is `arc`'s, held for `'a`; the `Arc` goes into the `ManuallyDrop` below.
        let borrowed = unsafe { Arc::from_raw(Arc::as_ptr(arc)) };
        WakerRef { waker: ManuallyDrop::new(Waker::from(borrowed)), owner: PhantomData }
    }
}

#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
impl<T> fmt::Debug for BestEffort<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("BestEffort").field(&core::any::type_name::<T>()).finish()
    }
}
