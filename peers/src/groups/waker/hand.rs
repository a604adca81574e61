//! A waker over an `Arc` by hand: four functions and a table.

use std::mem::ManuallyDrop;
use std::ptr;
use std::sync::Arc;
use std::task::{RawWaker, RawWakerVTable, Waker};

use super::Form;
use super::count::Count;

/// What the best of them come down to, written out.
pub(super) struct ByHand(Arc<Count>);

static BY_HAND: RawWakerVTable = RawWakerVTable::new(clone, wake, wake_by_ref, release);

unsafe fn clone(data: *const ()) -> RawWaker {
    // SAFETY: a waker over this table holds a count of an `Arc<Count>`.
    unsafe { Arc::increment_strong_count(data.cast::<Count>()) };
    RawWaker::new(data, &BY_HAND)
}

unsafe fn wake(data: *const ()) {
    // SAFETY: as in `clone`, and the waker is used up.
    unsafe { Arc::from_raw(data.cast::<Count>()) }.add();
}

unsafe fn wake_by_ref(data: *const ()) {
    // SAFETY: as in `clone`; the target outlives the call.
    unsafe { &*data.cast::<Count>() }.add();
}

unsafe fn release(data: *const ()) {
    // SAFETY: as in `clone`, and the waker is dropped.
    drop(unsafe { Arc::from_raw(data.cast::<Count>()) });
}

impl Form for ByHand {
    const NAME: &'static str = "by hand, unsafe";
    const CAN_RECOVER: bool = true;

    fn new(_: usize) -> Self {
        Self(Arc::new(Count::new()))
    }

    #[inline]
    fn waker(&self) -> Waker {
        // SAFETY: the table's functions take an `Arc<Count>` with a count of its own.
        unsafe { Waker::new(Arc::into_raw(self.0.clone()).cast(), &BY_HAND) }
    }

    #[inline]
    fn borrow(&self, with: impl FnOnce(&Waker)) {
        // SAFETY: `self` holds a count for the length of the call, and the waker is never dropped.
        let waker = ManuallyDrop::new(unsafe { Waker::new(Arc::as_ptr(&self.0).cast(), &BY_HAND) });
        with(&waker);
    }

    fn wakes(&self) -> u64 {
        self.0.wakes()
    }

    #[inline]
    fn recover(waker: &Waker) -> Option<u64> {
        if !ptr::eq(waker.vtable(), &raw const BY_HAND) {
            return None;
        }
        // SAFETY: a waker over this table points to a live `Count`.
        Some(unsafe { &*waker.data().cast::<Count>() }.name())
    }
}
