//! What happened to the tasks of one key.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counters of one key's tasks. They order nothing; they are read once all threads are joined.
#[derive(Debug)]
pub(super) struct Family {
    pub(super) key: Box<str>,
    /// The key for a console, which wants it for ever.
    #[cfg(feature = "console")]
    pub(super) name: &'static str,
    tasks: AtomicU64,
    pub(super) polls: AtomicU64,
    pub(super) wakes: AtomicU64,
    pub(super) self_wakes: AtomicU64,
    /// Calls of a waker.
    pub(super) calls: AtomicU64,
    pub(super) foreign_wakes: AtomicU64,
    pub(super) parks: AtomicU64,
}

/// What happened to the tasks of one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counts {
    /// The key, as `segment/kind@v1`.
    pub key: Box<str>,
    /// Tasks that were made.
    pub tasks: u64,
    /// Polls.
    pub polls: u64,
    /// Calls of a waker that asked for a poll which nobody had asked for yet: of a parked task, or during a poll.
    pub wakes: u64,
    /// Those of the wakes that came during a poll, from the thread that polled: the task let others go first.
    pub self_wakes: u64,
    /// Calls of a waker that added nothing: a poll was already asked for, or the task was over. Not among `wakes`.
    pub merged_wakes: u64,
    /// Those of the wakes that came to a parked task from another thread than the one that polled it last.
    pub foreign_wakes: u64,
    /// Polls that ended with nothing to do and no wake: the task slept until one came.
    pub parks: u64,
}

/// The counters of all families while their tasks run.
#[derive(Debug)]
pub struct Gauges(pub(super) Vec<Arc<Family>>);

impl Gauges {
    /// What has happened so far, in the order of the families' first lines. Each number is true by itself; only once
    /// all threads are joined are they of one instant.
    #[must_use]
    pub fn read(&self) -> Vec<Counts> {
        self.0.iter().map(|family| family.counts()).collect()
    }
}

impl Family {
    pub(super) fn new(key: &str) -> Self {
        Self {
            key: key.into(),
            #[cfg(feature = "console")]
            name: String::leak(key.into()),
            tasks: AtomicU64::new(0),
            polls: AtomicU64::new(0),
            wakes: AtomicU64::new(0),
            self_wakes: AtomicU64::new(0),
            calls: AtomicU64::new(0),
            foreign_wakes: AtomicU64::new(0),
            parks: AtomicU64::new(0),
        }
    }

    /// How many tasks there are now.
    pub(super) fn add_task(&self) -> u64 {
        self.tasks.fetch_add(1, Ordering::Relaxed) + 1
    }

    fn counts(&self) -> Counts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counts {
            key: self.key.clone(),
            tasks: read(&self.tasks),
            polls: read(&self.polls),
            wakes: read(&self.wakes),
            self_wakes: read(&self.self_wakes),
            merged_wakes: read(&self.calls).saturating_sub(read(&self.wakes)),
            foreign_wakes: read(&self.foreign_wakes),
            parks: read(&self.parks),
        }
    }
}

/// One more.
pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
