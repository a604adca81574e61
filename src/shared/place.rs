//! Where a body may be, and who hears of its wakes.

#[cfg(feature = "alloc")]
use super::cell::has_end;
use super::header::{self, Ptr};
use super::home::{LocalRunnable, ScheduleLocal};
use super::runnable::{Runnable, Schedule};

/// Where a body may be polled and dropped, and so which kind of runnable the hook gets.
pub(super) trait Place<H> {
    /// Whether the hook has something of its own that must outlive its calls.
    const BORROWS: bool;

    /// Whether that is where `home` is.
    fn is_at(&self, home: usize) -> bool;

    /// Hands a runnable to the hook.
    ///
    /// # Safety
    ///
    /// As for `schedule` of a table; `place` is the task's.
    unsafe fn schedule(place: *const Self, task: Ptr);
}

/// On any thread, or wherever the caller of `spawn_unchecked` sees to; the hook is the header's.
pub(super) struct Anywhere;

impl<H: Schedule> Place<H> for Anywhere {
    const BORROWS: bool = false;

    #[inline]
    fn is_at(&self, _home: usize) -> bool {
        true
    }

    #[inline]
    unsafe fn schedule(_place: *const Self, task: Ptr) {
        // SAFETY: the runnable's count is the caller's to give.
        let runnable = unsafe { Runnable::<H>::from_ptr(task) };
        // SAFETY: the caller holds another count, or there is nothing to outlive.
        unsafe { header::data::<H>(task) }.schedule(runnable);
    }
}

/// As [`Anywhere`], with a hook of its own.
#[cfg(feature = "alloc")]
pub(super) struct Hooked<S>(pub(super) S);

#[cfg(feature = "alloc")]
impl<H: 'static, S: Fn(&H, Runnable<H>)> Place<H> for Hooked<S> {
    const BORROWS: bool = has_end::<S>();

    #[inline]
    fn is_at(&self, _home: usize) -> bool {
        true
    }

    #[inline]
    unsafe fn schedule(place: *const Self, task: Ptr) {
        // SAFETY: the runnable's count is the caller's to give.
        let runnable = unsafe { Runnable::<H>::from_ptr(task) };
        // SAFETY: the caller holds another count, or there is nothing to outlive.
        let data = unsafe { header::data::<H>(task) };
        // SAFETY: as above; the field is only ever used by shared reference.
        let hook = unsafe { &(*place).0 };
        hook(data, runnable);
    }
}

/// At the home of this number.
pub(super) struct AtHome(pub(super) usize);

impl<H: ScheduleLocal> Place<H> for AtHome {
    const BORROWS: bool = false;

    #[inline]
    fn is_at(&self, home: usize) -> bool {
        self.0 == home
    }

    #[inline]
    unsafe fn schedule(_place: *const Self, task: Ptr) {
        // SAFETY: the runnable's count is the caller's to give.
        let runnable = unsafe { LocalRunnable::<H>::from_ptr(task) };
        // SAFETY: the caller holds another count, or there is nothing to outlive.
        unsafe { header::data::<H>(task) }.schedule(runnable);
    }
}
