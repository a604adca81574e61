//! The bare pair: a task's address and its three functions.

use core::fmt;
use core::task::Poll;

use super::table::UnsafeWakeableVTable;

/// A task's address beside its table: two words that own nothing and check nothing.
///
/// Neither `Send` nor `Copy`. For a handle that owns, checks and is safe to poll there is
/// [`OwnedTask`](crate::OwnedTask).
///
/// # The data pointer
///
/// The memory behind `data` may be, for a table of `T`,
///
/// - a `T`;
/// - a `#[repr(transparent)]` wrapper of a `T`;
/// - a `#[repr(C)]` struct whose first field is a `T`: tasks that begin with a common header share its table.
///
/// It holds a valid value, aligned for `T`. `data` comes from a pointer that may be written through (`&mut`,
/// `Box::into_raw`, `&raw mut`; not from a `&T`), and that pointer covers as much as the functions touch.
///
/// All this is asked while a call runs. The [rules](crate::UnsafeWakeableTask#safety) of the task also ask something of
/// the time after the call: a task that is not `Unpin` must not be moved any more, not by safe code either.
///
/// # Examples
///
/// ```
/// use std::task::Poll;
/// use waker_tables::{TaskVTable, UnsafeWakeablePtr, WakeableTask};
///
/// struct Count(u32);
///
/// impl WakeableTask for Count {
///     fn poll(&mut self) -> Poll<()> {
///         self.0 += 1;
///         Poll::Pending
///     }
/// }
///
/// static COUNT: TaskVTable = TaskVTable::of::<Count>();
///
/// let mut count = Count(0);
/// let mut task = UnsafeWakeablePtr { data: (&raw mut count).cast(), vtable: &COUNT };
/// // SAFETY: `count` is live, of the table's type, and used by nobody else.
/// assert!(unsafe { task.poll() }.is_pending());
/// assert_eq!(count.0, 1);
/// ```
#[repr(C)]
pub struct UnsafeWakeablePtr {
    /// The task; see [The data pointer](#the-data-pointer).
    pub data: *mut (),
    /// The functions of its type.
    pub vtable: &'static UnsafeWakeableVTable,
}

impl UnsafeWakeablePtr {
    /// Polls the task. Costs: one indirect call.
    ///
    /// # Safety
    ///
    /// `data` is as [above](#the-data-pointer), and the promise of
    /// [`UnsafeWakeableTask::poll`](crate::UnsafeWakeableTask::poll) is kept, also after this call.
    #[inline]
    pub unsafe fn poll(&mut self) -> Poll<()> {
        // SAFETY: the caller's promise is what the table's functions ask for.
        unsafe { (self.vtable.poll_fn)(self.data) }
    }

    /// Calls the task's `wake`. Costs: one indirect call.
    ///
    /// # Safety
    ///
    /// `data` is as [above](#the-data-pointer), and the promise of
    /// [`UnsafeWakeableTask::wake`](crate::UnsafeWakeableTask::wake) is kept, also after this call.
    #[inline]
    pub unsafe fn wake(&self) {
        // SAFETY: the caller's promise is what the table's functions ask for.
        unsafe { (self.vtable.wake_fn)(self.data.cast_const()) }
    }

    /// Calls the task's shutdown function. To run the destructor and to free the memory is still up to the caller.
    /// Costs: one indirect call.
    ///
    /// # Safety
    ///
    /// `data` is as [above](#the-data-pointer), and the promise of
    /// [`UnsafeWakeableTask::drop_in_place`](crate::UnsafeWakeableTask::drop_in_place) is kept, also after this call.
    #[inline]
    pub unsafe fn drop_in_place(&mut self) {
        // SAFETY: the caller's promise is what the table's functions ask for.
        unsafe { (self.vtable.drop_fn)(self.data) }
    }
}

impl fmt::Debug for UnsafeWakeablePtr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnsafeWakeablePtr").field("data", &self.data).field("vtable", &self.vtable).finish()
    }
}
