//! `WakeState`: every call in every state, and no wake lost between threads.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use waker_tables::{Completed, Pause, Start, WakeState, Woke};

/// The six states, by the calls that lead there.
fn states() -> [(&'static str, WakeState); 6] {
    let build = |calls: &[fn(&WakeState)]| {
        let state = WakeState::new();
        for call in calls {
            call(&state);
        }
        state
    };
    let wake: fn(&WakeState) = |state| assert_ne!(state.wake(), Woke::Complete);
    let start: fn(&WakeState) = |state| assert_eq!(state.start(), Start::Run);
    let complete: fn(&WakeState) = |state| assert_ne!(state.complete(), Completed::Already);
    [
        ("idle", build(&[])),
        ("scheduled", build(&[wake])),
        ("running", build(&[wake, start])),
        ("running and scheduled", build(&[wake, start, wake])),
        ("complete", build(&[complete])),
        ("complete while running", build(&[wake, start, complete])),
    ]
}

#[test]
fn wake_asks_for_a_push_once() {
    let expected = [
        Woke::Schedule,
        Woke::AlreadyScheduled,
        Woke::WhileRunning,
        Woke::AlreadyScheduled,
        Woke::Complete,
        Woke::Complete,
    ];
    for ((name, state), first) in states().into_iter().zip(expected) {
        assert_eq!(state.wake(), first, "{name}");
        let second = if first == Woke::Complete { Woke::Complete } else { Woke::AlreadyScheduled };
        assert_eq!(state.wake(), second, "{name}, again");
    }
}

#[test]
fn start_allows_one_poll_and_only_a_scheduled_one() {
    let expected =
        [Start::NotScheduled, Start::Run, Start::Running, Start::Running, Start::Complete, Start::Complete];
    for ((name, state), first) in states().into_iter().zip(expected) {
        assert_eq!(state.start(), first, "{name}");
        let second = if first == Start::Run { Start::Running } else { first };
        assert_eq!(state.start(), second, "{name}, again");
    }
}

#[test]
fn pause_asks_for_a_push_if_a_wake_came_meanwhile() {
    let expected = [
        (Pause::NotRunning, Woke::Schedule),
        (Pause::NotRunning, Woke::AlreadyScheduled),
        (Pause::Idle, Woke::Schedule),
        (Pause::Again, Woke::AlreadyScheduled),
        (Pause::Complete, Woke::Complete),
        (Pause::Complete, Woke::Complete),
    ];
    for ((name, state), (paused, woke)) in states().into_iter().zip(expected) {
        assert_eq!(state.pause(), paused, "{name}");
        assert_eq!(state.wake(), woke, "{name}, and then");
    }
}

#[test]
fn complete_is_for_good() {
    let expected = [
        Completed::Idle,
        Completed::Idle,
        Completed::WhileRunning,
        Completed::WhileRunning,
        Completed::Already,
        Completed::Already,
    ];
    for ((name, state), completed) in states().into_iter().zip(expected) {
        let was = completed == Completed::Already;
        assert_eq!(state.is_complete(), was, "{name}");
        assert_eq!(state.complete(), completed, "{name}");
        assert!(state.is_complete(), "{name}");
        assert_eq!(state.complete(), Completed::Already, "{name}");
        assert_eq!((state.start(), state.wake()), (Start::Complete, Woke::Complete), "{name}");
    }
}

#[test]
fn no_wake_is_lost_and_no_poll_runs_twice() {
    struct Over<'a>(&'a AtomicUsize);
    impl Drop for Over<'_> {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::Release);
        }
    }
    const WAKERS: usize = 3;
    let over = AtomicUsize::new(0);
    let rounds = if cfg!(miri) { 20 } else { 20_000 };
    let (state, queued, told, polling) =
        (WakeState::new(), AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..WAKERS {
            scope.spawn(|| {
                let _over = Over(&over);
                for _ in 0..rounds {
                    told.fetch_add(1, Ordering::Relaxed);
                    if state.wake() == Woke::Schedule {
                        assert_eq!(queued.fetch_add(1, Ordering::AcqRel), 0, "it is in the queue twice");
                    }
                }
            });
        }
        // The poll sees what was told before the wake that led to it, so the last wake leads to the last message.
        let mut seen = 0;
        while seen < WAKERS * rounds {
            if queued.load(Ordering::Acquire) == 0 {
                let all = over.load(Ordering::Acquire) == WAKERS;
                assert!(!all || queued.load(Ordering::Acquire) > 0, "a wake was lost");
                thread::yield_now();
                continue;
            }
            queued.fetch_sub(1, Ordering::AcqRel);
            assert_eq!(state.start(), Start::Run);
            assert_eq!(polling.fetch_add(1, Ordering::AcqRel), 0);
            seen = told.load(Ordering::Relaxed);
            polling.fetch_sub(1, Ordering::AcqRel);
            if state.pause() == Pause::Again {
                assert_eq!(queued.fetch_add(1, Ordering::AcqRel), 0, "it is in the queue twice");
            }
        }
    });
}
