//! Who gets the runnables of a task: its header, or a closure beside it.

use core::ptr::NonNull;

use super::cell::must_outlive_calls;
use super::header::{self, Ptr};
use super::kind::Kind;
use super::runnable::Runnable;
use super::schedule::Schedule;

/// What calls the scheduler for tasks with the header data `H`: [`ByHeader`], or a closure in [`ByClosure`].
#[diagnostic::on_unimplemented(
    message = "nobody gets the runnables of this task: `{H}` is no `Schedule`, and there is no hook",
    label = "needs `impl Schedule for {H}`, or `.hook(…)`"
)]
pub trait Hook<H, K>: IsHook<H, K> {}

/// The hook of a task is its header's [`Schedule::schedule`].
#[derive(Debug, Clone, Copy)]
pub struct ByHeader;

/// The hook of a task is a closure of its own.
#[derive(Debug, Clone, Copy)]
pub struct ByClosure<S>(pub(super) S);

impl<H: Schedule<K>, K: Kind> Hook<H, K> for ByHeader {}
impl<H: 'static, K: Kind, S: Fn(&H, Runnable<H, K>)> Hook<H, K> for ByClosure<S> {}

#[allow(unnameable_types, reason = "it seals the public trait")]
pub trait IsHook<H, K> {
    /// Whether the hook has something of its own that must outlive its calls.
    const BORROWS: bool;

    /// Hands a runnable to the hook.
    ///
    /// # Safety
    ///
    /// The caller gives up the count of a runnable of `task`, of this kind and header data. The hook is the task's. If
    /// it or the data must outlive the call, another count is held.
    unsafe fn call(hook: *const Self, task: NonNull<()>);
}

impl<H: Schedule<K>, K: Kind> IsHook<H, K> for ByHeader {
    const BORROWS: bool = false;

    unsafe fn call(_hook: *const Self, task: NonNull<()>) {
        let task: Ptr = task.cast();
        // SAFETY: the runnable's count is the caller's to give.
        let runnable = unsafe { Runnable::<H, K>::from_ptr(task) };
        // SAFETY: the caller holds another count, or there is nothing to outlive.
        unsafe { header::data::<H>(task) }.schedule(runnable);
    }
}

impl<H: 'static, K: Kind, S: Fn(&H, Runnable<H, K>)> IsHook<H, K> for ByClosure<S> {
    const BORROWS: bool = must_outlive_calls::<S>();

    unsafe fn call(hook: *const Self, task: NonNull<()>) {
        let task: Ptr = task.cast();
        // SAFETY: the runnable's count is the caller's to give.
        let runnable = unsafe { Runnable::<H, K>::from_ptr(task) };
        // SAFETY: the caller holds another count, or there is nothing to outlive.
        let data = unsafe { header::data::<H>(task) };
        // SAFETY: as above; the field is only ever used by shared reference.
        let hook = unsafe { &(*hook).0 };
        hook(data, runnable);
    }
}
