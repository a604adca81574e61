//! Runs the candidates of a comparison in turn and sums up.
//!
//! Written here, because no well-kept harness does what is needed: all candidates of a comparison alternate, round by
//! round, in one process.
//!
//! - criterion and divan run one benchmark to its end before the next begins, so a machine that gets slower in between
//!   looks like a difference.
//! - tango alternates, but two builds of the same benchmark, and not many candidates of one.
//! - gungraun counts instructions under valgrind. That is repeatable and sees neither a cache miss nor a second
//!   thread; it is the right gate for a change, not a comparison of times.
//!
//! What those do well is done here too: inputs and results go through `black_box`, the work of a round is sized so
//! that the clock's grain is far below it, the order within a round is drawn anew each time, medians and quartiles
//! instead of means, memory is made outside of the clock, and the proof that work happened is compared. A round in
//! which the system took the processor away is left out and another one is run, up to three times as many. A ratio is
//! of two times of the same round: a machine that is slower for a while is so for both.

use std::hint::black_box;
use std::ops::AddAssign;
use std::time::{Duration, Instant};

use crate::plan::Plan;
use crate::progress::Progress;
use crate::report::{CaseReport, Row, Side};
use crate::rng::Rng;
use crate::stats::Summary;
use crate::switches::taken_away;

/// What one round of a candidate took, and the sum that proves its work.
#[derive(Debug, Clone, Copy, Default)]
pub struct Measured {
    /// The time of the work alone.
    pub elapsed: Duration,
    /// Equal for all candidates that did the same number of passes.
    pub sum: u64,
    /// Whether something from outside interrupted the work, as far as is known.
    pub disturbed: bool,
}

/// Runs some work on the clock.
pub fn clocked(work: impl FnOnce() -> u64) -> Measured {
    let before = taken_away();
    let start = Instant::now();
    let sum = work();
    let elapsed = start.elapsed();
    Measured { elapsed, sum, disturbed: taken_away() != before }
}

impl AddAssign for Measured {
    fn add_assign(&mut self, other: Self) {
        self.elapsed += other.elapsed;
        self.sum = self.sum.wrapping_add(other.sum);
        self.disturbed |= other.disturbed;
    }
}

/// A candidate at work: does so many passes.
pub type Round<'a> = Box<dyn FnMut(u64) -> Measured + 'a>;

/// A round of passes that need nothing made ready.
pub fn timed<'a>(mut pass: impl FnMut() -> u64 + 'a) -> Round<'a> {
    Box::new(move |passes| {
        clocked(|| {
            let mut sum = 0_u64;
            for _ in 0..passes {
                sum = sum.wrapping_add(pass());
            }
            sum
        })
    })
}

/// The same after a pass off the clock, so that a round does not begin with what other candidates left in the caches.
pub fn warmed<'a>(mut pass: impl FnMut() -> u64 + 'a) -> Round<'a> {
    let mut cold = true;
    Box::new(move |passes| {
        if !std::mem::replace(&mut cold, false) {
            black_box(pass());
        }
        timed(&mut pass)(passes)
    })
}

/// A round of passes with something made ready before each, outside of the clock.
pub fn prepared<'a, T>(mut ready: impl FnMut() -> T + 'a, mut pass: impl FnMut(T) -> u64 + 'a) -> Round<'a> {
    Box::new(move |passes| {
        let mut all = Measured::default();
        for _ in 0..passes {
            let input = ready();
            all += clocked(|| pass(input));
        }
        all
    })
}

/// One comparison before it is run.
pub struct Case<'a> {
    name: String,
    picture: String,
    unit: &'static str,
    operations: u64,
    reference: Option<&'static str>,
    candidates: Vec<Candidate<'a>>,
}

struct Candidate<'a> {
    name: &'static str,
    side: Side,
    round: Round<'a>,
}

impl<'a> Case<'a> {
    /// A comparison whose passes do so many operations each.
    #[must_use]
    pub fn new(name: impl Into<String>, picture: impl Into<String>, unit: &'static str, operations: u64) -> Self {
        Self { name: name.into(), picture: picture.into(), unit, operations, reference: None, candidates: Vec::new() }
    }

    /// Adds a candidate.
    pub fn add(&mut self, side: Side, name: &'static str, round: Round<'a>) -> &mut Self {
        self.candidates.push(Candidate { name, side, round });
        self
    }

    /// Names the candidate that the others are divided by.
    pub fn reference(&mut self, name: &'static str) -> &mut Self {
        self.reference = Some(name);
        self
    }

    /// Runs it: one cold round, then as many as the plan says.
    ///
    /// # Panics
    ///
    /// If two candidates did not do the same work, or the reference is none of them.
    #[must_use]
    pub fn measure(mut self, plan: &Plan, progress: &mut Progress) -> CaseReport {
        let reference = self.reference.unwrap_or(self.candidates[0].name);
        let at = self.candidates.iter().position(|candidate| candidate.name == reference);
        let at = at.unwrap_or_else(|| panic!("{}: {reference} is no candidate", self.name));
        progress.begin(&self.name);

        let cold: Vec<_> = self.candidates.iter_mut().map(|candidate| (candidate.round)(1)).collect();
        self.compare(&cold);
        let passes = self.passes(plan);
        let slow: Duration = self.candidates.iter_mut().map(|candidate| (candidate.round)(passes).elapsed).sum();
        let rounds = plan.rounds(slow);

        let mut times = vec![Times::default(); self.candidates.len()];
        let (mut checksum, mut rng, start) = (0, Rng::new(rounds as u64), Instant::now());
        let mut order: Vec<_> = (0..self.candidates.len()).collect();
        for round in 0.. {
            let done = round >= rounds && times.iter().all(|times| times.quiet().count() >= rounds);
            if done || (round >= rounds && (round >= 3 * rounds || start.elapsed() > plan.budget * 2)) {
                break;
            }
            progress.round(round, rounds);
            rng.shuffle(&mut order);
            let mut found = vec![Measured::default(); order.len()];
            for &candidate in &order {
                let measured = (self.candidates[candidate].round)(passes);
                found[candidate] = measured;
                times[candidate].0.push((self.per_operation(measured.elapsed, passes), measured.disturbed));
            }
            checksum = self.compare(&found);
        }
        progress.end();

        let cold = cold.iter().map(|cold| Some(self.per_operation(cold.elapsed, 1))).collect();
        let rounds = times.iter().map(|times| times.counted().len()).min().unwrap_or(0);
        let summaries: Vec<_> = times.iter().map(|one| (one.summary(), one.over(&times[at]).summary())).collect();
        self.report(&summaries, cold, at, (Some(checksum), passes, rounds))
    }

