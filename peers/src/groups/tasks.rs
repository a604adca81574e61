//! Futures behind a queue: what async-task does, and what whole runtimes do beside it.
//!
//! The peer is async-task in a loop of the user's own: a queue, a function that pushes, and a loop that pops and runs.
//! Three queues: a `VecDeque` of the thread, one behind a mutex, and crossbeam's `Injector`. Two kinds of schedule
//! function: one that captures nothing and finds the queue in a static, and one that captures eight bytes (an `Arc` of
//! the queue; for the thread's own, its number). Runtimes do more for each task; they stand there for orientation.
//!
//! Tasks in statics, which nothing allocates, have a peer of their own: embassy-executor.

use super::growth::growth;
use crate::harness::Case;
use crate::plan::Plan;
use crate::progress::Progress;
use crate::report::{CaseReport, GroupReport};

mod access;
mod async_task;
mod behind;
pub(super) mod hand;
mod own;
mod queue;
mod runtime;
mod runtimes;
mod statics;
mod unordered;
pub(super) mod work;

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
    /// One task is spawned, run, and its output taken; then the next.
    Joined,
    /// One task is spawned and run; then the next.
    Detached,
    /// One task wakes itself during its poll, again and again.
    Yield,
    /// Two tasks wake each other in turn.
    PingPong,
    /// A thousand tasks end, and each wakes the one that waits for all of them.
    FanIn,
    /// Another thread wakes 64 tasks in turn, while this one runs them.
    Remote,
    /// Many tasks are spawned and polled once, and all wait. They are dropped outside of the clock.
    Idle,
}

/// Where the schedule function pushes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Local,
    Mutexed,
    Deque,
}

impl Operation {
    const ALL: [(Self, &'static str, u64); 7] = [
        (Self::Joined, "spawn and finish, joined", 1_000),
        (Self::Detached, "spawn and finish, detached", 1_000),
        (Self::Yield, "yield", 1_000),
        (Self::PingPong, "ping-pong", 1_000),
        (Self::FanIn, "fan-in of 1 000", 1_000),
        (Self::Remote, "wake from another thread", 1_024),
        (Self::Idle, "idle: spawn and first poll", 1_000_000),
    ];
}

/// Runs the group.
pub(super) fn fill(plan: &Plan, progress: &mut Progress, report: &mut GroupReport) {
    let mut idle = None;
    for (operation, name, count) in Operation::ALL {
        let count = if operation == Operation::Idle { plan.scaled(1_000_000) as u64 } else { count };
        for (kind, queue) in
            [(Kind::Local, "the thread's queue"), (Kind::Mutexed, "queue behind a mutex"), (Kind::Deque, "Injector")]
        {
            if operation == Operation::Remote && kind == Kind::Local {
                continue; // Another thread cannot push there.
            }
            let title = match operation {
                Operation::Idle => format!("{name}, {count} tasks, {queue}"),
                _ => format!("{name}, {queue}"),
            };
            let case = compare(plan, progress, (operation, kind), &title, count);
            if operation == Operation::Idle && kind == Kind::Local {
                idle = Some((count, case.clone()));
            }
            report.cases.push(case);
        }
    }
    for (operation, name) in statics::OPERATIONS {
        report.cases.push(statics::case(operation, name, 1_000).measure(plan, progress));
    }
    report.growth.push(growth(plan, "spawn and first poll of one task among so many idle ones", |tasks| {
        let tasks = tasks as u64;
        match &idle {
            Some((count, case)) if *count == tasks => case.clone(),
            _ => compare(plan, progress, (Operation::Idle, Kind::Local), &format!("{tasks} idle tasks"), tasks),
        }
    }));
    report.notes.push(
        "Runtimes stand beside the first queue that an operation has. They keep their own queues, and a task of theirs \
         is spawned from inside of a future. smol has one executor for the whole process, where a million idle tasks \
         would stay, and one thread, which sleeps between wakes: it is not asked for these."
            .to_owned(),
    );
}

fn compare(
    plan: &Plan,
    progress: &mut Progress,
    (operation, kind): (Operation, Kind),
    name: &str,
    count: u64,
) -> CaseReport {
    let picture =
        if matches!(kind, Kind::Local) || operation == Operation::Remote { "tasks" } else { "tasks-queues" };
    let mut case = Case::new(name, picture, "ns", count);
    own::add(&mut case, operation, kind, count, plan);
    async_task::add(&mut case, operation, kind, count, plan);
    let first = if operation == Operation::Remote { Kind::Mutexed } else { Kind::Local };
    if kind == first {
        runtimes::add(&mut case, operation, count, plan);
        unordered::add(&mut case, operation, count, plan);
    }
    case.reference(async_task::REFERENCE);
    case.measure(plan, progress)
}
