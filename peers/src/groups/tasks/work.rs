//! The futures that are run, the same ones by all candidates.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use futures::task::AtomicWaker;

/// What tasks add up: the proof of a pass. `SHARED` where several threads add, and a future waits for the sum.
#[derive(Debug, Default)]
pub(super) struct Tally<const SHARED: bool> {
    sum: AtomicU64,
    goal: AtomicU64,
    waiting: AtomicWaker,
}

impl<const SHARED: bool> Tally<SHARED> {
    /// A tally for ever, so that tasks need no count to reach it.
    pub(super) fn leaked() -> &'static Self {
        Box::leak(Box::default())
    }

    #[inline]
    pub(super) fn add(&self, number: u64) {
        if SHARED {
            let sum = self.sum.fetch_add(number, Ordering::SeqCst) + number;
            if sum == self.goal.load(Ordering::SeqCst) {
                self.waiting.wake();
            }
        } else {
            self.sum.store(self.sum.load(Ordering::Relaxed) + number, Ordering::Relaxed);
        }
    }

    pub(super) fn now(&self) -> u64 {
        self.sum.load(Ordering::Acquire)
    }

    /// What was added since the last call.
    pub(super) fn take(&self) -> u64 {
        self.sum.swap(0, Ordering::AcqRel)
    }
}

impl Tally<true> {
    /// Waits until the tasks have added up to `goal`.
    pub(super) async fn reached(&self, goal: u64) {
        self.goal.store(goal, Ordering::SeqCst);
        poll_fn(|context| {
            self.waiting.register(context.waker());
            if self.sum.load(Ordering::SeqCst) == goal { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}

/// Wakes itself so many times, then is done.
#[derive(Debug)]
pub(super) struct Yields(pub(super) u64);

impl Future for Yields {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.0 == 0 {
            return Poll::Ready(());
        }
        self.0 -= 1;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

/// Whose turn it is, and who waits for it.
#[derive(Debug, Default)]
pub(super) struct Court {
    turn: AtomicUsize,
    players: [AtomicWaker; 2],
}

impl Court {
    /// One of two players: waits for its turn and gives it to the other, so many times. Its result is how often.
    pub(super) async fn play(&self, player: usize, times: u64) -> u64 {
        for _ in 0..times {
            poll_fn(|context| {
                if self.turn.load(Ordering::Acquire) == player {
                    return Poll::Ready(());
                }
                self.players[player].register(context.waker());
                if self.turn.load(Ordering::Acquire) == player { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
            self.turn.store(1 - player, Ordering::Release);
            self.players[1 - player].wake();
        }
        times
    }

    /// For the next pass.
    pub(super) fn reset(&self) {
        self.turn.store(0, Ordering::Release);
    }
}

/// How many have ended, and who waits for all of them.
#[derive(Debug, Default)]
pub(super) struct Gate {
    ended: AtomicU64,
    waiting: AtomicWaker,
}

impl Gate {
    /// One of many that end.
    #[expect(clippy::unused_async, reason = "it is what a task runs")]
    pub(super) async fn end(&self) {
        self.ended.fetch_add(1, Ordering::AcqRel);
        self.waiting.wake();
    }

    /// Waits until so many have ended, and takes them off the count.
    pub(super) async fn all(&self, count: u64) -> u64 {
        poll_fn(|context| {
            self.waiting.register(context.waker());
            if self.ended.load(Ordering::Acquire) == count { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        self.ended.swap(0, Ordering::AcqRel)
    }
}

/// A task's place, and the other thread's way to wake it.
#[derive(Debug, Default)]
pub(in crate::groups) struct Bell {
    armed: AtomicBool,
    waker: OnceLock<Waker>,
}

impl Bell {
    /// Waits to be woken so many times. Its result is how often it was.
    pub(in crate::groups) async fn wait(&self, times: u64) -> u64 {
        let mut woken = 0;
        poll_fn(|context| {
            self.waker.get_or_init(|| context.waker().clone());
            if woken == times {
                return Poll::Ready(times);
            }
            woken += 1;
            self.armed.store(true, Ordering::Release);
            Poll::Pending
        })
        .await
    }

    /// Wakes the task if it waits.
    pub(in crate::groups) fn ring(&self) {
        if self.armed.load(Ordering::Acquire) {
            self.armed.store(false, Ordering::Relaxed);
            if let Some(waker) = self.waker.get() {
                waker.wake_by_ref();
            }
        }
    }
}

/// Is polled once, says so, and waits for ever.
pub(super) async fn idle<const SHARED: bool>(tally: &'static Tally<SHARED>) {
    tally.add(1);
    std::future::pending::<()>().await;
}
