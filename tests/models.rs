//! Models of the atomic protocols for loom: every interleaving of a few calls. Built with `--cfg loom`, empty otherwise.

#![cfg(loom)]
#![allow(missing_docs, reason = "tests")]

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;

#[cfg(feature = "registry")]
#[path = "models/registry.rs"]
mod registry;

use waker_tables::{Completed, Pause, Start, WakeState, Woke};

/// A task with a queue that only counts, and a message that a waker leaves before it wakes.
struct World {
    state: WakeState,
    queued: AtomicUsize,
    /// Touched by polls without any synchronisation of its own: loom reports two that are not ordered.
    body: UnsafeCell<usize>,
    message: AtomicUsize,
}

// SAFETY: the body is touched by polls alone, one at a time.
unsafe impl Sync for World {}
// SAFETY: as above.
unsafe impl Send for World {}

impl World {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            state: WakeState::new(),
            queued: AtomicUsize::new(0),
            body: UnsafeCell::new(0),
            message: AtomicUsize::new(0),
        })
    }

    fn wake(&self) -> Woke {
        // Relaxed: what makes it visible to the poll is the state alone.
        self.message.fetch_add(1, Ordering::Relaxed);
        let woke = self.state.wake();
        if woke == Woke::Schedule {
            self.push();
        }
        woke
    }

    fn push(&self) {
        assert_eq!(self.queued.fetch_add(1, Ordering::AcqRel), 0, "it is in the queue twice");
    }

    fn pop(&self) -> bool {
        self.queued.compare_exchange(1, 0, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// Takes the task from the queue and polls it once, if it is there. Gives the messages that the poll saw.
    fn run(&self) -> Option<usize> {
        if !self.pop() {
            return None;
        }
        match self.state.start() {
            Start::Complete => return None,
            start => assert_eq!(start, Start::Run),
        }
        let seen = self.message.load(Ordering::Relaxed);
        // SAFETY: `Start::Run` allows one poll at a time, which is what the models are about.
        self.body.with_mut(|body| unsafe { *body = seen });
        if self.state.pause() == Pause::Again {
            self.push();
        }
        Some(seen)
    }
}

#[test]
fn a_wake_that_races_a_run_is_seen_by_it_or_by_the_next() {
    loom::model(|| {
        let world = World::new();
        let _ = world.wake();
        let other = world.clone();
        let waker = thread::spawn(move || other.wake());
        let mut seen = world.run().unwrap_or(0);
        let _ = waker.join().unwrap();
        while let Some(now) = world.run() {
            seen = now;
        }
        assert_eq!(seen, 2, "the last message was not seen by a poll");
    });
}

#[test]
fn two_wakes_that_race_push_once() {
    loom::model(|| {
        let world = World::new();
        let wakers = [world.clone(), world.clone()].map(|world| thread::spawn(move || world.wake()));
        let woke = wakers.map(|waker| waker.join().unwrap());
        assert_eq!(woke.iter().filter(|woke| **woke == Woke::Schedule).count(), 1);
        assert_eq!(world.run(), Some(2));
        assert_eq!(world.run(), None);
    });
}

#[test]
fn runs_on_two_threads_never_overlap() {
    loom::model(|| {
        let world = World::new();
        let _ = world.wake();
        let other = world.clone();
        let runner = thread::spawn(move || other.run());
        let _ = world.wake();
        // Before the join, which would order the two threads' polls by itself.
        let here = world.run();
        let there = runner.join().unwrap();
        let last = here.max(there).max(world.run());
        assert_eq!(last, Some(2), "the second message was not seen by a poll");
    });
}

#[test]
fn a_cancel_that_races_a_run_ends_the_task() {
    loom::model(|| {
        let world = World::new();
        let _ = world.wake();
        let other = world.clone();
        let canceller = thread::spawn(move || other.state.complete());
        let ran = world.run().is_some();
        let completed = canceller.join().unwrap();
        assert_ne!(completed, Completed::Already);
        assert!(ran || completed == Completed::Idle);
        assert_eq!(world.state.wake(), Woke::Complete);
        assert_eq!(world.state.start(), Start::Complete);
    });
}

#[test]
fn a_wake_that_races_a_completion_pushes_at_most_what_start_refuses() {
    loom::model(|| {
        let world = World::new();
        let _ = world.wake();
        assert!(world.pop());
        assert_eq!(world.state.start(), Start::Run);
        let other = world.clone();
        let waker = thread::spawn(move || other.wake());
        assert_eq!(world.state.complete(), Completed::WhileRunning);
        assert_ne!(waker.join().unwrap(), Woke::Schedule);
        assert_eq!(world.run(), None);
    });
}
