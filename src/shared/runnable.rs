//! The right to run a task once.

#[cfg(feature = "std")]
use alloc::boxed::Box;
#[cfg(feature = "std")]
use core::any::Any;
use core::fmt;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::ptr::NonNull;

use super::header::{self, Held, Ptr, Ran};
use super::kind::{Anywhere, AtHome, Kind};
use super::task_ref::TaskRef;

/// The right to run a task once. One word, with a niche.
///
/// It exists exactly while the task is scheduled: one is made by a spawn and one by each wake that finds the task idle.
/// So a queue of them holds no task twice, and has no task that need not run.
///
/// - One that may run [`Anywhere`] is run by [`run`](Self::run). Dropped, it cancels the task, whose body is dropped there.
/// - One that is [`AtHome`] ([`LocalRunnable`]) is run by its [`Home`](crate::Home) alone, and is `Send` whatever the body is.
///   Dropped, it cancels the task and tells the joiner, but never touches the body, which may be at home on another
///   thread. A later wake or cancel calls the hook again, and a run at home then drops the body. Dropped as the last handle,
///   or once its home is gone, it leaks body and memory.
/// - Forgotten, either leaks a count, and the task never runs again.
pub struct Runnable<H: 'static, K: Kind = Anywhere> {
    /// Its count is the runnable's.
    task: ManuallyDrop<TaskRef<H>>,
    kind: PhantomData<fn(K) -> K>,
}

/// A [`Runnable`] of a task that is at home on one thread.
pub type LocalRunnable<H> = Runnable<H, AtHome>;

/// What became of a task that was run once, with its next runnable if it has one.
#[must_use = "`Woken` holds a runnable, which cancels its task when it is dropped"]
pub enum Run<H: 'static, K: Kind = Anywhere> {
    /// It waits: the next wake calls the hook.
    Pending,
    /// It was woken while it ran, and is to run again; the caller says when, for instance behind all others.
    Woken(Runnable<H, K>),
    /// It waited, and nothing was left that could wake it: its body was dropped. Most often a future that answers
    /// `Pending` without having kept a waker.
    Lost,
    /// It is over: it finished, or was cancelled.
    Complete,
}

/// A [`Run`] of a task that is at home on one thread.
pub type LocalRun<H> = Run<H, AtHome>;

/// The payload of a panic.
#[cfg(feature = "std")]
pub(super) type Payload = Box<dyn Any + Send>;

// SAFETY: the header data is `Send + Sync`. The body is not reachable at home; anywhere, it is `Send`, or else the caller
// of an `unsafe` spawn sees to it that the runnable is run and dropped on the body's thread.
unsafe impl<H: 'static, K: Kind> Send for Runnable<H, K> {}
// SAFETY: by shared reference it gives the header data, which is `Sync`, and counts.
unsafe impl<H: 'static, K: Kind> Sync for Runnable<H, K> {}

impl<H: 'static> Runnable<H> {
    /// Polls the task once, with its own waker, and hands it to its hook if it was woken meanwhile. A cancelled task is
    /// not polled; its body is dropped.
    ///
    /// A hook that runs the task in place would call itself here: it takes [`run_once`](Self::run_once) in a loop.
    ///
    /// Costs: as `run_once`, and as [`schedule`](Self::schedule) where the task was woken.
    ///
    /// # Panics
    ///
    /// As `run_once`, and with what the hook panics.
    #[inline]
    #[allow(clippy::must_use_candidate, reason = "ignoring the answer is right")]
    pub fn run(self) -> Ran {
        self.run_once().schedule()
    }

    /// Polls the task once, with its own waker, and gives it back if it was woken meanwhile, for a scheduler that puts it
    /// where it likes. A cancelled task is not polled; its body is dropped.
    ///
    /// Costs: one indirect call; two locked instructions, none while there is no other handle (a waker, a `TaskRef`, a
    /// join handle). No allocation.
    ///
    /// # Panics
    ///
    /// With what the body panics, after it was dropped, the task completed and its joiner told; with what the joiner's
    /// waker or an output's destructor panics, likewise after all is done. A body that panics and then panics again
    /// while it is dropped ends the process.
    #[inline]
    pub fn run_once(self) -> Run<H> {
        let task = self.into_ptr();
        // SAFETY: the runnable's count is given to the run, whose thread was promised where the task was made.
        let run = unsafe { run_once(task, 0) };
        // SAFETY: a task of this kind is run wherever it is.
        unsafe { run.unwrap_unchecked() }
    }

    /// [`run_once`](Self::run_once), and a panic is given back.
    ///
    /// # Errors
    ///
    /// The payload with which it panics. The task is complete then.
    #[cfg(feature = "std")]
    pub fn run_catching(self) -> Result<Run<H>, Payload> {
        std::panic::catch_unwind(core::panic::AssertUnwindSafe(|| self.run_once()))
    }
}

