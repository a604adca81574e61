//! How much is measured.

use std::path::PathBuf;
use std::time::Duration;

/// How large the things are that are measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scale {
    /// For tests: only that everything runs and adds up.
    Tiny,
    /// For a first look: all comparisons, fewer and shorter rounds, the largest sizes left out.
    Quick,
    /// For figures to show.
    Full,
}

/// What a run does.
#[derive(Debug, Clone)]
pub struct Plan {
    /// How large the things are.
    pub scale: Scale,
    /// How long a round should take, for the fastest candidate.
    pub round: Duration,
    /// How long the rounds of one comparison may take together; it is exceeded for the sake of the fewest rounds.
    pub budget: Duration,
    /// The processors that the threads are pinned to, in turn. None: the system places them.
    pub pins: Vec<usize>,
    /// The executable that measures resident memory in a process of its own.
    pub executable: PathBuf,
}

impl Plan {
    /// The spread of a ratio from round to round, as a part of its median, above which none is given.
    pub const BOUND: f64 = 0.10;

    /// The plan of a scale.
    #[must_use]
    pub fn new(scale: Scale, pins: Vec<usize>, executable: PathBuf) -> Self {
        let (round, budget) = match scale {
            Scale::Tiny => (0, 0),
            Scale::Quick => (300, 100),
            Scale::Full => (1_500, 900),
        };
        Self { scale, round: Duration::from_micros(round), budget: Duration::from_millis(budget), pins, executable }
    }

    /// How long one round of all candidates may take.
    #[must_use]
    pub fn together(&self) -> Duration {
        self.budget / 16
    }

    /// How many rounds fit, if all candidates together take so long for one.
    #[must_use]
    pub fn rounds(&self, one: Duration) -> usize {
        let (fewest, most) = match self.scale {
            Scale::Tiny => (2, 2),
            Scale::Quick => (5, 9),
            Scale::Full => (9, 31),
        };
        let fit = self.budget.as_nanos() / one.as_nanos().max(1);
        usize::try_from(fit).unwrap_or(most).clamp(fewest, most)
    }

    /// The sizes of a growth.
    #[must_use]
    pub fn sizes(&self) -> Vec<usize> {
        let largest = match self.scale {
            Scale::Tiny => 100,
            Scale::Quick => 10_000,
            Scale::Full => 1_000_000,
        };
        std::iter::successors(Some(10), |size| Some(size * 10)).take_while(|&size| size <= largest).collect()
    }

    /// `full` in a full run, a part of it in the others.
    #[must_use]
    pub fn scaled(&self, full: usize) -> usize {
        match self.scale {
            Scale::Tiny => full.min(64),
            Scale::Quick => full.min(50_000),
            Scale::Full => full,
        }
    }

    /// Pins the calling thread to the `nth` processor of the list, if there is one.
    pub fn pin(&self, nth: usize) {
        if let Some(&id) = self.pins.get(nth % self.pins.len().max(1)) {
            core_affinity::set_for_current(core_affinity::CoreId { id });
        }
    }
}
