//! The groups of comparisons.

use crate::plan::Plan;
use crate::progress::Progress;
use crate::report::GroupReport;

mod build;
pub mod growth;
mod make;
pub mod memory;
mod poll;
mod registry;
mod sets;
mod tasks;
mod waker;

/// A group that can be asked for by name.
#[derive(Debug, Clone, Copy)]
pub struct Group {
    /// Its name.
    pub name: &'static str,
    /// What it measures.
    pub about: &'static str,
    fill: fn(&Plan, &mut Progress, &mut GroupReport),
}

/// All groups, in the order in which they run.
pub const GROUPS: [Group; 8] = [
    Group { name: "waker", about: "what a scheduler does with a waker", fill: waker::fill },
    Group { name: "poll", about: "polling tasks of several types, one after the other", fill: poll::fill },
    Group { name: "make", about: "making and dropping an erased task", fill: make::fill },
    Group { name: "registry", about: "finding a table by its key", fill: registry::fill },
    Group { name: "tasks", about: "futures behind a queue of the user's own", fill: tasks::fill },
    Group { name: "sets", about: "many children inside one future", fill: sets::fill },
    Group { name: "memory", about: "what a task of 40 bytes takes", fill: memory::fill },
    Group { name: "build", about: "what the dependency costs a build", fill: build::fill },
];

impl Group {
    /// Runs all its comparisons.
    #[must_use]
    pub fn run(&self, plan: &Plan, progress: &mut Progress) -> GroupReport {
        progress.group(self.name);
        let mut report =
            GroupReport { name: self.name.to_owned(), about: self.about.to_owned(), ..GroupReport::default() };
        (self.fill)(plan, progress, &mut report);
        report
    }
}
