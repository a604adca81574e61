//! `FuturesUnordered`: no spawning, one task that drives many futures.

use std::pin::Pin;
use std::sync::Arc;

use futures::executor::block_on;
use futures::stream::{FuturesUnordered, StreamExt};

use super::Operation;
use super::hand::{BELLS, beside_ringer};
use super::work::{Bell, Court, Gate, Tally, Yields, idle};
use crate::harness::{Case, Measured, Round, clocked, timed};
use crate::plan::Plan;
use crate::report::Side;

/// Futures of several types; a box each, as a task has one.
type Boxed = Pin<Box<dyn Future<Output = u64>>>;

/// Adds it to a case. It knows no difference between joined and detached: outputs come out of the set.
pub(super) fn add<'a>(case: &mut Case<'a>, operation: Operation, count: u64, plan: &'a Plan) {
    let round = match operation {
        Operation::Joined | Operation::Detached => {
            let mut set = FuturesUnordered::new();
            timed(move || {
                let mut sum = 0;
                for number in 0..count {
                    set.push(boxed(async move { number }));
                    sum += drain(&mut set);
                }
                sum
            })
        }
        Operation::Yield => of(move |set| {
            set.push(boxed(async move {
                Yields(count).await;
                count
            }));
        }),
        Operation::PingPong => {
            let table: &'static Court = Box::leak(Box::default());
            of(move |set| {
                table.reset();
                for player in [0, 1] {
                    set.push(boxed(table.play(player, count / 2)));
                }
            })
        }
        Operation::FanIn => {
            let gate: &'static Gate = Box::leak(Box::default());
            of(move |set| {
                set.push(boxed(gate.all(count)));
                for _ in 0..count {
                    set.push(boxed(async {
                        gate.end().await;
                        0
                    }));
                }
            })
        }
        Operation::Remote => Box::new(move |passes| {
            let bells: Arc<[Bell]> = (0..BELLS).map(|_| Bell::default()).collect();
            let ringing = bells.clone();
            beside_ringer(&ringing, plan, || {
                let mut set = FuturesUnordered::new();
                for at in 0..bells.len() {
                    let bells = bells.clone();
                    set.push(boxed(async move { bells[at].wait(passes * count / BELLS).await }));
                }
                drain(&mut set)
            })
        }),
        Operation::Idle => idle_round(count),
    };
    case.add(Side::Context, "FuturesUnordered", round);
}

fn boxed(future: impl Future<Output = u64> + 'static) -> Boxed {
    Box::pin(future)
}

/// Runs all of the set and adds up what they give.
fn drain(set: &mut FuturesUnordered<Boxed>) -> u64 {
    block_on(set.fold(0, |sum, number| async move { sum + number }))
}

fn of(fill: impl Fn(&mut FuturesUnordered<Boxed>) + 'static) -> Round<'static> {
    let mut set = FuturesUnordered::new();
    timed(move || {
        fill(&mut set);
        drain(&mut set)
    })
}

fn idle_round(count: u64) -> Round<'static> {
    let tally = Tally::<false>::leaked();
    Box::new(move |passes| {
        let mut all = Measured::default();
        for _ in 0..passes {
            let mut set = FuturesUnordered::new();
            all += clocked(|| {
                for _ in 0..count {
                    set.push(boxed(async move {
                        idle(tally).await;
                        0
                    }));
                }
                block_on(async {
                    while tally.now() < count {
                        let polled = futures::poll!(set.next());
                        assert!(polled.is_pending(), "idle tasks do not end");
                        Yields(1).await;
                    }
                });
                tally.take()
            });
            drop(set);
        }
        all
    })
}
