//! Every group runs, its candidates do the same work, and it is not nothing.

use peers::groups::GROUPS;
use peers::progress::Progress;
use peers::report::{GroupReport, Side};

use crate::tiny;

fn run(name: &str) -> GroupReport {
    let group = GROUPS.iter().find(|group| group.name == name).expect("there is such a group");
    let report = group.run(&tiny(), &mut Progress::new(false));
    for case in &report.cases {
        assert_ne!(case.rows.len(), 0, "{}: no candidate", case.name);
        assert!(case.checksum != Some(0), "{}: nothing proves the work", case.name);
        assert!(case.reference_row().is_some(), "{}: no reference", case.name);
    }
    report
}

/// Whether this crate has a row in every comparison.
fn own_everywhere(report: &GroupReport) -> bool {
    report.cases.iter().all(|case| case.rows.iter().any(|row| row.side == Side::Own))
}

#[test]
fn waker() {
    let report = run("waker");
    assert!(own_everywhere(&report));
    assert_eq!(report.cases.len(), 21);
}

#[test]
fn poll() {
    let report = run("poll");
    assert!(own_everywhere(&report));
    assert_eq!(report.cases.len(), 24);
    assert!(report.growth.iter().all(|growth| growth.lines.iter().all(|line| line.slope.is_some())));
}

#[test]
fn make() {
    assert!(own_everywhere(&run("make")));
}

#[test]
fn registry() {
    let report = run("registry");
    assert!(own_everywhere(&report));
    assert_eq!(report.cases.len(), 48 + 5);
    assert_eq!(report.growth.len(), 1);
    let bytes = report.cases.iter().filter(|case| case.unit == "bytes");
    for case in bytes.clone() {
        let of = |name| case.rows.iter().find(|row| row.candidate == name).expect("a row").median;
        let (all, now) = (of("waker_tables register"), of("waker_tables, without the past"));
        assert!((200.0..=1_000.0).contains(&now) && now < all && all < 1_500.0, "{}: {now} of {all}", case.name);
    }
    assert_eq!(bytes.count(), 2);
}

#[test]
fn tasks() {
    let report = run("tasks");
    assert!(own_everywhere(&report));
    assert_eq!(report.cases.len(), 20 + 2);
    assert_eq!(report.growth.len(), 1);
}

#[test]
fn sets() {
    let report = run("sets");
    assert!(own_everywhere(&report));
    assert_eq!(report.cases.len(), 9);
}

#[test]
fn build() {
    assert_eq!(run("build").cases.len(), 3);
}
