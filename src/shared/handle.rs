//! One count of a task, as wakers own it, and the table of all wakers of shared tasks.

use core::mem::ManuallyDrop;
use core::ptr::NonNull;

use super::header::{self, Held, Ptr, Table};
use super::state::{State, Wake};
use super::trace::{self, Op};
use crate::waker::table::{Slot, WakeSlot};
use crate::waker::{Free, WakerPointer, WakerVTable};

/// One count of a task: what a waker, a `TaskRef` and an `AnyTask` own.
///
/// # Invariants
///
/// 1. A value has one count. What it reaches is the header, whose data is `Send` and `Sync`: that is asked where tasks
///    are made.
pub(super) struct Handle(Ptr);

// SAFETY: invariant 1: the header may be used and dropped on any thread; the state word is atomic.
unsafe impl Send for Handle {}
// SAFETY: as above.
unsafe impl Sync for Handle {}

impl Handle {
    /// # Safety
    ///
    /// The caller has a count of `task`, which moves into the result.
    #[inline]
    pub(super) unsafe fn from_ptr(task: Ptr) -> Self {
        let handle = Self(task);
        handle.tell(trace::CLONE);
        handle
    }

    /// A handle without a count of its own: it is never dropped.
    ///
    /// # Safety
    ///
    /// A count of `task` is held for as long as the result is used.
    #[inline]
    pub(super) const unsafe fn borrowed(task: Ptr) -> ManuallyDrop<Self> {
        ManuallyDrop::new(Self(task))
    }

    #[inline]
    pub(super) const fn as_ptr(&self) -> Ptr {
        self.0
    }

    #[inline]
    pub(super) fn state(&self) -> &State {
        // SAFETY: the count is `self`'s.
        unsafe { header::state(self.0) }
    }

    #[inline]
    fn tell(&self, op: Op) {
        self.state().trace().tell(op);
    }

    #[inline]
    pub(super) fn table(&self) -> &'static Table {
        // SAFETY: the count is `self`'s.
        unsafe { header::table(self.0) }
    }

    #[inline]
    pub(super) fn wake(self) {
        let handle = ManuallyDrop::new(self);
        handle.tell(trace::WAKE);
        let table = handle.table();
        match handle.state().wake(table.hook_borrows, table.only) {
            Wake::Schedule if table.hook_borrows => {
                // SAFETY: the count was `self`'s.
                let held = unsafe { Held::new(handle.0) };
                // SAFETY: the runnable's count was added, and `held` has one through the call.
                unsafe { (table.schedule)(held.as_ptr()) };
                held.release();
            }
            // SAFETY: the runnable's count was `self`'s, and nothing of the hook's must outlive the call.
            Wake::Schedule => unsafe { (table.schedule)(handle.0) },
            Wake::Known => {}
            // SAFETY: the count was `self`'s, and ends here.
            Wake::Complete => unsafe { header::release(handle.0) },
        }
    }

    #[inline]
    pub(super) fn wake_by_ref(&self) {
        self.tell(trace::WAKE_BY_REF);
        if self.state().wake_by_ref() {
            // SAFETY: the runnable's count was added, and `self` holds its own through the call.
            unsafe { header::schedule(self.0) }
        }
    }

    /// Whether this call is the first one to forbid further polls.
    pub(super) fn cancel(&self) -> bool {
        let (first, idle) = self.state().cancel();
        if idle {
            // SAFETY: as in `wake_by_ref`.
            unsafe { header::schedule(self.0) }
        }
        first
    }

    /// Gives up ownership; the count goes with the pointer.
    #[inline]
    pub(super) fn into_ptr(self) -> Ptr {
        ManuallyDrop::new(self).0
    }
}

impl Clone for Handle {
    #[inline]
    fn clone(&self) -> Self {
        self.tell(trace::CLONE);
        self.state().retain();
        Self(self.0)
    }
}

impl Drop for Handle {
    #[inline]
    fn drop(&mut self) {
        self.tell(trace::DROP);
        // SAFETY: the count is `self`'s, and this is its end.
        unsafe { header::release(self.0) }
    }
}

// SAFETY: rule 1, 2, 4: the word is the pointer, and a value has one count. Rule 3: `retain` adds one. Rule 5: a count
// keeps the allocation, which is never moved. Rule 6: the target is nothing. Rule 7: none of these runs other code.
unsafe impl WakerPointer for Handle {
    type Target = ();
    type Kind = Free;

    #[inline]
    fn into_raw(self) -> *const () {
        self.into_ptr().as_ptr().cast_const().cast()
    }

    #[inline]
    fn as_raw(&self) -> *const () {
        self.0.as_ptr().cast_const().cast()
    }

    #[inline]
    unsafe fn from_raw(raw: *const ()) -> Self {
        // SAFETY: a raw word is a task's pointer, which is not null.
        Self(unsafe { NonNull::new_unchecked(raw.cast_mut()) }.cast())
    }

    #[inline]
    unsafe fn clone_raw(raw: *const ()) -> *const () {
        // SAFETY: the caller holds a count, which this does not give up.
        let handle = ManuallyDrop::new(unsafe { Self::from_raw(raw) });
        (*handle).clone().into_raw()
    }

    #[inline]
    unsafe fn as_ref<'a>(_raw: *const ()) -> &'a () {
        &()
    }
}

/// The table of the wakers of all shared tasks. One, and not generic: tables that are generic over the header are
/// promoted constants, two of which may become one, and then a header could be read as another's.
pub(super) static WAKERS: WakerVTable<Handle> = WakerVTable::for_slot::<Wakers>(&WAKERS);

pub(super) struct Wakers;

impl Slot for Wakers {
    type Pointer = Handle;

    #[inline]
    fn table() -> &'static WakerVTable<Handle> {
        &WAKERS
    }
}

impl WakeSlot for Wakers {
    #[inline]
    fn wake(task: Handle) {
        task.wake();
    }

    #[inline]
    fn wake_by_ref(task: &Handle) {
        task.wake_by_ref();
    }
}
