//! The graph of one run: which jobs, and what came of them.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use indicatif::ProgressBar;
use waker_tables::VTableKey;

use crate::document::Outcome;
use crate::families::{self, INDEX, MERGE, PARSE_V1, PARSE_V2, READ};
use crate::index::Index;
use crate::scheduler::{Counts, Scheduler};
use crate::stop::Stop;
use crate::wiring::{Context, HALVES, Wiring};
use crate::words::Version;

/// How many threads, and which words each half has.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// At least one.
    pub threads: usize,
    /// The version that parses each half.
    pub versions: [Version; HALVES],
}

/// What came of a run.
#[derive(Debug)]
pub struct Finished {
    /// The index; none if the run was stopped.
    pub index: Option<Index>,
    /// What was made of each file that was read, in their order.
    pub outcomes: Vec<(u32, Outcome)>,
    /// What happened to the tasks of each family.
    pub counts: Vec<Counts>,
    /// From the first job line to the last joined thread.
    pub time: Duration,
}

impl Plan {
    /// The job lines. Each half has enough parsers to keep all threads busy when the other half is done.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let threads = self.threads;
        let mut lines = Vec::new();
        for half in 0..HALVES {
            lines.extend((0..threads.div_ceil(2)).map(|_| format!("{READ} half={half}")));
        }
        for (half, version) in self.versions.into_iter().enumerate() {
            lines.extend((0..threads).map(|_| format!("{} half={half}", parser(version))));
        }
        for half in 0..HALVES {
            lines.extend((0..threads).map(|shard| format!("{INDEX} half={half} shard={shard}")));
        }
        lines.extend((0..threads).map(|shard| format!("{MERGE} shard={shard}")));
        lines
    }

    /// The version that parses a file.
    #[must_use]
    pub fn version(&self, file: usize) -> Version {
        self.versions[file % HALVES]
    }

    /// Indexes `files`.
    ///
    /// # Errors
    ///
    /// If a line is no job; nothing has run then. If a thread cannot be started; everybody was asked to stop then.
    ///
    /// # Panics
    ///
    /// If a task panicked, or if all ended without an index and nobody asked for that.
    pub fn run(&self, files: Arc<[PathBuf]>, progress: ProgressBar, stop: &Arc<Stop>) -> io::Result<Finished> {
        let begin = Instant::now();
        let wiring = Wiring::new(files, self.threads, progress);
        let lines = self.lines();
        let mut scheduler = Scheduler::new(self.threads, lines.len(), stop.clone());
        for line in &lines {
            let wiring = wiring.clone();
            let context = |spawner| Context { spawner, wiring };
            scheduler.submit(line, families::jobs(), context).map_err(io::Error::other)?;
        }
        let counts = scheduler.run()?;
        let index = wiring.take_shards().map(Index::new);
        assert!(index.is_some() || stop.asked(), "all tasks are over, and a shard is missing");
        Ok(Finished { index, outcomes: wiring.take_outcomes(), counts, time: begin.elapsed() })
    }
}

fn parser(version: Version) -> VTableKey {
    match version {
        Version::V1 => PARSE_V1,
        Version::V2 => PARSE_V2,
    }
}
