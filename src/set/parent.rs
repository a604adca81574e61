//! The waker of whoever drives a set.

use core::mem::ManuallyDrop;
use core::ptr;
use core::task::{RawWakerVTable, Waker};

use crate::sync::{AtomicPtr, AtomicUsize, Ordering, const_fn};

/// There is a waker here, for whoever clears this.
const ARMED: usize = 1;
/// What the state grows by when a waker is put here.
const VERSION: usize = 2;

/// The words of one waker, which one puts here and any may take. Nobody waits for anybody: there is no state in which a
/// call is under way.
///
/// # Invariants
///
/// 1. While `ARMED` is set, the words are a waker's and its count is here; who clears the flag owns that count.
/// 2. The words change while the flag is clear, and by the owner alone, and the version changes with them, also if they
///    are equal: another waker may stand where one was freed. So a compare-and-swap that clears the flag proves that the
///    words read before it belong together and are still the ones: of two that clear one state the second fails. (A
///    wrong answer needs a thread that stops between its two steps while a parent registers 2⁶³ times, 2³¹ on 32 bits.)
pub(super) struct Parent {
    state: AtomicUsize,
    data: AtomicPtr<()>,
    vtable: AtomicPtr<RawWakerVTable>,
}

impl Parent {
    const_fn! {
        /// Nobody.
        pub(super) fn new() -> Self {
            Self {
                state: AtomicUsize::new(0),
                data: AtomicPtr::new(ptr::null_mut()),
                vtable: AtomicPtr::new(ptr::null_mut()),
            }
        }
    }

    /// Leaves a clone of `waker` here, unless it is here already.
    ///
    /// # Safety
    ///
    /// The caller is the owner: no other thread calls this meanwhile.
    #[inline]
    pub(super) unsafe fn register(&self, waker: &Waker) {
        // If it is taken from here on, that calls this very parent, which has begun to look already.
        if self.state.load(Ordering::Relaxed) & ARMED == 0 || !self.holds(waker) {
            self.replace(waker.clone());
        }
    }

    /// The owner's, with a waker whose clone did not panic.
    fn replace(&self, waker: Waker) {
        let before = self.take();
        let waker = ManuallyDrop::new(waker);
        // Acquire: who took the waker before has read the words.
        let version = self.state.load(Ordering::Acquire).wrapping_add(VERSION);
        self.data.store(waker.data().cast_mut(), Ordering::Relaxed);
        self.vtable.store(ptr::from_ref(waker.vtable()).cast_mut(), Ordering::Relaxed);
        self.state.store(version | ARMED, Ordering::Release);
        drop(before);
    }

    /// Whether the words are those of `waker`.
    #[inline]
    fn holds(&self, waker: &Waker) -> bool {
        self.data.load(Ordering::Relaxed).cast_const() == waker.data()
            && ptr::eq(self.vtable.load(Ordering::Relaxed), waker.vtable())
    }

    /// The waker, if one is here and nobody else takes it.
    #[inline]
    pub(super) fn take(&self) -> Option<Waker> {
        let state = self.state.load(Ordering::Acquire);
        if state & ARMED == 0 {
            return None;
        }
        let data = self.data.load(Ordering::Relaxed).cast_const();
        let vtable = self.vtable.load(Ordering::Relaxed);
        self.state.compare_exchange(state, state & !ARMED, Ordering::AcqRel, Ordering::Relaxed).ok()?;
        // SAFETY: by invariant 2 the words are a waker's, whose table is `'static`.
        let vtable = unsafe { &*vtable.cast_const() };
        // SAFETY: as above, and by invariant 1 its count is this call's.
        Some(unsafe { Waker::new(data, vtable) })
    }
}
