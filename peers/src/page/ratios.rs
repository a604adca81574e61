//! What a user compares first, over machines: this crate's tasks beside async-task's, like beside like.

use crate::plan::Plan;
use crate::report::{CaseReport, Report};
use crate::svg::figure;

/// Pairs of candidates with as much data beside the task.
pub const PAIRS: [(&str, [&str; 2]); 2] = [
    ("0 bytes", ["waker_tables, header of 0 bytes", "async-task, captures nothing"]),
    ("8 bytes", ["waker_tables, header of 8 bytes", "async-task, captures 8 bytes"]),
];

/// The comparisons that have such pairs.
pub fn cases(report: &Report) -> impl Iterator<Item = &CaseReport> {
    let cases = report.groups.iter().flat_map(|group| &group.cases);
    cases.filter(|case| PAIRS.iter().all(|(_, pair)| case.ratio(*pair).is_some()))
}

/// A spread over this says nothing at all.
const USELESS: f64 = 5.0 * Plan::BOUND;

/// The ratio in words. Other than a verdict, it says how it looks where the rounds were somewhat noisy.
pub(super) fn cell(case: &CaseReport, pair: [&str; 2]) -> Option<String> {
    let (ratio, spread) = case.ratio(pair)?;
    Some(match spread {
        spread if spread > USELESS => "too noisy".to_owned(),
        spread if spread > Plan::BOUND => format!("{}, noisy", figure(ratio)),
        _ => figure(ratio),
    })
}
