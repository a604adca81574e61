//! What the tasks of one run share.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use indicatif::ProgressBar;

use crate::channel::Channel;
use crate::document::Outcome;
use crate::index::{HalfShard, Shard};
use crate::parsed::Parsed;
use crate::scheduler::Spawner;
use crate::text::Text;

/// How many halves there are.
pub const HALVES: usize = 2;

/// What a factory gets besides the arguments.
#[derive(Debug)]
pub struct Context {
    /// What puts the stage onto the threads.
    pub spawner: Spawner,
    /// What it is connected to.
    pub wiring: Arc<Wiring>,
}

/// Files in, channels between, and what comes out.
#[derive(Debug)]
pub struct Wiring {
    files: Arc<[PathBuf]>,
    /// Each half's files with their numbers are taken from here.
    next: [AtomicUsize; HALVES],
    /// Texts of each half, from its readers to its parsers.
    pub texts: [Arc<Channel<Text>>; HALVES],
    /// Parsed files of each half, one channel per shard.
    pub parsed: [Vec<Arc<Channel<Arc<Parsed>>>>; HALVES],
    /// Indexed halves, one channel per shard.
    pub halves: [Vec<Arc<Channel<HalfShard>>>; HALVES],
    shards: Mutex<Vec<Option<Shard>>>,
    outcomes: Mutex<Vec<(u32, Outcome)>>,
    /// One step per file.
    pub progress: ProgressBar,
}

impl Wiring {
    /// Channels for so many shards.
    #[must_use]
    pub fn new(files: Arc<[PathBuf]>, shards: usize, progress: ProgressBar) -> Arc<Self> {
        Arc::new(Self {
            files,
            next: [AtomicUsize::new(0), AtomicUsize::new(1)],
            texts: [Channel::new(), Channel::new()],
            parsed: [channels(shards), channels(shards)],
            halves: [channels(shards), channels(shards)],
            shards: Mutex::new((0..shards).map(|_| None).collect()),
            outcomes: Mutex::default(),
            progress,
        })
    }

    /// How many shards there are.
    #[must_use]
    pub fn shards(&self) -> usize {
        self.halves[0].len()
    }

    /// The next file of a half that nobody has read yet.
    ///
    /// # Panics
    ///
    /// If there are 2³² files.
    #[must_use]
    pub fn next_file(&self, half: usize) -> Option<(u32, &PathBuf)> {
        let number = self.next[half].fetch_add(HALVES, Ordering::Relaxed);
        let file = self.files.get(number)?;
        Some((u32::try_from(number).expect("there are fewer than 2^32 files"), file))
    }

    /// Says what was made of a file.
    pub fn record(&self, file: u32, outcome: Outcome) {
        self.outcomes.lock().unwrap_or_else(PoisonError::into_inner).push((file, outcome));
    }

    /// Delivers a shard.
    pub fn deliver(&self, number: usize, shard: Shard) {
        self.shards.lock().unwrap_or_else(PoisonError::into_inner)[number] = Some(shard);
    }

    /// All shards, if all were delivered.
    #[must_use]
    pub fn take_shards(&self) -> Option<Vec<Shard>> {
        let mut shards = self.shards.lock().unwrap_or_else(PoisonError::into_inner);
        shards.drain(..).collect()
    }

    /// What was made of the files, in their order.
    #[must_use]
    pub fn take_outcomes(&self) -> Vec<(u32, Outcome)> {
        let mut outcomes = std::mem::take(&mut *self.outcomes.lock().unwrap_or_else(PoisonError::into_inner));
        outcomes.sort_unstable_by_key(|(file, _)| *file);
        outcomes
    }
}

fn channels<T>(number: usize) -> Vec<Arc<Channel<T>>> {
    (0..number).map(|_| Channel::new()).collect()
}
