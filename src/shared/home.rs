//! Where bodies that are not `Send` stay.

use core::fmt;
#[cfg(feature = "alloc")]
use core::future::Future;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::ptr::NonNull;

#[cfg(feature = "alloc")]
use super::cell::Cell;
use super::header::{self, AnyTask, Ptr, Ran};
#[cfg(feature = "alloc")]
use super::join::JoinHandle;
use super::joiner::take_joiner;
#[cfg(feature = "alloc")]
use super::joiner::{Join, Joiner};
use super::place::AtHome;
use super::runnable::runnable_methods;
use super::state::Ended;
use super::task_ref::TaskRef;

/// [`Schedule`](crate::Schedule) for tasks that are at home on one thread.
pub trait ScheduleLocal: Send + Sync + Sized + 'static {
    /// Puts `runnable` where the task's home will run it; all else is as for
    /// [`Schedule::schedule`](crate::Schedule::schedule). It is called on any thread, and what it gets may travel: to
    /// the home's thread.
    fn schedule(&self, runnable: LocalRunnable<Self>);
}

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
/// use waker_tables::{Home, LocalRun, LocalRunnable, ScheduleLocal};
///
/// struct ToQueue(mpsc::Sender<LocalRunnable<Self>>);
///
/// impl ScheduleLocal for ToQueue {
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
/// assert!(matches!(home.run(queue.recv().unwrap()), Ok(LocalRun::Complete))); // and is run here
/// ```
pub struct Home {
    id: usize,
    thread: PhantomData<*mut ()>,
}

/// The right of a home to run one of its tasks once. One word, with a niche, and `Send`.
///
/// It has no `run`: [`Home::run`] takes it. Dropping it cancels the task and tells the joiner, but never touches the
/// body, which may be at home on another thread. A later wake or cancel calls the hook again, and a run at home then drops the
/// body. Dropped as the last handle, or once its home is gone, it leaks body and memory.
pub struct LocalRunnable<H: 'static> {
    task: Ptr,
    header: PhantomData<fn(H) -> H>,
}

/// What became of a task that was run at home: [`Run`](crate::Run) for local tasks.
#[must_use = "`Woken` holds a runnable, which cancels its task when it is dropped"]
pub enum LocalRun<H: 'static> {
    /// It waits: the next wake calls the hook.
    Pending,
    /// It was woken while it ran, and is to run again; the caller says when.
    Woken(LocalRunnable<H>),
    /// It is over: it finished, or was cancelled, or nobody is left who could wake it.
    Complete,
}

// SAFETY: the header data is `Send + Sync`, and the body is not reachable.
unsafe impl<H: 'static> Send for LocalRunnable<H> {}
// SAFETY: as above.
unsafe impl<H: 'static> Sync for LocalRunnable<H> {}

impl<H: 'static> LocalRunnable<H> {
    runnable_methods!();
}

impl<H: 'static> Drop for LocalRunnable<H> {
    fn drop(&mut self) {
        // SAFETY: the count is `self`'s.
        let table = unsafe { header::table(self.task) };
        // SAFETY: as above.
        match unsafe { header::state(self.task) }.abandon() {
            Ended::Counted => {}
            // SAFETY: the only count was `self`'s, and the body stays.
            Ended::Last => unsafe { (table.leave)(self.task) },
            Ended::Joiner | Ended::Output => {
                // SAFETY: a joined task with this header data, whose slot was lent.
                let joiner = unsafe { take_joiner::<H>(self.task) };
                // First the count, as where a body ends. Should it be the last, the hook is not called once more, since it
                // may be what drops runnables.
                // SAFETY: the count is `self`'s, and ends here.
                let state = unsafe { header::state(self.task) };
                if state.release() {
                    let end = if state.is_complete() { table.free } else { table.leave };
                    // SAFETY: it was the last one; the body is gone, or else stays.
                    unsafe { end(self.task) }
                }
                joiner.wake();
            }
        }
    }
}

impl<H: 'static> fmt::Debug for LocalRun<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pending => f.write_str("Pending"),
            Self::Woken(runnable) => f.debug_tuple("Woken").field(runnable).finish(),
            Self::Complete => f.write_str("Complete"),
        }
    }
}

