//! The right to run a task once, and the hook that gets it.

#[cfg(feature = "std")]
use alloc::boxed::Box;
use core::fmt;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::ptr::NonNull;

use super::header::{self, AnyTask, Ptr, Ran};
use super::task_ref::TaskRef;

/// What both kinds of runnable have.
macro_rules! runnable_methods {
    () => {
        /// # Safety
        ///
        /// The caller has the count of this kind of runnable of `task`, whose header data is an `H`.
        #[inline]
        pub(super) const unsafe fn from_ptr(task: Ptr) -> Self {
            Self { task, header: PhantomData }
        }

        #[inline]
        pub(super) fn into_ptr(self) -> Ptr {
            ManuallyDrop::new(self).task
        }

        /// The scheduler's data in the task's header.
        #[inline]
        #[must_use]
        pub fn header(&self) -> &H {
            // SAFETY: the data is an `H`, and the count is `self`'s.
            unsafe { header::data(self.task) }
        }

        /// A handle of the task. Costs: one locked instruction.
        #[inline]
        #[must_use]
        pub fn task(&self) -> TaskRef<H> {
            // SAFETY: the count is lent by `self`; the clone takes one of its own.
            let task = ManuallyDrop::new(unsafe { AnyTask::from_ptr(self.task) });
            // SAFETY: the data is an `H`.
            unsafe { TaskRef::new((*task).clone()) }
        }

        /// Hands the runnable to the hook, as a wake does.
        ///
        /// Costs: what the hook does, and two locked instructions for the count that is held meanwhile, one while there
        /// is no other handle, none if `H` (and a hook of its own) has neither size nor destructor.
        #[inline]
        pub fn schedule(self) {
            let task = self.into_ptr();
            // SAFETY: the count was `self`'s.
            let table = unsafe { header::table(task) };
            let held = table.hook_borrows.then(|| {
                // SAFETY: the count was `self`'s, who owned it.
                unsafe { header::state(task) }.retain_owned();
                // SAFETY: the count that the line above added.
                unsafe { AnyTask::from_ptr(task) }
            });
            // SAFETY: the runnable's count was `self`'s; another one is held if the hook borrows.
            unsafe { (table.schedule)(task) };
            drop(held);
        }

        /// Gives up ownership; the count goes with the word, through a queue of the user's own.
        #[inline]
        #[must_use = "a word that is lost leaks its task"]
        pub fn into_raw(self) -> NonNull<()> {
            self.into_ptr().cast()
        }

        /// Takes ownership again.
        ///
        /// # Safety
        ///
        /// `raw` came from this very type's [`into_raw`](Self::into_raw), same `H`, and is used for this once. What came
        /// before that call happens before this one: a word that crosses threads is stored with `Release` and loaded with
        /// `Acquire`, or goes through a lock. Where the body is not `Send`, or borrows, the promise given to
        /// `spawn_unchecked` holds for the result.
        #[inline]
        #[must_use]
        pub unsafe fn from_raw(raw: NonNull<()>) -> Self {
            // SAFETY: the caller's word is a task's with a runnable's count, whose data is an `H`.
            unsafe { Self::from_ptr(raw.cast()) }
        }
    };
}
pub(super) use runnable_methods;

/// The scheduler's data in the header of a task, and its one hook.
///
/// The data is reachable from every handle and waker of the task, on any thread, and is dropped with the last of them.
///
/// # Examples
///
/// ```
/// use std::sync::mpsc;
/// use waker_tables::{Run, Runnable, Schedule, spawn_detached};
///
/// struct ToQueue(mpsc::Sender<Runnable<Self>>);
///
/// impl Schedule for ToQueue {
///     fn schedule(&self, runnable: Runnable<Self>) {
///         // Where the receiver is gone, the runnable is dropped, and that cancels the task.
///         let _ = self.0.send(runnable);
///     }
/// }
///
/// let (sender, queue) = mpsc::channel();
/// spawn_detached(async { println!("runs") }, ToQueue(sender)).schedule();
/// assert!(matches!(queue.recv().unwrap().run(), Run::Complete));
/// ```
pub trait Schedule: Send + Sync + Sized + 'static {
    /// Puts `runnable` where it will be run: called once for each time that the task goes from idle to scheduled, by
    /// whoever wakes or cancels it, and by [`Runnable::schedule`].
    ///
    /// It is called on any thread, also inside `Waker::drop` (when the last handle goes while the body is alive), so do
    /// not drop wakers under the lock that this takes. It may run the task at once; a task that wakes itself then comes
    /// back to here through [`Run::Woken`] alone. Where it panics, what it does with `runnable` holds, and
    /// all counts are right.
    ///
    /// Through the call one count is held beside the runnable's, so `self` outlives it. A hook that drops the runnable drops
    /// the body there, inside of a wake or of a handle's drop, and as deep in the stack as that.
    fn schedule(&self, runnable: Runnable<Self>);
}

