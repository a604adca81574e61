//! The slot in which a joiner leaves its waker.

use core::mem::MaybeUninit;
use core::task::Waker;

use super::header::{Head, Ptr};
use crate::sync;

/// The slot of the joiner's waker. It holds one while it is lent, and during calls of its owner.
#[allow(missing_debug_implementations, unnameable_types, reason = "public in the eyes of a sealed trait alone")]
pub struct Joiner(sync::Cell<MaybeUninit<Waker>>);

impl Joiner {
    #[inline]
    pub(super) fn new() -> Self {
        Self(sync::Cell::new(MaybeUninit::uninit()))
    }
}

/// How a joined task with the header data `H` begins.
#[repr(C)]
struct Joined<H> {
    head: Head,
    data: H,
    joiner: Joiner,
}

/// The slot of `task`.
///
/// # Safety
///
/// The task is joined, its header data is an `H`, and a count is held for `'a`.
unsafe fn joiner<'a, H>(task: Ptr) -> &'a sync::Cell<MaybeUninit<Waker>> {
    // SAFETY: every joined task begins as a `Joined` of its header data, and the count keeps it alive.
    unsafe { &(*task.cast::<Joined<H>>().as_ptr()).joiner.0 }
}

/// Puts `waker` into the slot.
///
/// # Safety
///
/// As for [`joiner`], and the slot is the caller's, and empty.
pub(super) unsafe fn put_joiner<H>(task: Ptr, waker: Waker) {
    // SAFETY: the caller's promise.
    let slot = unsafe { joiner::<H>(task) };
    // SAFETY: the slot is the caller's alone.
    slot.with_mut(|slot| unsafe { slot.write(MaybeUninit::new(waker)) });
}

/// Takes the waker out of the slot.
///
/// # Safety
///
/// As for [`joiner`], and the slot is the caller's, and full.
pub(super) unsafe fn take_joiner<H>(task: Ptr) -> Waker {
    // SAFETY: the caller's promise.
    let slot = unsafe { joiner::<H>(task) };
    // SAFETY: the slot is the caller's alone, and empty from here on.
    let waker = slot.with_mut(|slot| unsafe { slot.read() });
    // SAFETY: it was full.
    unsafe { waker.assume_init() }
}
