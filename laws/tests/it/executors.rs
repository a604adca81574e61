//! A wrong executor for each law of executors.

#[cfg(not(miri))]
use std::{
    future::Future,
    pin::pin,
    sync::Arc,
    task::{Context, Wake},
    thread::{self, Thread},
    time::{Duration, Instant},
};

use waker_laws::Verdict;
#[cfg(not(miri))]
use waker_laws::executor::{Body, ExecutorSubject};
use waker_laws::executor::{judge, judge_law};

use crate::wrong_executor::{Bug, Executor};
#[cfg(not(miri))]
use crate::wrong_waker::HANG;
use crate::{breaks, plan};
#[cfg(not(miri))]
use waker_laws::Plan;

macro_rules! breaks_just {
    ($($name:ident: $bug:ident => $($law:literal)*;)*) => {
        $(#[test]
        fn $name() {
            breaks(&judge(Executor(Bug::$bug), &plan()), &[$($law),*]);
        })*
    };
}

breaks_just! {
    e1_a_wake_in_its_poll_that_is_lost: LosesInPoll => "E1";
    e1_a_wake_after_one_of_another_kind_that_is_lost: LosesAfterAnother => "E1";
    e2_a_wake_from_a_thread_that_is_lost: LosesFromThreads => "E2";
    e3_a_wake_from_a_thread_in_its_poll_that_is_lost: LosesFromThreadsInPoll => "E3";
    e4_many_wakes_that_cancel: ThirdWakeCancels => "E4";
    e5_polls_without_a_wake: PollsInALoop => "E5";
    e6_a_panic_past_completion: PanicsPastCompletion => "E6";
    e7_a_panic_past_shutdown: PanicsPastShutdown => "E7";
    e8_a_poll_after_ready: PollsAfterReady => "E8";
    e8_a_poll_of_one_that_is_woken_past_its_end: PollsPastReady => "E8";
    e9_two_polls_at_once: PollsTwiceAtOnce => "E9";
    e10_a_finished_future_that_leaks: LeaksFinished => "E10";
    e11_a_pending_future_that_leaks: LeaksPending => "E11";
    e12_a_pending_future_with_a_waker_that_leaks: LeaksPendingWithWaker => "E12";
    e13_a_woken_future_that_leaks: LeaksWoken => "E13";
    e14_a_poll_inside_a_wake: PollsInWake => "E14";
    e14_a_poll_of_another_task_inside_a_wake: PollsOthersInWake => "E14";
    e15_a_drop_inside_a_wake: DropsInWake => "E15";
    e16_a_panic_in_a_poll_that_leaks: LeaksOnPanic => "E16";
    e16_a_panic_that_is_lost: SwallowsPanics => "E16";
    e17_a_panic_in_a_drop_that_ends_all: EndsOnPanicInDrop => "E17";
    e18_a_nested_run_that_does_nothing: NestedDoesNothing => "E18";
    e19_a_nested_run_that_takes_wakes: NestedTakesWakes => "E19";
    e20_a_future_with_its_own_waker_that_leaks: LeaksOwnWaker => "E20";
    e21_a_destructor_that_cannot_wake: PanicsAtShutdown => "E21";
    e22_a_greedy_future_that_is_let: LastInFirstOut => "E22";
    e23_another_waker_each_poll: NewWakers => "E23";
    e24_a_wake_from_a_thread_that_leaks: LeaksWokenFromThreads => "E24";
    e25_a_panic_at_shutdown_that_leaks_the_rest: EndsOnPanicAtShutdown => "E25";
}

#[test]
fn the_shortest_script_is_given_each_time() {
    for (bug, law) in [(Bug::LosesFromThreads, "E2"), (Bug::ThirdWakeCancels, "E4")] {
        let verdict = judge_law(Executor(bug), law, &plan());
        let Some(Verdict::Broken(broken)) = &verdict else { panic!("{verdict:?}") };
        assert_eq!(broken.steps.len(), 3, "where it stands, one act, ready: {broken}");
        assert_eq!(judge_law(Executor(bug), law, &plan()), verdict);
    }
}

/// Waits by the thread's token alone, which a run inside of a poll takes. Ends its run early instead of hanging.
#[cfg(not(miri))]
struct Parks;

#[cfg(not(miri))]
impl ExecutorSubject for Parks {
    fn live(&self, main: Body, _: Vec<Body>) {
        struct Unpark(Thread);

        impl Wake for Unpark {
            fn wake(self: Arc<Self>) {
                self.0.unpark();
            }
        }

        const PATIENCE: Duration = Duration::from_secs(1);
        let (mut main, waker) = (pin!(main), Arc::new(Unpark(thread::current())).into());
        while main.as_mut().poll(&mut Context::from_waker(&waker)).is_pending() {
            let start = Instant::now();
            thread::park_timeout(PATIENCE);
            if start.elapsed() >= PATIENCE {
                return;
            }
        }
    }

    fn spawns(&self) -> bool {
        false
    }
}

#[test]
#[cfg(not(miri))] // by the clock
fn e19_a_token_that_a_nested_run_takes() {
    assert!(matches!(judge_law(Parks, "E19", &plan()), Some(Verdict::Broken(_))));
}

#[test]
#[cfg(not(miri))] // no thread may be left
fn what_hangs_is_told_with_its_steps() {
    let hang = HANG.write();
    let plan = Plan { limit: Duration::from_millis(500), ..plan() };
    for (law, steps) in [("E1", 3), ("E8", 2), ("E11", 2), ("E24", 3)] {
        let verdict = judge_law(Executor(Bug::HangsAtShutdown), law, &plan);
        let Some(Verdict::Broken(broken)) = verdict else { panic!("{verdict:?}") };
        assert_eq!(broken.steps.len(), steps, "{law}: {broken}");
    }
    drop(hang);
}
