//! Subjects that are right: std's `Wake`, and the executor of the tests without a bug.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Wake, Waker};
use std::time::Duration;

use waker_laws::waker::{self, WakerSubject};
use waker_laws::{Plan, Probe, Verdict, executor};

use crate::wrong_executor::{Bug, Executor};
use crate::{breaks, plan};

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

/// Right, too: polls once for each wake, and drops on a thread that nobody waits for.
#[test]
fn executors_that_take_their_time_break_none() {
    for right in [Bug::PollsForEachWake, Bug::DropsOnAThread] {
        breaks(&executor::judge(Executor(right), &plan()), &[]);
    }
}

/// Wakes that are seen when the target is looked at, several as one.
struct Later(Arc<AtomicUsize>);

struct Pending {
    probe: Probe,
    woken: AtomicBool,
    live: Arc<AtomicUsize>,
}

impl Wake for Pending {
    fn wake(self: Arc<Self>) {
        self.woken.store(true, Ordering::SeqCst);
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.live.fetch_sub(1, Ordering::SeqCst);
    }
}

impl WakerSubject for Later {
    type Target = Arc<Pending>;

    fn target(&self, probe: Probe) -> Arc<Pending> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Arc::new(Pending { probe, woken: AtomicBool::new(false), live: self.0.clone() })
    }

    fn waker(&self, target: &Arc<Pending>) -> Waker {
        target.clone().into()
    }

    fn settle(&self, target: &Arc<Pending>) {
        if target.woken.swap(false, Ordering::SeqCst) {
            target.probe.woken();
        }
    }

    fn merges(&self) -> bool {
        true
    }

    fn unpromised(&self, law: &str) -> Option<&'static str> {
        (law == "W4").then_some("nobody looks at a target without its handle")
    }
}

#[test]
fn wakes_that_are_seen_later_are_judged_and_leave_nothing() {
    let live = Arc::default();
    let report = waker::judge(Later(Arc::clone(&live)), &plan());
    report.assert();
    let untried = report.verdicts.iter().filter(|(_, verdict)| matches!(verdict, Verdict::Untried(_)));
    let untried: Vec<_> = untried.map(|(law, _)| law.number).collect();
    assert_eq!(untried, ["W12", "W15", "W16"], "{report}");
    assert_eq!(live.load(Ordering::SeqCst), 0, "targets that live on");
}

#[test]
fn a_check_may_take_for_ever() {
    let plan = Plan { limit: Duration::MAX, ..plan() };
    breaks(&waker::judge(Jobs, &plan), &[]);
    breaks(&executor::judge(Executor(Bug::None), &plan), &[]);
}

#[test]
fn laws_have_numbers_in_order_sentences_and_sources() {
    for (letter, laws) in [("W", waker::laws()), ("E", executor::laws())] {
        assert!(!laws.is_empty());
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
