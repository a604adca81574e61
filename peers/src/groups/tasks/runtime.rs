//! The operations inside of a whole runtime.

use std::future::Future;
use std::sync::Arc;

use super::Operation;
use super::hand::{BELLS, beside_ringer};
use super::work::{Bell, Court, Gate, Tally, Yields, idle};
use crate::harness::{Measured, Round, clocked, timed};
use crate::plan::Plan;

/// A runtime that spawns.
pub(super) trait Runtime: Sized + 'static {
    /// What waits for an output. Dropping it may cancel the task.
    type Join<T: Send + 'static>: Future<Output = T>;

    /// Threads of its own go to the plan's processors, not all to that of the caller.
    fn new(plan: &Plan) -> Self;

    /// Drives the runtime until `future` is done.
    fn block_on<T>(&self, future: impl Future<Output = T>) -> T;

    /// Spawns from inside of `block_on`.
    fn spawn<F>(&self, future: F) -> Self::Join<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static;

    /// Lets the task run without anybody waiting.
    fn detach(join: Self::Join<()>);
}

/// A candidate's rounds of one operation.
pub(super) fn round<R: Runtime>(operation: Operation, count: u64, plan: &Plan) -> Round<'_> {
    if operation == Operation::Idle {
        return idle_round::<R>(count, plan);
    }
    let runtime = R::new(plan);
    let tally = Tally::<true>::leaked();
    match operation {
        Operation::Joined => timed(move || {
            runtime.block_on(async {
                let mut sum = 0;
                for number in 0..count {
                    sum += runtime.spawn(async move { number }).await;
                }
                sum
            })
        }),
        Operation::Detached => timed(move || {
            let sum = count * (count - 1) / 2;
            runtime.block_on(async {
                for number in 0..count {
                    R::detach(runtime.spawn(async move { tally.add(number) }));
                }
                tally.reached(sum).await;
            });
            tally.take()
        }),
        Operation::Yield => timed(move || {
            runtime.block_on(runtime.spawn(async move {
                Yields(count).await;
                count
            }))
        }),
        Operation::PingPong => {
            let table: &'static Court = Box::leak(Box::default());
            timed(move || {
                table.reset();
                runtime.block_on(async {
                    let players = [0, 1].map(|player| runtime.spawn(table.play(player, count / 2)));
                    let [one, other] = players;
                    one.await + other.await
                })
            })
        }
        Operation::FanIn => {
            let gate: &'static Gate = Box::leak(Box::default());
            timed(move || {
                runtime.block_on(async {
                    let all = runtime.spawn(gate.all(count));
                    for _ in 0..count {
                        R::detach(runtime.spawn(gate.end()));
                    }
                    all.await
                })
            })
        }
        Operation::Remote => Box::new(move |passes| {
            let bells: Arc<[Bell]> = (0..BELLS).map(|_| Bell::default()).collect();
            let ringing = bells.clone();
            beside_ringer(&ringing, plan, || {
                runtime.block_on(async {
                    let wait = |at: usize| {
                        let bells = bells.clone();
                        runtime.spawn(async move { bells[at].wait(passes * count / BELLS).await })
                    };
                    let tasks: Vec<_> = (0..bells.len()).map(wait).collect();
                    let mut sum = 0;
                    for task in tasks {
                        sum += task.await;
                    }
                    sum
                })
            })
        }),
        Operation::Idle => unreachable!("done above"),
    }
}

/// A runtime of its own for each pass: dropping it drops the tasks.
fn idle_round<R: Runtime>(count: u64, plan: &Plan) -> Round<'_> {
    let tally = Tally::<true>::leaked();
    Box::new(move |passes| {
        let mut all = Measured::default();
        for _ in 0..passes {
            let runtime = R::new(plan);
            let mut tasks = Vec::with_capacity(usize::try_from(count).expect("fewer than memory has"));
            all += clocked(|| {
                runtime.block_on(async {
                    tasks.extend((0..count).map(|_| runtime.spawn(idle(tally))));
                    tally.reached(count).await;
                });
                tally.take()
            });
            drop(tasks);
            drop(runtime);
        }
        all
    })
}
