//! The short forms of a spawn.

use core::future::Future;

use super::home::Home;
use super::join::JoinHandle;
use super::kind::AtHome;
use super::runnable::{LocalRunnable, Runnable};
use super::schedule::Schedule;
use super::task::Task;

/// Makes a task of `future`, scheduled, with the scheduler's data in its header and a join handle. Short for
/// [`Task::new(future, header).spawn()`](Task).
///
/// The runnable is the caller's to queue, or to hand to the hook with [`Runnable::schedule`].
///
/// Costs: one allocation: two words, the header data, two words for the joiner, and the larger of future and output.
///
/// # Examples
///
/// ```
/// use std::sync::mpsc;
/// use waker_tables::{Ran, Runnable, Schedule, spawn};
///
/// struct ToQueue(mpsc::Sender<Runnable<Self>>);
///
/// impl Schedule for ToQueue {
///     fn schedule(&self, runnable: Runnable<Self>) {
///         let _ = self.0.send(runnable); // where nobody receives, this cancels the task
///     }
/// }
///
/// let (sender, queue) = mpsc::channel();
/// let (runnable, mut handle) = spawn(async { 6 * 7 }, ToQueue(sender));
/// runnable.schedule();
/// assert_eq!(queue.recv().unwrap().run(), Ran::Complete);
/// assert_eq!(handle.try_take(), Some(Ok(42)));
/// ```
#[cfg_attr(feature = "tracing", track_caller)]
pub fn spawn<F, H>(future: F, header: H) -> (Runnable<H>, JoinHandle<F::Output, H>)
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
    H: Schedule,
{
    Task::new(future, header).spawn()
}

/// Makes a task of `future`, scheduled, whose output nobody waits for. Short for
/// [`Task::new(future, header).detached().spawn()`](Task).
///
/// Costs: one allocation: two words, the header data, and the future.
#[cfg_attr(feature = "tracing", track_caller)]
pub fn spawn_detached<F, H>(future: F, header: H) -> Runnable<H>
where
    F: Future + Send + 'static,
    H: Schedule,
{
    Task::new(future, header).detached().spawn()
}

impl Home {
    /// [`spawn`](fn@crate::spawn) of a task that is at home here; short for [`Task::at`](crate::Task::at).
    ///
    /// Costs: one allocation, one word larger than that of `spawn`.
    #[cfg_attr(feature = "tracing", track_caller)]
    pub fn spawn<F, H>(&self, future: F, header: H) -> (LocalRunnable<H>, JoinHandle<F::Output, H>)
    where
        F: Future + 'static,
        H: Schedule<AtHome>,
    {
        Task::new(future, header).at(self).spawn()
    }

    /// [`spawn_detached`] of a task that is at home here; short for [`Task::at`](crate::Task::at).
    ///
    /// Costs: one allocation, one word larger than that of `spawn_detached`.
    #[cfg_attr(feature = "tracing", track_caller)]
    pub fn spawn_detached<F, H>(&self, future: F, header: H) -> LocalRunnable<H>
    where
        F: Future + 'static,
        H: Schedule<AtHome>,
    {
        Task::new(future, header).detached().at(self).spawn()
    }
}
