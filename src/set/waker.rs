//! The wakers of a set's children.

use core::mem::ManuallyDrop;
use core::ptr::NonNull;
use core::task::{RawWakerVTable, Waker};

use super::child::Child;
use super::chunk;
use crate::waker::{Free, WakerPointer};

/// A child behind a waker: with a count of its set's memory, or of a set in a static, where there is nothing to count. It
/// is alive.
struct Sub<const COUNTED: bool>(NonNull<Child>);

crate::waker_vtable! {
    static COUNTED: Sub<true> => Sub::<true>::wake;
    static UNCOUNTED: Sub<false> => Sub::<false>::wake;
}

/// The functions of the wakers of one kind.
#[inline]
pub(super) fn table(counted: bool) -> &'static RawWakerVTable {
    if counted { COUNTED.raw() } else { UNCOUNTED.raw() }
}

/// The child behind `waker`, if it is one of a set; alive while the waker is.
#[inline]
pub(super) fn child(waker: &Waker) -> Option<NonNull<Child>> {
    let is_ours = COUNTED.matches(waker) || UNCOUNTED.matches(waker);
    if is_ours { NonNull::new(waker.data().cast_mut().cast()) } else { None }
}

impl<const COUNTED: bool> Sub<COUNTED> {
    fn wake(&self) {
        // SAFETY: alive, through the call.
        unsafe { chunk::wake(self.0) }
    }
}

impl<const COUNTED: bool> Drop for Sub<COUNTED> {
    fn drop(&mut self) {
        if COUNTED {
            // SAFETY: alive.
            let root = unsafe { chunk::root(self.0) };
            // SAFETY: the count is `self`'s.
            unsafe { chunk::release(root) }
        }
    }
}

// SAFETY: all that it does is atomic.
unsafe impl<const COUNTED: bool> Send for Sub<COUNTED> {}
// SAFETY: as above.
unsafe impl<const COUNTED: bool> Sync for Sub<COUNTED> {}

// SAFETY: rules 1, 2, 4: the word is the pointer, and a value has one count, if there are counts. Rule 3: `retain` adds
// one. Rule 5: a count keeps the set's memory, and a static is for ever; neither is moved. Rule 6: the target is nothing.
// Rule 7: none of these runs other code.
unsafe impl<const COUNTED: bool> WakerPointer for Sub<COUNTED> {
    type Target = ();
    type Kind = Free;

    fn into_raw(self) -> *const () {
        ManuallyDrop::new(self).as_raw()
    }

    fn as_raw(&self) -> *const () {
        self.0.as_ptr().cast_const().cast()
    }

    unsafe fn from_raw(raw: *const ()) -> Self {
        // SAFETY: a raw word is a child's pointer, which is not null.
        Self(unsafe { NonNull::new_unchecked(raw.cast_mut()) }.cast())
    }

    unsafe fn clone_raw(raw: *const ()) -> *const () {
        if COUNTED {
            // SAFETY: a raw word is a child's pointer, which is not null.
            let child = unsafe { NonNull::new_unchecked(raw.cast_mut()) }.cast();
            // SAFETY: the caller holds a count.
            let root = unsafe { chunk::root(child) };
            // SAFETY: as above.
            unsafe { root.as_ref() }.retain();
        }
        raw
    }

    unsafe fn as_ref<'a>(_raw: *const ()) -> &'a () {
        &()
    }
}
