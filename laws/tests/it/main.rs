//! Every law can fail: for each there is a subject that breaks it, and those that are right break none.

#[cfg(not(miri))] // about files
mod docs;
mod executors;
mod right;
mod wakers;
mod wrong_executor;
mod wrong_waker;

use waker_laws::{Plan, Report};

/// Smaller than what a runtime's author would take: each subject is tried on all laws.
fn plan() -> Plan {
    let default = Plan::default();
    if cfg!(miri) { default } else { Plan { length: 2, random: 200, rounds: 5, ..default } }
}

/// Passes if just these laws were broken. Miri's plan is too short for some.
fn breaks(report: &Report, laws: &[&str]) {
    let broken: Vec<_> = report.broken().collect();
    if cfg!(miri) {
        assert!(broken.iter().all(|law| laws.contains(law)), "{laws:?} expected of {report}");
    } else {
        assert_eq!(broken, laws, "{report}");
    }
}
