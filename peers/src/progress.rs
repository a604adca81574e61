//! Says on the standard error how far a run is, so that the standard output is the report alone.

use std::io::{IsTerminal, Write, stderr};
use std::time::Instant;

/// Where a run stands.
#[derive(Debug)]
pub struct Progress {
    shown: bool,
    terminal: bool,
    start: Instant,
    group: String,
    case: String,
    done: usize,
}

impl Progress {
    /// Shows lines that replace each other on a terminal, and one line for each comparison elsewhere.
    #[must_use]
    pub fn new(shown: bool) -> Self {
        let terminal = stderr().is_terminal();
        Self { shown, terminal, start: Instant::now(), group: String::new(), case: String::new(), done: 0 }
    }

    /// A group begins.
    pub fn group(&mut self, name: &str) {
        name.clone_into(&mut self.group);
        self.done = 0;
    }

    /// A comparison begins, or something else that takes a while.
    pub fn begin(&mut self, name: &str) {
        name.clone_into(&mut self.case);
        self.done += 1;
        if !self.terminal {
            self.say("", "\n");
        }
    }

    /// A round of the comparison begins.
    pub fn round(&mut self, round: usize, rounds: usize) {
        if self.terminal {
            self.say(&format!(", round {} of {rounds}", round + 1), "");
        }
    }

    /// The comparison is done.
    pub fn end(&mut self) {
        if self.terminal && self.shown {
            eprint!("\r\x1b[K");
        }
    }

    fn say(&mut self, more: &str, end: &str) {
        if !self.shown {
            return;
        }
        let seconds = self.start.elapsed().as_secs();
        let again = if self.terminal { "\r\x1b[K" } else { "" };
        eprint!("{again}[{seconds:3} s] {} {}: {}{more}{end}", self.group, self.done, self.case);
        // A lost line of progress is no reason to end a run.
        drop(stderr().flush());
    }
}
