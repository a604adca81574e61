//! The loop of the user's own: spawns, pops, runs.

use std::future::Future;
use std::hint;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};
use std::thread;

use super::Operation;
use super::work::{Bell, Court, Gate, Tally, Yields, idle};
use crate::harness::{Measured, Round, clocked, timed};
use crate::plan::Plan;
use crate::switches::taken_away;

/// How many tasks the other thread wakes in turn.
pub(in crate::groups) const BELLS: u64 = 64;

/// A spawn function and a queue.
pub(super) trait Scheduler: 'static {
    /// What waits for an output. Dropping it cancels the task.
    type Join<T: Send + 'static>: Future<Output = T>;

    /// Makes a task and pushes it.
    fn spawn<F>(&self, future: F) -> Self::Join<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static;

    /// The same for a task that nobody waits for.
    fn detach(&self, future: impl Future<Output = ()> + Send + 'static);

    /// Runs what the queue holds, until it holds nothing.
    fn run(&self);
}

/// A candidate's rounds of one operation.
pub(super) fn round<S: Scheduler>(scheduler: S, operation: Operation, count: u64, plan: &Plan) -> Round<'_> {
    let tally = Tally::<false>::leaked();
    match operation {
        Operation::Joined => timed(move || {
            let mut sum = 0;
            for number in 0..count {
                let task = scheduler.spawn(async move { number });
                scheduler.run();
                sum += output(task);
            }
            sum
        }),
        Operation::Detached => timed(move || {
            for number in 0..count {
                scheduler.detach(async move { tally.add(number) });
                scheduler.run();
            }
            tally.take()
        }),
        Operation::Yield => timed(move || {
            scheduler.detach(async move {
                Yields(count).await;
                tally.add(count);
            });
            scheduler.run();
            tally.take()
        }),
        Operation::PingPong => {
            let table: &'static Court = Box::leak(Box::default());
            timed(move || {
                table.reset();
                for player in [0, 1] {
                    scheduler.detach(async move { tally.add(table.play(player, count / 2).await) });
                }
                scheduler.run();
                tally.take()
            })
        }
        Operation::FanIn => {
            let gate: &'static Gate = Box::leak(Box::default());
            timed(move || {
                scheduler.detach(async move { tally.add(gate.all(count).await) });
                for _ in 0..count {
                    scheduler.detach(gate.end());
                }
                scheduler.run();
                tally.take()
            })
        }
        Operation::Remote => remote(scheduler, count, plan),
        Operation::Idle => idle_round(scheduler, count),
    }
}

/// The output of a task that has run.
fn output<T>(task: impl Future<Output = T>) -> T {
    match pin!(task).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("the task has run"),
    }
}

fn remote<S: Scheduler>(scheduler: S, count: u64, plan: &Plan) -> Round<'_> {
    Box::new(move |passes| {
        let tally = Tally::<false>::leaked();
        let bells: Arc<[Bell]> = (0..BELLS).map(|_| Bell::default()).collect();
        for at in 0..bells.len() {
            let bells = bells.clone();
            scheduler.detach(async move { tally.add(bells[at].wait(passes * count / BELLS).await) });
        }
        scheduler.run();
        beside_ringer(&bells, plan, || {
            let mut spins = 0_u32;
            while tally.now() < passes * count {
                scheduler.run();
                spins += 1;
                // Where there are fewer processors than threads, the other one needs this one's.
                if spins.is_multiple_of(4096) { thread::yield_now() } else { hint::spin_loop() }
            }
            tally.take()
        })
    })
}

/// Runs `work` on the clock, while another thread rings the bells.
pub(in crate::groups) fn beside_ringer(bells: &[Bell], plan: &Plan, work: impl FnOnce() -> u64) -> Measured {
    let over = AtomicBool::new(false);
    let began = AtomicBool::new(false);
    thread::scope(|scope| {
        let ringer = scope.spawn(|| {
            plan.pin(1);
            let before = taken_away();
            began.store(true, Ordering::Release);
            while !over.load(Ordering::Relaxed) {
                bells.iter().for_each(Bell::ring);
            }
            taken_away() != before
        });
        while !began.load(Ordering::Acquire) {
            thread::yield_now();
        }
        let measured = clocked(work);
        over.store(true, Ordering::Relaxed);
        let disturbed = ringer.join().expect("the ringer panicked");
        Measured { disturbed: measured.disturbed || disturbed, ..measured }
    })
}

fn idle_round<'a, S: Scheduler>(scheduler: S, count: u64) -> Round<'a> {
    let tally = Tally::<false>::leaked();
    Box::new(move |passes| {
        let mut all = Measured::default();
        for _ in 0..passes {
            let mut tasks = Vec::with_capacity(usize::try_from(count).expect("fewer than memory has"));
            all += clocked(|| {
                tasks.extend((0..count).map(|_| scheduler.spawn(idle(tally))));
                scheduler.run();
                tally.take()
            });
            drop(tasks);
            scheduler.run();
        }
        all
    })
}