    /// A comparison of figures that are known and not measured: bytes, counts.
    #[must_use]
    pub fn exact(
        name: &str,
        picture: &str,
        unit: &'static str,
        reference: &str,
        values: &[(&'static str, Side, f64)],
    ) -> CaseReport {
        let mut case = Self::new(name, picture, unit, 1);
        for &(name, side, _) in values {
            case.add(side, name, Box::new(|_| Measured::default()));
        }
        let reference = values.iter().position(|value| value.0 == reference).unwrap_or(0);
        let base = values[reference].2;
        let summaries: Vec<_> =
            values.iter().map(|&(.., value)| (Summary::exact(value), Summary::exact(value / base))).collect();
        case.report(&summaries, vec![None; values.len()], reference, (None, 1, 1))
    }

    /// So many that the fastest candidate's round takes the plan's time, unless all together would take too large a part
    /// of the budget. Equal for all: their work may depend on what went before.
    fn passes(&mut self, plan: &Plan) -> u64 {
        let (mut passes, mut tries) = (1, 0);
        loop {
            let (mut all, mut fastest) = (Measured::default(), Duration::MAX);
            for candidate in &mut self.candidates {
                let measured = (candidate.round)(passes);
                all += measured;
                fastest = fastest.min(measured.elapsed);
            }
            if all.disturbed && tries < 8 {
                tries += 1;
                continue;
            }
            tries = 0;
            let times = |goal: Duration, now: Duration| goal.as_nanos() / now.as_nanos().max(1);
            let factor = times(plan.round, fastest).min(times(plan.together(), all.elapsed));
            if factor < 2 || passes >= 1 << 24 {
                return passes;
            }
            passes *= u64::try_from(factor.min(16)).expect("at most 16");
        }
    }

    fn per_operation(&self, elapsed: Duration, passes: u64) -> f64 {
        elapsed.as_secs_f64() * 1e9 / (self.operations * passes) as f64
    }

    fn compare(&self, found: &[Measured]) -> u64 {
        let first = found[0].sum;
        for (candidate, measured) in self.candidates.iter().zip(found) {
            let (name, first_name) = (candidate.name, self.candidates[0].name);
            assert_eq!(measured.sum, first, "{}: {name} did other work than {first_name}", self.name);
        }
        first
    }

    fn report(
        self,
        summaries: &[(Summary, Summary)],
        cold: Vec<Option<f64>>,
        reference: usize,
        (checksum, passes, rounds): (Option<u64>, u64, usize),
    ) -> CaseReport {
        let rows = self.candidates.iter().zip(summaries).zip(cold).map(|((candidate, (own, over)), cold)| Row {
            candidate: candidate.name.to_owned(),
            side: candidate.side,
            median: significant(own.median),
            low: significant(own.low),
            high: significant(own.high),
            spread: significant(own.spread()),
            cold: cold.map(significant),
            ratio: over.median.is_finite().then(|| significant(over.median)),
            ratio_spread: over.median.is_finite().then(|| significant(over.spread())),
        });
        CaseReport {
            rows: rows.collect(),
            reference: self.candidates[reference].name.to_owned(),
            name: self.name,
            picture: self.picture,
            unit: self.unit.to_owned(),
            checksum,
            operations: self.operations * passes,
            rounds,
        }
    }
}

/// The rounds of one candidate: what each took, and whether it was disturbed.
#[derive(Debug, Clone, Default)]
struct Times(Vec<(f64, bool)>);

impl Times {
    /// How many quiet rounds are enough to leave out the others.
    const ENOUGH: usize = 5;

    fn quiet(&self) -> impl Iterator<Item = f64> {
        self.0.iter().filter(|(_, disturbed)| !disturbed).map(|(time, _)| *time)
    }

    /// The quiet rounds; all, if those are few.
    fn counted(&self) -> Vec<f64> {
        let quiet: Vec<_> = self.quiet().collect();
        if quiet.len() >= Self::ENOUGH { quiet } else { self.0.iter().map(|(time, _)| *time).collect() }
    }

    fn summary(&self) -> Summary {
        Summary::of(&self.counted())
    }

    /// Round by round, how much of the other's time it took.
    fn over(&self, other: &Self) -> Self {
        let pairs = self.0.iter().zip(&other.0);
        Self(pairs.map(|(own, other)| (own.0 / other.0, own.1 || other.1)).collect())
    }
}

/// Five digits: more are noise, and make reports long.
fn significant(value: f64) -> f64 {
    format!("{value:.4e}").parse().unwrap_or(value)
}