/// The right to run a task once. One word, with a niche.
///
/// It exists exactly while the task is scheduled: one is made by `spawn` and one by each wake that finds the task idle.
/// So a queue of them holds no task twice, and has no task that need not run.
///
/// - Dropped, it cancels the task, whose body is dropped there.
/// - Forgotten, it leaks a count, and the task never runs again.
pub struct Runnable<H: 'static> {
    task: Ptr,
    header: PhantomData<fn(H) -> H>,
}

/// What became of a task that was run.
#[must_use = "`Woken` holds a runnable, which cancels its task when it is dropped"]
pub enum Run<H: 'static> {
    /// It waits: the next wake calls the hook.
    Pending,
    /// It was woken while it ran, and is to run again; the caller says when, for instance behind all others.
    Woken(Runnable<H>),
    /// It is over: it finished, or was cancelled, or nobody is left who could wake it.
    Complete,
}

// SAFETY: the header data is `Send + Sync`. The body is `Send`, or else the caller of `spawn_unchecked` sees to it that
// the runnable is run and dropped on the body's thread.
unsafe impl<H: 'static> Send for Runnable<H> {}
// SAFETY: by shared reference it gives the header data, which is `Sync`, and counts.
unsafe impl<H: 'static> Sync for Runnable<H> {}

impl<H: 'static> Runnable<H> {
    /// Polls the task once, with its own waker. A cancelled task is not polled; its body is dropped.
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
    pub fn run(self) -> Run<H> {
        let task = self.into_ptr();
        // SAFETY: the count was the runnable's.
        let table = unsafe { header::table(task) };
        // SAFETY: the runnable's count is given to the run, which was promised its thread where the task was made.
        match unsafe { (table.run)(task, 0) } {
            Ran::Pending => Run::Pending,
            // SAFETY: the count is given back.
            Ran::Woken => Run::Woken(unsafe { Self::from_ptr(task) }),
            Ran::Complete | Ran::Foreign => Run::Complete,
        }
    }

    /// [`run`](Self::run), and a panic is given back.
    ///
    /// # Errors
    ///
    /// The payload with which `run` panics. The task is complete then.
    #[cfg(feature = "std")]
    pub fn run_catching(self) -> Result<Run<H>, Box<dyn core::any::Any + Send>> {
        std::panic::catch_unwind(core::panic::AssertUnwindSafe(|| self.run()))
    }

    runnable_methods!();
}

impl<H: 'static> Drop for Runnable<H> {
    fn drop(&mut self) {
        // SAFETY: the count is `self`'s.
        let state = unsafe { header::state(self.task) };
        // SAFETY: as above.
        let table = unsafe { header::table(self.task) };
        // The task is scheduled, so that this never asks for the hook.
        state.cancel();
        // SAFETY: the count is given to the run, which does not poll but drops the body; the thread is right as in `run`.
        unsafe { (table.run)(self.task, 0) };
    }
}

impl<H: 'static> fmt::Debug for Run<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pending => f.write_str("Pending"),
            Self::Woken(runnable) => f.debug_tuple("Woken").field(runnable).finish(),
            Self::Complete => f.write_str("Complete"),
        }
    }
}

impl<H: 'static> fmt::Debug for Runnable<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // SAFETY: the count is `self`'s.
        unsafe { header::debug(f, "Runnable", self.task, |_| {}) }
    }
}
