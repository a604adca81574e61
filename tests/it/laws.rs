//! The laws of wakers and of executors, judged for all that this crate makes: what each says stands in `docs/laws.md`.

mod pointers;
mod wakers;

#[cfg(feature = "shared")]
mod executors;
#[cfg(feature = "set")]
mod sets;
#[cfg(feature = "shared")]
mod tasks;

use std::sync::{Mutex, MutexGuard, PoisonError};

use waker_laws::{Plan, Report, Verdict};

/// Shorter than the kit's own, since there are many subjects: every sequence of two operations, and long random ones.
fn plan() -> Plan {
    let default = Plan::default();
    if cfg!(miri) { default } else { Plan { length: 2, rounds: 5, ..default } }
}

/// Passes if every law holds but these, which were not promised or cannot be tried.
fn all_hold_but(others: &[&str], report: &Report) {
    report.assert();
    let holds = |verdict: &Verdict| *verdict == Verdict::Holds;
    let found: Vec<_> =
        report.verdicts.iter().filter(|(_, verdict)| !holds(verdict)).map(|(law, _)| law.number).collect();
    if cfg!(miri) {
        // Its plan is too short to see some of them broken.
        assert!(found.iter().all(|law| others.contains(law)), "{others:?} expected of {report}");
    } else {
        assert_eq!(found, others, "{report}");
    }
}

/// A lock that a panic of the kit's does not spoil.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
