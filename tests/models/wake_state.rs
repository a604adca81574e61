//! Models of `WakeState`: what its answers do for a scheduler, and each of its answers.

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;

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

/// A call, and an answer to it.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Call {
    Wake,
    Start,
    Pause,
    Complete,
    IsComplete,
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Answer {
    Woke(Woke),
    Start(Start),
    Pause(Pause),
    Completed(Completed),
    IsComplete(bool),
}

const CALLS: [Call; 5] = [Call::Wake, Call::Start, Call::Pause, Call::Complete, Call::IsComplete];

impl Call {
    fn on(self, state: &WakeState) -> Answer {
        match self {
            Self::Wake => Answer::Woke(state.wake()),
            Self::Start => Answer::Start(state.start()),
            Self::Pause => Answer::Pause(state.pause()),
            Self::Complete => Answer::Completed(state.complete()),
            Self::IsComplete => Answer::IsComplete(state.is_complete()),
        }
    }
}

/// The picture in the documentation.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Picture {
    Idle,
    Scheduled,
    Running,
    RunningAndScheduled,
    Complete,
}

impl Picture {
    /// Where `call` leads, and what it answers.
    fn after(self, call: Call) -> (Self, Answer) {
        use Picture as P;
        match call {
            Call::Wake => {
                let (to, woke) = match self {
                    P::Idle => (P::Scheduled, Woke::Schedule),
                    P::Scheduled | P::RunningAndScheduled => (self, Woke::AlreadyScheduled),
                    P::Running => (P::RunningAndScheduled, Woke::WhileRunning),
                    P::Complete => (self, Woke::Complete),
                };
                (to, Answer::Woke(woke))
            }
            Call::Start => {
                let (to, start) = match self {
                    P::Scheduled => (P::Running, Start::Run),
                    P::Idle => (self, Start::NotScheduled),
                    P::Running | P::RunningAndScheduled => (self, Start::Running),
                    P::Complete => (self, Start::Complete),
                };
                (to, Answer::Start(start))
            }
            Call::Pause => {
                let (to, pause) = match self {
                    P::Running => (P::Idle, Pause::Idle),
                    P::RunningAndScheduled => (P::Scheduled, Pause::Again),
                    P::Idle | P::Scheduled => (self, Pause::NotRunning),
                    P::Complete => (self, Pause::Complete),
                };
                (to, Answer::Pause(pause))
            }
            Call::Complete => {
                let completed = match self {
                    P::Idle | P::Scheduled => Completed::Idle,
                    P::Running | P::RunningAndScheduled => Completed::WhileRunning,
                    P::Complete => Completed::Already,
                };
                (P::Complete, Answer::Completed(completed))
            }
            Call::IsComplete => (self, Answer::IsComplete(self == P::Complete)),
        }
    }

    /// How to get here.
    fn way(self) -> &'static [Call] {
        match self {
            Self::Idle => &[],
            Self::Scheduled => &[Call::Wake],
            Self::Running => &[Call::Wake, Call::Start],
            Self::RunningAndScheduled => &[Call::Wake, Call::Start, Call::Wake],
            Self::Complete => &[Call::Complete],
        }
    }

    /// Whether some order of the threads' calls explains all of their answers, and then those to `probes`.
    fn explains(self, threads: &[Vec<(Call, Answer)>], probes: &[(Call, Answer)]) -> bool {
        if threads.iter().all(Vec::is_empty) {
            let mut state = self;
            return probes.iter().all(|&(call, answer)| {
                let (to, expected) = state.after(call);
                state = to;
                answer == expected
            });
        }
        (0..threads.len()).any(|thread| {
            let Some(&(call, answer)) = threads[thread].first() else { return false };
            let (to, expected) = self.after(call);
            let mut rest = threads.to_vec();
            rest[thread].remove(0);
            answer == expected && to.explains(&rest, probes)
        })
    }
}

const PICTURE: [Picture; 5] =
    [Picture::Idle, Picture::Scheduled, Picture::Running, Picture::RunningAndScheduled, Picture::Complete];

fn answers(state: &WakeState, calls: &[Call]) -> Vec<(Call, Answer)> {
    calls.iter().map(|call| (*call, call.on(state))).collect()
}

/// Every interleaving of what the threads call, from each state of the picture. The first thread is the model's own.
fn explained(threads: &[Vec<Call>]) {
    for from in PICTURE {
        let threads = threads.to_vec();
        loom::model(move || {
            let state = Arc::new(WakeState::new());
            answers(&state, from.way());
            let others = threads[1..].iter().cloned().map(|calls| {
                let state = state.clone();
                thread::spawn(move || answers(&state, &calls))
            });
            let others = others.collect::<Vec<_>>();
            let mut answered = vec![answers(&state, &threads[0])];
            answered.extend(others.into_iter().map(|other| other.join().unwrap()));
            // What tells the five states apart.
            let probes = answers(&state, &[Call::Pause, Call::Start, Call::Complete]);
            assert!(from.explains(&answered, &probes), "from {from:?}: {answered:?}, then {probes:?}");
        });
    }
}

#[test]
fn answers_to_two_threads_with_two_calls_each_are_as_drawn() {
    let sequences = CALLS.iter().flat_map(|first| CALLS.iter().map(|second| vec![*first, *second]));
    let sequences = sequences.collect::<Vec<_>>();
    for (i, here) in sequences.iter().enumerate() {
        for there in &sequences[i..] {
            explained(&[here.clone(), there.clone()]);
        }
    }
}

#[test]
fn answers_to_three_threads_with_a_call_each_are_as_drawn() {
    for (i, one) in CALLS.into_iter().enumerate() {
        for (j, two) in CALLS.into_iter().enumerate().skip(i) {
            for three in CALLS.into_iter().skip(j) {
                explained(&[vec![one], vec![two], vec![three]]);
            }
        }
    }
}
