//! One thread per core, run queues of its own, and tasks that wakers put into them.
//!
//! ```text
//!   line ──registry──► RegisteredTask ──► Slot { WakeState, task, home } ◄── Waker (the task and channels keep it)
//!                                           │ wake: Schedule                        ▲
//!                                           ▼                                       │ the other side of a channel
//!                              the queue of its home thread ──► poll ── Pending ──► parked
//! ```

use std::sync::Arc;
use std::task::Waker;
use std::thread;

use waker_tables::VTableRegistry;

mod family;
mod queues;
mod slot;

pub use family::{Counts, Gauges};

use crate::job::{Job, JobError};
use crate::stop::Stop;
use family::Family;
use queues::Queues;
use slot::{SLOT, Slot};

/// Tasks that have been made and not yet begun.
#[derive(Debug)]
pub struct Scheduler {
    queues: Arc<Queues>,
    slots: Vec<Arc<Slot>>,
    families: Vec<Arc<Family>>,
    room: usize,
}

impl Scheduler {
    /// A scheduler of so many threads and at most so many tasks.
    ///
    /// # Panics
    ///
    /// If there is to be no thread or no task.
    #[must_use]
    pub fn new(threads: usize, tasks: usize, stop: Arc<Stop>) -> Self {
        Self {
            queues: Arc::new(Queues::new(threads, tasks, stop)),
            slots: Vec::with_capacity(tasks),
            families: Vec::new(),
            room: tasks,
        }
    }

    /// Makes the task that `line` asks for. Nothing runs before [`run`](Self::run).
    ///
    /// Its slot comes first, since the task keeps the waker of it: `context` gets that waker.
    ///
    /// # Errors
    ///
    /// If the line is no job, or its factory refuses. Nothing has changed then.
    ///
    /// # Panics
    ///
    /// If there are more tasks than announced.
    pub fn submit<C>(
        &mut self,
        line: &str,
        registry: &'static VTableRegistry<C>,
        context: impl FnOnce(Waker) -> C,
    ) -> Result<(), JobError> {
        assert!(self.slots.len() < self.room, "there is room for {} tasks", self.room);
        let job = Job::parse(line)?;
        let known = self.families.iter().find(|family| &*family.key == job.name);
        let family = known.cloned().unwrap_or_else(|| Arc::new(Family::new(job.name)));
        let slot = Arc::new(Slot::new(self.queues.clone(), family.clone()));
        let task = job.build(registry, &context(SLOT.waker(slot.clone())))?;
        slot.put(task);
        if family.add_task() == 1 {
            self.families.push(family);
        }
        self.slots.push(slot);
        Ok(())
    }

    /// What happens to the tasks, to be looked at from other threads while they run.
    #[must_use]
    pub fn gauges(&self) -> Gauges {
        Gauges(self.families.clone())
    }

    /// Polls all tasks until each is over or everybody is asked to stop, and says what happened, by family in the
    /// order of their first lines. No task is left then, and no thread.
    ///
    /// # Panics
    ///
    /// If a task panicked, or if there were more polls than tasks and wakes.
    #[must_use]
    pub fn run(self) -> Vec<Counts> {
        for (number, slot) in self.slots.iter().enumerate() {
            slot.launch(number % self.queues.threads());
        }
        thread::scope(|scope| {
            for thread in 0..self.queues.threads() {
                let queues = &self.queues;
                scope.spawn(move || queues.work(thread));
            }
        });
        self.take_apart();

        let counts = self.gauges().read();
        for family in &counts {
            assert!(
                family.polls <= family.tasks + family.wakes,
                "a poll without a wake, or a wake that asked for two: {family:?}"
            );
        }
        counts
    }

    /// Ends the cycle of tasks that keep wakers, wakers that keep slots, and slots that keep tasks.
    fn take_apart(&self) {
        // All are over before any is dropped: what a dropped task wakes must not come back into a queue.
        for slot in &self.slots {
            slot.cancel();
        }
        for slot in &self.slots {
            slot.drop_task();
        }
        self.queues.clear();
    }
}

/// Also if a task panicked, or nothing was ever run.
impl Drop for Scheduler {
    fn drop(&mut self) {
        self.take_apart();
    }
}
