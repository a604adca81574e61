//! The hook that gets the runnables of a task.

use super::kind::{Anywhere, Kind};
use super::runnable::Runnable;

/// The scheduler's data in the header of a task, and its one hook.
///
/// The data is reachable from every handle and waker of the task, on any thread, and is dropped with the last of them.
///
/// # Examples
///
/// ```
/// use std::sync::mpsc;
/// use waker_tables::{Ran, Runnable, Schedule, spawn_detached};
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
/// assert_eq!(queue.recv().unwrap().run(), Ran::Complete);
/// ```
pub trait Schedule<K: Kind = Anywhere, H: 'static = Self>: Send + Sync + Sized + 'static {
    /// Puts `runnable` where it will be run: called once for each time that the task goes from idle to scheduled, by
    /// whoever wakes or cancels it, by [`Runnable::schedule`], and by a run of a task that was woken meanwhile.
    ///
    /// It is called on any thread, also inside `Waker::drop` (when the last handle goes while the body is alive). So let it
    /// push into a queue:
    ///
    /// - Do not drop wakers under a lock that this takes.
    /// - A hook that runs the task here runs it inside of somebody's `wake`, with the locks that the waking side holds: it
    ///   deadlocks with whoever wakes under a lock that the body takes. If it must, it takes
    ///   [`run_once`](Runnable::run_once) in a loop, since [`run`](Runnable::run) would come back to here.
    /// - A hook that drops the runnable drops the body there, if it may run anywhere: inside of a wake or of a handle's drop,
    ///   under the same locks, and as deep in the stack as that.
    ///
    /// Through the call one count is held beside the runnable's, so `self` outlives it. Where it panics, what it did with
    /// `runnable` holds, all counts are right, and it is not asked again for the same runnable.
    fn schedule(&self, runnable: Runnable<H, K>);

    /// A [static task](crate::StaticTask) was woken by a waker of its own while it runs, for the first time in that run:
    /// a hint, for a scheduler that likes to know before the run is over. `schedule` is called then, by
    /// [`Runnable::run`], or the runnable is in [`Run::Woken`](crate::Run::Woken), unless the run ends the task.
    ///
    /// Other tasks do not call it. There is no runnable in it, which would be a second right to one body.
    fn woken_while_running(&self) {}

    /// A [static task](crate::StaticTask)'s place was woken by a waker of a task that is over, and no other stands there:
    /// a hint, after which nothing else happens. Other tasks do not call it.
    fn woken_while_free(&self) {}
}
