//! Subjects that are right: std's `Wake`, and the executor of the tests without a bug.

use std::sync::Arc;
use std::task::{Wake, Waker};

use waker_laws::waker::{self, WakerSubject};
use waker_laws::{Plan, Probe, Verdict, executor};

use crate::wrong_executor::{Bug, Executor};

struct Job(Probe);

impl Wake for Job {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.woken();
    }
}

struct Jobs;

impl WakerSubject for Jobs {
    type Target = Arc<Job>;

    fn target(&self, probe: Probe) -> Arc<Job> {
        Arc::new(Job(probe))
    }

    fn waker(&self, target: &Arc<Job>) -> Waker {
        target.clone().into()
    }
}

#[test]
fn std_wake_breaks_none() {
    let report = waker::judge(Jobs, &Plan::default());
    report.assert();
    assert!(report.verdicts.iter().all(|(_, verdict)| *verdict == Verdict::Holds), "{report}");
}

#[test]
fn an_executor_without_a_bug_breaks_none() {
    let report = executor::judge(Executor(Bug::None), &Plan::default());
    report.assert();
    assert!(report.verdicts.iter().all(|(_, verdict)| *verdict == Verdict::Holds), "{report}");
}

#[test]
fn laws_have_numbers_in_order_sentences_and_sources() {
    for (letter, laws) in [("W", waker::laws()), ("E", executor::laws())] {
        for (index, law) in laws.iter().enumerate() {
            assert_eq!(law.number, format!("{letter}{}", index + 1));
            assert!(!law.sentence.is_empty() && !law.source.is_empty());
        }
    }
}

#[test]
fn a_law_that_was_never_promised_is_kept_apart() {
    struct Shy;

    impl WakerSubject for Shy {
        type Target = Probe;

        fn target(&self, probe: Probe) -> Probe {
            probe
        }

        fn waker(&self, _: &Probe) -> Waker {
            Waker::noop().clone()
        }

        fn unpromised(&self, law: &str) -> Option<&'static str> {
            (law == "W1").then_some("it wakes nothing")
        }
    }

    let verdict = waker::judge_law(Shy, "W1", &Plan::default());
    assert!(matches!(verdict, Some(Verdict::Unpromised(_, "it wakes nothing"))));
    assert!(waker::judge_law(Shy, "W99", &Plan::default()).is_none());
    assert!(executor::judge_law(Executor(Bug::None), "W1", &Plan::default()).is_none());
}
