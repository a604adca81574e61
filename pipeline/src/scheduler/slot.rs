//! A task's place in the scheduler, and the target of its wakers.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use waker_tables::{Pause, RegisteredTask, Start, WakeState, Woke, waker_vtable};

use super::family::{Family, count};
use super::queues::{self, Queues};

waker_vtable! {
    /// Wakers of tasks. A wake takes a count of the slot only where it puts it into a queue.
    pub(super) static SLOT: Arc<Slot> => Slot::wake;
}

/// The place of one task.
///
/// The task's own waker and those in channels point here, and the task is in here: this cycle ends where the task is
/// taken out, after `Ready` or at the end of the run.
pub(super) struct Slot {
    state: WakeState,
    /// Never contended, since `state` lets one thread poll at a time: the lock is what safe code pays to say so.
    task: Mutex<Option<RegisteredTask>>,
    /// The thread that polled it last: wakes go into that one's queue, for the sake of its caches.
    home: AtomicUsize,
    queues: Arc<Queues>,
    family: Arc<Family>,
}

impl Slot {
    pub(super) fn new(queues: Arc<Queues>, family: Arc<Family>) -> Self {
        Self { state: WakeState::new(), task: Mutex::new(None), home: AtomicUsize::new(0), queues, family }
    }

    pub(super) fn put(&self, task: RegisteredTask) {
        *self.lock() = Some(task);
    }

    /// The first push, which no waker asks for.
    pub(super) fn launch(self: &Arc<Self>, home: usize) {
        self.home.store(home, Ordering::Relaxed);
        self.queues.add_live();
        if self.state.wake() == Woke::Schedule {
            self.queues.push(home, self.clone());
        }
    }

    /// What a waker does.
    fn wake(self: &Arc<Self>) {
        let woke = self.state.wake();
        // A parked task is polled by nobody until it is pushed below, and a task that is being polled by this thread
        // stays at home, so `home` is what it was at the wake wherever the answer counts.
        let home = self.home.load(Ordering::Relaxed);
        let at_home = queues::this_thread() == Some(home);
        match woke {
            Woke::Schedule => {
                count(&self.family.wakes);
                if !at_home {
                    count(&self.family.foreign_wakes);
                }
                self.queues.push(home, self.clone());
            }
            Woke::WhileRunning => {
                count(&self.family.wakes);
                if at_home {
                    count(&self.family.self_wakes);
                }
            }
            Woke::AlreadyScheduled | Woke::Complete => count(&self.family.merged_wakes),
        }
    }

    /// Polls the task once, by the thread that took it out of a queue.
    pub(super) fn poll(self: Arc<Self>, thread: usize) {
        match self.state.start() {
            Start::Run => {}
            Start::Complete => return,
            wrong => unreachable!("a task was in a queue, and is {wrong:?}"),
        }
        self.home.store(thread, Ordering::Relaxed);
        count(&self.family.polls);
        let ready = self.lock().as_mut().is_none_or(|task| task.poll().is_ready());
        if ready {
            // Over before it is dropped: the ends that it drops may wake anybody.
            let _ = self.state.complete();
            self.drop_task();
            self.queues.remove_live();
            return;
        }
        match self.state.pause() {
            Pause::Idle => count(&self.family.parks),
            Pause::Again => self.queues.clone().push_own(thread, self),
            Pause::Complete => {}
            Pause::NotRunning => unreachable!("nobody else ends a poll"),
        }
    }

    /// No poll comes after this.
    pub(super) fn cancel(&self) {
        let _ = self.state.complete();
    }

    /// Drops the task, outside its lock, since that wakes others.
    pub(super) fn drop_task(&self) {
        let task = self.lock().take();
        drop(task);
    }

    fn lock(&self) -> MutexGuard<'_, Option<RegisteredTask>> {
        self.task.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slot")
            .field("key", &self.family.key)
            .field("state", &self.state)
            .field("home", &self.home)
            .finish_non_exhaustive()
    }
}
