//! Laws of wakers.
//!
//! A subject makes targets that own a [`Probe`] and wakers that wake them; [`judge`] tries all laws on it. Most laws
//! are tried on every sequence of [`Plan::length`] operations or fewer, over two targets and up to three wakers, and on
//! longer random ones, which are then made as short as they go. The others are scenes: a fixed order of things that no
//! sequence of calls from one thread reaches.

mod life;
mod panics;
mod sequence;
mod shorten;
mod step;
mod threads;

use std::sync::Arc;
use std::task::Waker;

use crate::law::{Found, Law, Verdict};
use crate::limit::verdict;
use crate::plan::Plan;
use crate::probe::Probe;
use crate::report::Report;
use sequence::{Sight, sequences};

/// Wakers to be judged.
pub trait WakerSubject: Send + Sync + 'static {
    /// What is woken: the one handle to it, apart from its wakers.
    type Target: 'static;

    /// A new target. It keeps `probe` for as long as it lives, and its wake function calls [`Probe::woken`].
    fn target(&self, probe: Probe) -> Self::Target;

    /// A waker of this target.
    fn waker(&self, target: &Self::Target) -> Waker;

    /// Runs what wakes have left to be done later, if wakes do so. By default nothing.
    fn settle(&self, target: &Self::Target) {
        let _ = target;
    }

    /// Whether several wakes before [`settle`](Self::settle) may be seen as one. By default not.
    fn merges(&self) -> bool {
        false
    }

    /// Why the law of this number was never promised, if it was not. By default all are.
    fn unpromised(&self, law: &str) -> Option<&'static str> {
        let _ = law;
        None
    }
}

/// How a law is tried on a subject.
type Check<S> = fn(&Arc<S>, &Plan) -> Found;

/// The numbers, sentences and sources, in order.
#[must_use]
pub fn laws() -> Vec<Law> {
    checks::<Nobody>().into_iter().map(|(law, _)| law).collect()
}

/// Tries every law.
pub fn judge<S: WakerSubject>(subject: S, plan: &Plan) -> Report {
    let subject = Arc::new(subject);
    let verdicts = checks::<S>().into_iter().map(|(law, check)| (law, found(&subject, law, check, plan))).collect();
    Report { plan: plan.clone(), verdicts }
}

/// Tries the law of this number, or answers `None` if there is none.
pub fn judge_law<S: WakerSubject>(subject: S, number: &str, plan: &Plan) -> Option<Verdict> {
    let (law, check) = checks::<S>().into_iter().find(|(law, _)| law.number == number)?;
    Some(found(&Arc::new(subject), law, check, plan))
}

fn found<S: WakerSubject>(subject: &Arc<S>, law: Law, check: Check<S>, plan: &Plan) -> Verdict {
    let (its, plan_of_thread) = (subject.clone(), plan.clone());
    verdict(law, subject.unpromised(law.number), plan.limit, move || check(&its, &plan_of_thread))
}

/// Every law beside its check.
#[rustfmt::skip]
fn checks<S: WakerSubject>() -> [(Law, Check<S>); 16] {
    let law = |number, sentence, source| Law { number, sentence, source };
    [
        (law("W1", "A wake arrives: a call of `wake` or `wake_by_ref` on any waker of a target wakes it.",
            "std, `RawWakerVTable::new`: wake \"must wake up the task associated with this RawWaker\""),
            |subject, plan| sequences(subject, plan, Sight::Lost)),
        (law("W2", "Nothing else is woken: not another target, and nobody by `clone`, `clone_from` or a drop.",
            "std, `Waker`: a handle for waking up one task"),
            |subject, plan| sequences(subject, plan, Sight::Astray)),
        (law("W3", "One call is one wake.",
            "std, `RawWakerVTable::new`: wake is the function called when `wake` is called on the `Waker`"),
            |subject, plan| sequences(subject, plan, Sight::Twice)),
        (law("W4", "A target lives, and can be woken, as long as one waker of it does.",
            "std, `RawWakerVTable::new`: clone \"must retain all resources that are required for this additional instance\""),
            |subject, plan| sequences(subject, plan, Sight::Died)),
        (law("W5", "A target ends with its handle and its last waker.",
            "std, `RawWakerVTable::new`: drop \"must make sure to release any resources\", and so must wake"),
            |subject, plan| sequences(subject, plan, Sight::Leaked)),
        (law("W6", "No operation on a waker panics, also not after the target's handle is gone.",
            "std, `Wake`; cooked-waker pull request 6: a panic of these functions became a double free"),
            |subject, plan| sequences(subject, plan, Sight::Panicked)),
        (law("W7", "A clone has the word and the table of its original.",
            "Rust issue 121600: a clone with another table made `will_wake` false"),
            |subject, plan| sequences(subject, plan, Sight::Changed)),
        (law("W8", "`will_wake` is true among the wakers of one target.",
            "std, `Waker::will_wake`, best effort; Rust issue 121600, futures issue 2864, tokio pull request 2045"),
            |subject, plan| sequences(subject, plan, Sight::Strangers)),
        (law("W9", "`will_wake` is false between the wakers of two targets.",
            "std, `Waker::will_wake`: \"if this function returns true, it is guaranteed that the Wakers will awaken the same task\""),
            |subject, plan| sequences(subject, plan, Sight::Confused)),
        (law("W10", "Wakers that were moved into a box or to another thread are the same wakers, and no wake from there is lost.",
            "std, `RawWakerVTable::new`: \"these functions must all be thread-safe\""),
            threads::wakes_from_threads),
        (law("W11", "The last waker may be dropped on another thread, also while others are.",
            "std, `RawWakerVTable::new`: \"these functions must all be thread-safe\""),
            threads::last_drop_elsewhere),
        (law("W12", "A target does not end inside of its own wake, also when that drops its last waker.",
            "std, `RawWakerVTable::new`: wake releases what belongs to this instance; tokio pull request 1972"),
            life::last_drop_inside_a_wake),
        (law("W13", "The end of a target may wake, clone and drop wakers, the last of another target too.",
            "tokio issue 5429: a deadlock when a waker's drop came back"),
            life::last_drop_inside_a_drop),
        (law("W14", "A waker that is dropped while a panic unwinds releases what it holds.",
            "std, `RawWakerVTable::new`: drop \"must make sure to release any resources\""),
            panics::drop_while_unwinding),
        (law("W15", "A wake that panics loses no reference and releases none twice, by reference and by value.",
            "cooked-waker pull request 6: a panic on the way became a double free"),
            panics::panic_in_a_wake),
        (law("W16", "A wake function may wake, clone and drop wakers of its own target.",
            "std, `Wake`: safe code, that may do so; tokio issue 5429"),
            life::wake_inside_a_wake),
    ]
}

/// Lets [`laws`] name the laws without a subject.
struct Nobody;

impl WakerSubject for Nobody {
    type Target = Probe;

    fn target(&self, probe: Probe) -> Probe {
        probe
    }

    fn waker(&self, _: &Probe) -> Waker {
        Waker::noop().clone()
    }
}
