//! What a task's header holds, and what a stage knows of its task.

use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Poll, Waker};

use waker_tables::{Run, Runnable, Schedule, Task, TaskRef, WakeableTask};

use super::family::{Family, count};
use super::queues::{self, Queues};
use crate::stop::Stop;

/// How many items a task takes in one poll before it lets others go first.
pub(crate) const TURN: usize = 16;

/// The scheduler's part of a task. Every waker of the task leads to it.
pub(super) struct Slot {
    /// The thread that polled it last: wakes go into that one's queue, for the sake of its caches.
    home: AtomicUsize,
    /// How many items it may still take in this poll.
    turn: AtomicUsize,
    queues: Arc<Queues<Runnable<Self>>>,
    family: Arc<Family>,
}

impl Schedule for Slot {
    /// A wake of a parked task.
    fn schedule(&self, runnable: Runnable<Self>) {
        let home = self.home.load(Ordering::Relaxed);
        count(&self.family.wakes);
        if queues::this_thread() != Some(home) {
            count(&self.family.foreign_wakes);
        }
        self.queues.push(home, runnable);
    }
}

/// Runs a task that `thread` took out of a queue.
pub(super) fn run(runnable: Runnable<Slot>, thread: usize) {
    let task = runnable.task();
    let Slot { home, turn, queues, family } = task.header();
    home.store(thread, Ordering::Relaxed);
    turn.store(TURN, Ordering::Relaxed);
    count(&family.polls);
    match runnable.run_once() {
        Run::Pending => count(&family.parks),
        Run::Woken(again) => {
            count(&family.wakes);
            queues.push_own(thread, again);
        }
        Run::Lost | Run::Complete => queues.remove_live(),
    }
}

/// Wakes a task, and counts that for its family.
pub(crate) fn wake(waker: Waker) {
    if let Some(slot) = TaskRef::<Slot>::header_behind(&waker) {
        count(&slot.family.calls);
    }
    waker.wake();
}

/// What a stage awaits after each item: every now and then this lets other tasks go first.
pub(crate) async fn turn() {
    let mut gave = false;
    poll_fn(|context| {
        if gave {
            return Poll::Ready(());
        }
        let slot = TaskRef::<Slot>::header_behind(context.waker()).expect("a stage polled by its scheduler");
        let left = slot.turn.load(Ordering::Relaxed).saturating_sub(1);
        slot.turn.store(left, Ordering::Relaxed);
        if left > 0 {
            return Poll::Ready(());
        }
        gave = true;
        count(&slot.family.self_wakes);
        count(&slot.family.calls);
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// What makes tasks of one family, each at home with one thread.
#[derive(Debug)]
pub struct Spawner {
    pub(super) home: usize,
    pub(super) queues: Arc<Queues<Runnable<Slot>>>,
    pub(super) family: Arc<Family>,
}

impl Spawner {
    /// Puts a stage into the queue of its first home.
    #[cfg_attr(feature = "console", track_caller)]
    pub fn spawn(&self, stage: impl Future<Output = ()> + Send + 'static) -> Stage {
        let Self { home, queues, family } = self;
        #[cfg(feature = "console")]
        let name = family.name;
        let (turn, queues, family) = (AtomicUsize::new(TURN), queues.clone(), family.clone());
        let task = Task::new(stage, Slot { home: AtomicUsize::new(*home), turn, queues, family }).detached();
        #[cfg(feature = "console")]
        let task = task.name(name);
        let runnable = task.spawn();
        let stage = Stage(runnable.task());
        self.queues.launch(*home, runnable);
        stage
    }

    /// What asks the stage to stop: for one that takes long over a single item.
    #[must_use]
    pub fn stop(&self) -> Arc<Stop> {
        self.queues.stop.clone()
    }
}

/// A stage that was spawned, as what the registry makes: ready once it is over, and cancelled by its close.
#[derive(Debug)]
pub struct Stage(TaskRef<Slot>);

impl WakeableTask for Stage {
    fn poll(&mut self) -> Poll<()> {
        if self.0.is_complete() { Poll::Ready(()) } else { Poll::Pending }
    }

    fn wake(&self) {
        self.0.wake_by_ref();
    }

    fn close(&mut self) {
        self.0.cancel();
    }
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slot").field("key", &self.family.key).field("home", &self.home).finish_non_exhaustive()
    }
}
