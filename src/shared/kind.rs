//! The two kinds of runnable: one that runs on any thread, one that its home alone may run.

use core::ptr::NonNull;

use super::header::{self, Ptr};
use super::joiner::take_joiner;
use super::state::Ended;

/// Where a task may be run: [`Anywhere`] or [`AtHome`]. There are no others.
pub trait Kind: IsKind {}

/// The kind of a task that runs on any thread: its body is `Send`, or the caller of an `unsafe` spawn sees to it.
#[derive(Debug, Clone, Copy)]
pub struct Anywhere;

/// The kind of a task that is polled and dropped by its [`Home`](crate::Home) alone: its body need not be `Send`.
#[derive(Debug, Clone, Copy)]
pub struct AtHome(pub(super) usize);

impl<K: IsKind> Kind for K {}

#[allow(unnameable_types, reason = "it seals the public trait")]
pub trait IsKind: Sized + 'static {
    /// What a console calls it.
    const NAME: &'static str;
    /// Not `Send` where a task that is not spawned yet must stay on its home's thread.
    type Stays;

    /// Whether the body may be touched where `home` is.
    fn is_at(&self, home: usize) -> bool;

    /// Drops a runnable.
    ///
    /// # Safety
    ///
    /// The caller gives up the count of a runnable of this kind; the header data is an `H`.
    unsafe fn discard<H: 'static>(task: NonNull<()>);
}

impl IsKind for Anywhere {
    const NAME: &'static str = "task";
    type Stays = ();

    #[inline]
    fn is_at(&self, _home: usize) -> bool {
        true
    }

    unsafe fn discard<H: 'static>(task: NonNull<()>) {
        let task: Ptr = task.cast();
        // SAFETY: the count is the caller's.
        let state = unsafe { header::state(task) };
        // SAFETY: as above.
        let table = unsafe { header::table(task) };
        // The task is scheduled, so that this never asks for the hook.
        state.cancel();
        // SAFETY: the count is given to the run, which does not poll but drops the body. The thread is right: the body is
        // `Send`, or the caller of the `unsafe` spawn sees to that.
        unsafe { (table.run)(task, 0) };
    }
}

impl IsKind for AtHome {
    const NAME: &'static str = "local";
    type Stays = *mut ();

    #[inline]
    fn is_at(&self, home: usize) -> bool {
        self.0 == home
    }

    unsafe fn discard<H: 'static>(task: NonNull<()>) {
        let task: Ptr = task.cast();
        let mut joiner = None;
        loop {
            // SAFETY: the count is the caller's until it is given up, which ends the loop.
            match unsafe { header::state(task) }.abandon() {
                Ended::Counted => break,
                Ended::Last => {
                    // SAFETY: nobody else can reach the task.
                    let table = unsafe { header::table(task) };
                    // The hook is not called, since it may be what drops runnables.
                    // SAFETY: as above; the body stays.
                    unsafe { (table.leak)(task) };
                    break;
                }
                // SAFETY: a joined task with this header data, whose slot was lent.
                Ended::Joiner | Ended::Output => joiner = Some(unsafe { take_joiner::<H>(task) }),
            }
        }
        if let Some(joiner) = joiner {
            joiner.wake();
        }
    }
}
