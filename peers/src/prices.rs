//! What the steps cost on a machine that its ratios hang on.
//!
//! A comparison of instructions is the same on every machine; one of times is not, where one candidate has a step more that
//! this machine charges much for, and another one little.

use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::{Deserialize, Serialize};

use crate::harness::{Case, timed};
use crate::plan::Plan;
use crate::progress::Progress;
use crate::report::Side;

/// Nanoseconds for each of the steps, by one thread that nobody disturbs.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Prices {
    /// Adding to a word that only this processor has: `lock xadd`, where there is such a thing.
    pub locked: f64,
    /// Reading such a word and changing it by a compare-and-swap.
    pub exchange: f64,
    /// Allocating 64 bytes and giving them back.
    pub allocation: f64,
}

/// What hangs on a step: its name, and how the names of comparisons begin in which the candidates differ by it.
pub const HANG: [(&str, &[&str]); 2] = [
    (
        "a locked instruction",
        &[
            "make and drop, Arc",
            "borrow, Arc",
            "clone and drop, Arc",
            "wake, Arc",
            "wake_by_ref, Arc",
            "spawn and finish",
            "yield",
            "ping-pong",
            "fan-in",
            "wake from another thread",
            "steady",
        ],
    ),
    (
        "an allocation",
        &["each dropped at once", "1 024 made, then dropped", "spawn and finish", "fan-in", "idle", "life"],
    ),
];

impl Prices {
    /// Measures them, in turn.
    ///
    /// # Panics
    ///
    /// If a thread that was started meanwhile changes the word, which none can reach.
    #[must_use]
    pub fn measure(plan: &Plan, progress: &mut Progress) -> Self {
        const STEPS: u64 = 1_000;
        let word = AtomicUsize::new(0);
        let repeat = |step: &dyn Fn()| {
            (0..STEPS).for_each(|_| step());
            STEPS
        };
        let add = || _ = black_box(black_box(&word).fetch_add(1, Ordering::AcqRel));
        let exchange = || {
            let before = black_box(&word).load(Ordering::Acquire);
            let changed = word.compare_exchange(before, before + 1, Ordering::AcqRel, Ordering::Acquire);
            black_box(changed).expect("nobody else changes it");
        };
        let mut case = Case::new("what the steps cost that rows hang on", "", "ns", STEPS);
        let [first, second, third] = Self::NAMES;
        case.add(Side::Own, first, timed(|| repeat(&add)));
        case.add(Side::Own, second, timed(|| repeat(&exchange)));
        case.add(Side::Own, third, timed(|| repeat(&|| drop(black_box(Box::new([0_u64; 8]))))));
        let report = case.measure(plan, progress);
        let [locked, exchange, allocation] = [0, 1, 2].map(|at| report.rows[at].median);
        Self { locked, exchange, allocation }
    }

    /// The steps.
    pub const NAMES: [&str; 3] = ["a locked instruction", "a compare-and-swap", "an allocation, given back"];

    /// Their prices, in the order of their names.
    #[must_use]
    pub fn all(&self) -> [f64; 3] {
        [self.locked, self.exchange, self.allocation]
    }
}
