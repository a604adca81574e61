//! Medians, spreads, ratios, slopes.

use std::cell::Cell;
use std::time::Duration;

use peers::harness::{Case, Measured, timed};
use peers::plan::Scale;
use peers::progress::Progress;
use peers::report::{CaseReport, Side};
use peers::stats::{Summary, slope};

use crate::tiny;

#[track_caller]
fn near(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-9, "{found}, not {expected}");
}

#[test]
fn a_summary_is_the_median_and_the_quartiles_in_any_order() {
    let summary = Summary::of(&[9.0, 1.0, 5.0, 3.0, 7.0]);
    near(summary.median, 5.0);
    near(summary.low, 3.0);
    near(summary.high, 7.0);
    near(summary.spread(), 0.8);
    near(Summary::of(&[1.0, 2.0]).median, 1.5);
    near(Summary::of(&[4.0]).spread(), 0.0);
}

#[test]
fn one_disturbed_round_moves_neither_median_nor_spread() {
    let mut rounds = vec![10.0; 20];
    rounds.push(10_000.0);
    let summary = Summary::of(&rounds);
    near(summary.median, 10.0);
    near(summary.spread(), 0.0);
}

/// What a pass of a round takes, in nanoseconds, and whether that was disturbed.
type Rounds = fn(u64) -> (u64, bool);

/// A case of rounds that are known.
fn of_rounds(rounds: &[(&'static str, Rounds)]) -> CaseReport {
    let mut plan = tiny();
    (plan.scale, plan.budget) = (Scale::Quick, Duration::from_mins(1));
    let mut case = Case::new("rounds", "", "ns", 1);
    for &(name, each) in rounds {
        let mut round = 0;
        let work = move |passes| {
            round += 1;
            let (each, disturbed) = each(round);
            Measured { elapsed: Duration::from_nanos(each * passes), sum: passes, disturbed }
        };
        case.add(Side::Own, name, Box::new(work));
    }
    case.measure(&plan, &mut Progress::new(false))
}

#[test]
fn a_ratio_is_of_times_of_the_same_round() {
    let report = of_rounds(&[("one", |round| (100 * round, false)), ("other", |round| (200 * round, false))]);
    assert!(report.rows.iter().all(|row| row.spread > 0.1), "the machine was slower and slower");
    let (ratio, spread) = report.ratio(["other", "one"]).expect("both were measured");
    near(ratio, 2.0);
    near(spread, 0.0);
    near(report.ratio(["one", "other"]).expect("both were measured").0, 0.5);
    assert_eq!(report.ratio(["one", "a third"]), None);
}

#[test]
fn a_round_that_was_disturbed_for_either_is_in_no_ratio() {
    let report = of_rounds(&[
        ("one", |round| if round % 2 == 0 { (9_000, true) } else { (10, false) }),
        ("other", |round| if round % 5 == 0 { (9_000, true) } else { (30, false) }),
    ]);
    let (ratio, spread) = report.ratio(["other", "one"]).expect("both were measured");
    near(ratio, 3.0);
    near(spread, 0.0);
}

#[test]
fn a_ratio_that_changes_from_round_to_round_has_a_spread() {
    let report = of_rounds(&[("one", |_| (100, false)), ("other", |round| (50 + 100 * (round % 2), false))]);
    assert!(report.ratio(["other", "one"]).expect("both were measured").1 > 0.5);
}

#[test]
fn where_rounds_were_not_compared_a_ratio_is_of_medians_and_as_noisy_as_the_worse() {
    let mut report = of_rounds(&[("one", |_| (100, false)), ("other", |round| (200 + round % 4, false))]);
    report.rows[1].ratio_spread = None;
    let (ratio, spread) = report.ratio(["other", "one"]).expect("both were measured");
    near(ratio, report.rows[1].median / 100.0);
    near(spread, report.rows[1].spread);
}

#[test]
fn a_slope_is_zero_for_constant_and_one_for_proportional_costs() {
    let of = |cost: fn(f64) -> f64| slope(&[10.0, 100.0, 1000.0].map(|size| (size, cost(size))));
    near(of(|_| 7.0).expect("three points"), 0.0);
    near(of(|size| 3.0 * size).expect("three points"), 1.0);
    near(of(f64::sqrt).expect("three points"), 0.5);
    assert_eq!(slope(&[(10.0, 1.0)]), None);
    assert_eq!(slope(&[(10.0, 1.0), (10.0, 2.0)]), None);
}

#[test]
fn days_are_dates() {
    let dates = [0, 58, 59, 11_016, 19_782, 20_454].map(peers::head::date);
    assert_eq!(dates, ["1970-01-01", "1970-02-28", "1970-03-01", "2000-02-29", "2024-02-29", "2026-01-01"]);
}

#[test]
fn the_first_round_is_cold_and_in_no_median() {
    let first = Cell::new(true);
    let mut case = Case::new("cold", "", "ns", 1);
    case.add(
        Side::Own,
        "one",
        Box::new(|passes| {
            let each = if first.replace(false) { 1_000 } else { 10 };
            Measured { elapsed: Duration::from_nanos(each * passes), sum: passes, disturbed: false }
        }),
    );
    let report = case.measure(&tiny(), &mut Progress::new(false));
    near(report.rows[0].cold.expect("it was timed"), 1_000.0);
    near(report.rows[0].median, 10.0);
}

#[test]
fn candidates_alternate_and_do_the_same_number_of_passes() {
    let (one, other) = (Cell::new(0_u64), Cell::new(0_u64));
    let count = |own: &Cell<u64>, others: &Cell<u64>| {
        own.set(own.get() + 1);
        let ahead = own.get().abs_diff(others.get());
        assert!(ahead <= 8, "{ahead} passes ahead of the other");
        1
    };
    let mut case = Case::new("in turn", "", "ns", 1);
    case.add(Side::Own, "one", timed(|| count(&one, &other)));
    case.add(Side::Peer, "other", timed(|| count(&other, &one)));
    let report = case.measure(&tiny(), &mut Progress::new(false));
    assert_eq!(one.get(), other.get());
    assert_eq!(report.rounds, 2);
}

#[test]
fn a_disturbed_round_is_left_out_and_another_one_is_run() {
    let mut plan = tiny();
    (plan.scale, plan.budget) = (Scale::Quick, Duration::from_mins(1));
    let rounds = Cell::new(0_u64);
    let mut case = Case::new("disturbed", "", "ns", 1);
    case.add(
        Side::Own,
        "one",
        Box::new(|passes| {
            rounds.set(rounds.get() + 1);
            let disturbed = rounds.get().is_multiple_of(2);
            let each = if disturbed { 9_000 } else { 10 };
            Measured { elapsed: Duration::from_nanos(each * passes), sum: passes, disturbed }
        }),
    );
    let report = case.measure(&plan, &mut Progress::new(false));
    near(report.rows[0].median, 10.0);
    near(report.rows[0].spread, 0.0);
    assert_eq!(report.rounds, 9);
}

#[test]
#[should_panic(expected = "other did other work than one")]
fn a_candidate_that_did_other_work_is_found() {
    let mut case = Case::new("unequal", "", "ns", 1);
    case.add(Side::Own, "one", timed(|| 1)).add(Side::Peer, "other", timed(|| 2));
    drop(case.measure(&tiny(), &mut Progress::new(false)));
}