impl<H: 'static> fmt::Debug for LocalRunnable<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // SAFETY: the count is `self`'s.
        unsafe { header::debug(f, "LocalRunnable", self.task, |_| {}) }
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

    /// Makes a task at home here, scheduled, with a join handle. The runnable is the caller's to queue.
    ///
    /// Costs: one allocation, one word larger than that of [`spawn`](crate::spawn).
    #[cfg(feature = "alloc")]
    #[inline]
    pub fn spawn<F, H>(&self, future: F, header: H) -> (LocalRunnable<H>, JoinHandle<F::Output, H>)
    where
        F: Future + 'static,
        H: ScheduleLocal,
    {
        let task = self.task::<F, H, Joiner>(future, header);
        // SAFETY: a new joined task has a count for each of the two; the data is an `H`, and its hook takes this kind.
        let runnable = unsafe { LocalRunnable::from_ptr(task) };
        // SAFETY: as above.
        (runnable, unsafe { JoinHandle::from_ptr(task) })
    }

    /// Makes a task at home here, scheduled, whose output nobody waits for.
    ///
    /// Costs: one allocation, one word larger than that of [`spawn_detached`](crate::spawn_detached).
    #[cfg(feature = "alloc")]
    #[inline]
    pub fn spawn_detached<F, H>(&self, future: F, header: H) -> LocalRunnable<H>
    where
        F: Future + 'static,
        H: ScheduleLocal,
    {
        // SAFETY: a new detached task has a count for its runnable; the data is an `H`, and its hook takes this kind.
        unsafe { LocalRunnable::from_ptr(self.task::<F, H, ()>(future, header)) }
    }

    #[inline]
    pub(super) const fn place(&self) -> AtHome {
        AtHome(self.id)
    }

    #[cfg(feature = "alloc")]
    #[inline]
    fn task<F: Future, H: ScheduleLocal, J: Join<F::Output>>(&self, future: F, header: H) -> Ptr {
        Cell::<H, J, AtHome, F>::boxed(future, header, self.place())
    }

    /// Polls the task once, with its own waker, if it is at home here. A cancelled task is not polled; its body is
    /// dropped.
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
    #[inline]
    pub fn run<H: 'static>(&self, runnable: LocalRunnable<H>) -> Result<LocalRun<H>, LocalRunnable<H>> {
        let task = runnable.into_ptr();
        // SAFETY: the count was the runnable's.
        let table = unsafe { header::table(task) };
        // SAFETY: the runnable's count is given to the run. The body is here or not touched: this home's number is its
        // own for ever, and no reference to it leaves its thread.
        match unsafe { (table.run)(task, self.id) } {
            Ran::Pending => Ok(LocalRun::Pending),
            // SAFETY: the count is given back.
            Ran::Woken => Ok(LocalRun::Woken(unsafe { LocalRunnable::from_ptr(task) })),
            Ran::Complete => Ok(LocalRun::Complete),
            // SAFETY: the count is given back.
            Ran::Foreign => Err(unsafe { LocalRunnable::from_ptr(task) }),
        }
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

/// The numbers of homes.
mod ids {
    #[cfg(target_has_atomic = "ptr")]
    use core::sync::atomic::{AtomicUsize, Ordering};
    #[cfg(not(target_has_atomic = "ptr"))]
    use portable_atomic::{AtomicUsize, Ordering};

    // Not loom's, which no static can hold; a model does not depend on the numbers.
    static NEXT: AtomicUsize = AtomicUsize::new(1);

    pub(super) fn next() -> usize {
        take(&NEXT)
    }

    fn take(next: &AtomicUsize) -> usize {
        let taken = next.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |id| id.checked_add(1));
        taken.expect("fewer homes than numbers")
    }

    #[cfg(test)]
    #[test]
    #[should_panic = "fewer homes than numbers"]
    fn numbers_are_not_used_twice() {
        let next = AtomicUsize::new(usize::MAX - 1);
        assert_eq!(take(&next), usize::MAX - 1);
        take(&next);
    }
}
