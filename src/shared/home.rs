//! Where bodies that are not `Send` stay.

use core::fmt;
use core::marker::PhantomData;

use super::header::Ran;
use super::ids;
use super::kind::AtHome;
#[cfg(feature = "std")]
use super::runnable::Payload;
use super::runnable::{LocalRun, LocalRunnable, run_once};

/// Where tasks live whose bodies are not `Send`: they are polled and dropped through this, and nowhere else.
///
/// One word; neither `Send` nor `Sync`, so that it stays on its thread. A thread may have several. Wakers, `TaskRef`s and
/// runnables of its tasks go to any thread.
///
/// A home keeps no list. When it is dropped, bodies of tasks that are not complete can never be dropped, and leak, each
/// with its memory; the header data is dropped with the last handle all the same. To prevent that, cancel them and run what
/// the hook gets before.
///
/// # Examples
///
/// ```
/// use std::rc::Rc;
/// use std::sync::mpsc;
/// use std::thread;
/// use waker_tables::{AtHome, Home, LocalRunnable, Ran, Schedule};
///
/// struct ToQueue(mpsc::Sender<LocalRunnable<Self>>);
///
/// impl Schedule<AtHome> for ToQueue {
///     fn schedule(&self, runnable: LocalRunnable<Self>) {
///         let _ = self.0.send(runnable);
///     }
/// }
///
/// let home = Home::new();
/// let (sender, queue) = mpsc::channel();
/// let shared = Rc::new(7);
/// let (runnable, _handle) = home.spawn(async move { *shared }, ToQueue(sender));
///
/// let runnable = thread::spawn(move || runnable).join().unwrap(); // it may travel,
/// thread::spawn(move || runnable.schedule()).join().unwrap();
/// assert!(matches!(home.run(queue.recv().unwrap()), Ok(Ran::Complete))); // and is run here
/// ```
pub struct Home {
    id: usize,
    thread: PhantomData<*mut ()>,
}

/// The thread of a [`Home`]: a plain value, which goes to any thread.
#[cfg(feature = "std")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct HomeThread(usize);

#[cfg(feature = "std")]
impl HomeThread {
    /// Whether this is the thread that runs now. Exact: no thread has the number of another, living or gone.
    #[inline]
    #[must_use]
    pub fn is_current(self) -> bool {
        ids::this_thread() == self.0
    }
}

impl Home {
    /// A home on this thread.
    ///
    /// # Panics
    ///
    /// When all numbers are used up: they are never used twice.
    #[must_use]
    pub fn new() -> Self {
        Self { id: ids::next(), thread: PhantomData }
    }

    /// Polls the task once, with its own waker, if it is at home here, and hands it to its hook if it was woken meanwhile. A
    /// cancelled task is not polled; its body is dropped.
    ///
    /// Costs: as [`Runnable::run`](crate::Runnable::run), and one comparison.
    ///
    /// # Errors
    ///
    /// The runnable of a task that is at home elsewhere is given back.
    ///
    /// # Panics
    ///
    /// As [`Runnable::run`](crate::Runnable::run).
    pub fn run<H: 'static>(&self, runnable: LocalRunnable<H>) -> Result<Ran, LocalRunnable<H>> {
        self.run_once(runnable).map(LocalRun::schedule)
    }

    /// Polls the task once, with its own waker, if it is at home here, and gives it back if it was woken meanwhile. A
    /// cancelled task is not polled; its body is dropped.
    ///
    /// Costs: as [`Runnable::run_once`](crate::Runnable::run_once), and one comparison.
    ///
    /// # Errors
    ///
    /// The runnable of a task that is at home elsewhere is given back.
    ///
    /// # Panics
    ///
    /// As [`Runnable::run_once`](crate::Runnable::run_once).
    pub fn run_once<H: 'static>(&self, runnable: LocalRunnable<H>) -> Result<LocalRun<H>, LocalRunnable<H>> {
        let task = runnable.into_ptr();
        // SAFETY: the runnable's count is given to the run. The body is here or not touched: this home's number is its
        // own for ever, and no reference to it leaves its thread.
        let run = unsafe { run_once(task, self.id) };
        // SAFETY: nothing was run then, and the count is the caller's again.
        run.ok_or_else(|| unsafe { LocalRunnable::from_ptr(task) })
    }

    /// [`run_once`](Self::run_once), and a panic is given back.
    ///
    /// # Errors
    ///
    /// The runnable of a task that is at home elsewhere is given back. Inside: the payload with which the run panics; the task
    /// is complete then.
    #[cfg(feature = "std")]
    pub fn run_catching<H: 'static>(
        &self,
        runnable: LocalRunnable<H>,
    ) -> Result<Result<LocalRun<H>, Payload>, LocalRunnable<H>> {
        let run = core::panic::AssertUnwindSafe(|| self.run_once(runnable));
        match std::panic::catch_unwind(run) {
            Ok(run) => run.map(Ok),
            Err(payload) => Ok(Err(payload)),
        }
    }

    /// This thread, as a value that a hook may keep: to tell whether it is called at home, or from another thread.
    ///
    /// Costs: one read of a thread-local.
    #[cfg(feature = "std")]
    #[must_use]
    pub fn thread(&self) -> HomeThread {
        HomeThread(ids::this_thread())
    }

    #[inline]
    pub(super) const fn kind(&self) -> AtHome {
        AtHome(self.id)
    }
}

impl Default for Home {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Home {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Home").field(&self.id).finish()
    }
}
