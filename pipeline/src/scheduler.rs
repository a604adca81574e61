//! One thread per core, run queues of its own, and tasks that wakers put into them.
//!
//! ```text
//!   line ──registry──► Stage ──► task: header (Slot) and stage in one ◄── Waker (channels keep it)
//!                                   │ wake: the header's hook               ▲
//!                                   ▼                                       │ the other side of a channel
//!                       the queue of its home thread ──► run ── Pending ──► parked
//! ```

use std::io;
use std::sync::Arc;
use std::thread;

use waker_tables::{RegisteredTask, Runnable, VTableRegistry};

mod family;
mod queues;
mod slot;

pub use family::{Counts, Gauges};
pub use slot::{Spawner, Stage};
pub(crate) use slot::{TURN, turn, wake};

use crate::job::{Job, JobError};
use crate::stop::Stop;
use family::Family;
use queues::Queues;
use slot::Slot;

/// Tasks that have been made and not yet begun.
#[derive(Debug)]
pub struct Scheduler {
    queues: Arc<Queues<Runnable<Slot>>>,
    stages: Vec<RegisteredTask>,
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
            stages: Vec::with_capacity(tasks),
            families: Vec::new(),
            room: tasks,
        }
    }

    /// Makes the task that `line` asks for. Nothing runs before [`run`](Self::run).
    ///
    /// The factory spawns it, so `context` gets what does that.
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
        context: impl FnOnce(Spawner) -> C,
    ) -> Result<(), JobError> {
        assert!(self.stages.len() < self.room, "there is room for {} tasks", self.room);
        let job = Job::parse(line)?;
        let known = self.families.iter().find(|family| &*family.key == job.name);
        let family = known.cloned().unwrap_or_else(|| Arc::new(Family::new(job.name)));
        let home = self.stages.len() % self.queues.threads();
        let spawner = Spawner { home, queues: self.queues.clone(), family: family.clone() };
        self.stages.push(job.build(registry, &context(spawner))?);
        if family.add_task() == 1 {
            self.families.push(family);
        }
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
    /// # Errors
    ///
    /// If a thread cannot be started. Everybody was asked to stop then, and those that ran are joined.
    ///
    /// # Panics
    ///
    /// If a task panicked, or if there were more polls than tasks and wakes.
    pub fn run(self) -> io::Result<Vec<Counts>> {
        let threads = self.queues.threads();
        thread::scope(|scope| {
            for thread in 0..threads {
                let queues = &self.queues;
                let work = move || queues.work(thread, slot::run);
                if let Err(error) = thread::Builder::new().spawn_scoped(scope, work) {
                    self.queues.stop.ask();
                    let text = format!("only {thread} of {threads} threads could be started: {error}");
                    return Err(io::Error::new(error.kind(), text));
                }
            }
            Ok(())
        })?;

        let counts = self.gauges().read();
        for family in &counts {
            assert!(
                family.polls <= family.tasks + family.wakes,
                "a poll without a wake, or a wake that asked for two: {family:?}"
            );
        }
        Ok(counts)
    }
}

/// Ends stages that are not over: after a stop or a panic, or if nothing was ever run.
impl Drop for Scheduler {
    fn drop(&mut self) {
        // All are cancelled before any is dropped: what a dropped stage wakes must not come back into a queue.
        for stage in &mut self.stages {
            stage.close();
        }
        self.queues.clear();
    }
}