/// Runs a task of kind `K` once, unless it is at home elsewhere; then the count is still the caller's.
///
/// # Safety
///
/// The caller gives up the count of a runnable of `task`, whose header data is an `H`, and may run tasks that are at home in
/// `home`.
#[inline]
pub(super) unsafe fn run_once<H: 'static, K: Kind>(task: Ptr, home: usize) -> Option<Run<H, K>> {
    // SAFETY: the count is the caller's.
    let table = unsafe { header::table(task) };
    // SAFETY: as above; the count is given to the run.
    let ran = unsafe { (table.run)(task, home) }?;
    Some(match ran {
        Ran::Pending => Run::Pending,
        // SAFETY: the count is given back.
        Ran::Woken => Run::Woken(unsafe { Runnable::from_ptr(task) }),
        Ran::Lost => Run::Lost,
        Ran::Complete => Run::Complete,
    })
}

impl<H: 'static, K: Kind> Run<H, K> {
    /// Hands a task that was woken to its hook.
    pub(super) fn schedule(self) -> Ran {
        match self {
            Self::Pending => Ran::Pending,
            Self::Woken(runnable) => {
                runnable.schedule();
                Ran::Woken
            }
            Self::Lost => Ran::Lost,
            Self::Complete => Ran::Complete,
        }
    }
}

impl<H: 'static, K: Kind> Runnable<H, K> {
    /// # Safety
    ///
    /// The caller has the count of this kind of runnable of `task`, whose header data is an `H`.
    pub(super) const unsafe fn from_ptr(task: Ptr) -> Self {
        // SAFETY: the count is the result's.
        Self { task: unsafe { TaskRef::lent(task) }, kind: PhantomData }
    }

    pub(super) fn into_ptr(self) -> Ptr {
        ManuallyDrop::new(self).task.as_ptr()
    }

    /// The scheduler's data in the task's header.
    #[must_use]
    pub fn header(&self) -> &H {
        self.task.header()
    }

    /// A handle of the task. Costs: one locked instruction.
    #[must_use]
    pub fn task(&self) -> TaskRef<H> {
        (*self.task).clone()
    }

    /// Hands the runnable to the hook, as a wake does.
    ///
    /// Costs: what the hook does, and two locked instructions for the count that is held meanwhile, one while there
    /// is no other handle, none if `H` (and a hook of its own) has neither size nor destructor.
    pub fn schedule(self) {
        let task = self.into_ptr();
        // SAFETY: the count was `self`'s.
        let table = unsafe { header::table(task) };
        if !table.hook_borrows {
            // SAFETY: the runnable's count was `self`'s, and nothing of the hook's must outlive the call.
            return unsafe { (table.schedule)(task) };
        }
        // SAFETY: the count was `self`'s, who owned it.
        unsafe { header::state(task) }.retain_owned(table.only);
        // SAFETY: the count that the line above added.
        let held = unsafe { Held::new(task) };
        // SAFETY: the runnable's count was `self`'s; `held` has another one.
        unsafe { (table.schedule)(task) };
        held.release();
    }

    /// Gives up ownership; the count goes with the word, through a queue of the user's own.
    #[must_use = "a word that is lost leaks its task"]
    pub fn into_raw(self) -> NonNull<()> {
        self.into_ptr().cast()
    }

    /// Takes ownership again.
    ///
    /// # Safety
    ///
    /// `raw` came from this very type's [`into_raw`](Self::into_raw), same `H`, same kind, and is used for this once. What
    /// came before that call happens before this one: a word that crosses threads is stored with `Release` and loaded with
    /// `Acquire`, or goes through a lock. Where the body is not `Send`, or borrows, the promise given to the `unsafe` spawn
    /// holds for the result, until that is run or dropped.
    #[must_use]
    pub unsafe fn from_raw(raw: NonNull<()>) -> Self {
        // SAFETY: the caller's word is a task's with a runnable's count, whose data is an `H`.
        unsafe { Self::from_ptr(raw.cast()) }
    }
}

impl<H: 'static, K: Kind> Drop for Runnable<H, K> {
    fn drop(&mut self) {
        // SAFETY: the count is `self`'s, and ends here.
        unsafe { K::discard::<H>(self.task.as_ptr().cast()) }
    }
}

impl<H: 'static, K: Kind> fmt::Debug for Run<H, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pending => f.write_str("Pending"),
            Self::Woken(runnable) => f.debug_tuple("Woken").field(runnable).finish(),
            Self::Lost => f.write_str("Lost"),
            Self::Complete => f.write_str("Complete"),
        }
    }
}

impl<H: 'static, K: Kind> fmt::Debug for Runnable<H, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // SAFETY: the count is `self`'s.
        unsafe { header::debug(f, "Runnable", self.task.as_ptr(), |_| {}) }
    }
}
