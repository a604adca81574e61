//! How much is tried.

use std::time::Duration;

/// How much is tried, and for how long a check may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Where the random sequences start: the same seed makes the same ones.
    pub seed: u64,
    /// Every sequence of this many operations or fewer is tried.
    pub length: usize,
    /// So many random sequences of 12 operations are tried besides.
    pub random: usize,
    /// How often a scene with several threads is played, each time from the start.
    pub rounds: usize,
    /// A check that takes longer has found a subject that hangs.
    pub limit: Duration,
}

impl Default for Plan {
    /// Sequences of three, 300 random ones, 20 rounds, 20 seconds; under Miri less, in more time.
    fn default() -> Self {
        if cfg!(miri) {
            Self { seed: 1, length: 1, random: 5, rounds: 2, limit: Duration::from_secs(600) }
        } else {
            Self { seed: 1, length: 3, random: 300, rounds: 20, limit: Duration::from_secs(20) }
        }
    }
}
