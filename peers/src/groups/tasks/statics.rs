//! Tasks in places that live for ever, which nothing allocates: this crate's beside embassy-executor's.
//!
//! One place, again and again. Both have a queue without allocation behind them; the pender of embassy's executor, which
//! says that there is something to poll, sets a flag.

use std::cell::RefCell;
use std::future::Future;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use embassy_executor::raw::{Executor, TaskStorage};
use waker_tables::{Anywhere, Linked, Queue, Run, Runnable, Schedule, StaticTask, Taker};

use super::Operation;
use super::work::{Tally, Yields};
use crate::harness::{Case, Round, timed};
use crate::report::Side;

/// The candidate that others are divided by.
const REFERENCE: &str = "embassy-executor";

/// What tasks in statics are measured at.
pub(super) const OPERATIONS: [(Operation, &str); 2] =
    [(Operation::Detached, "spawn and finish, in a static"), (Operation::Yield, "yield, in a static")];

/// The comparison of one of them.
pub(super) fn case(operation: Operation, name: &str, count: u64) -> Case<'static> {
    let mut case = Case::new(name, "tasks-static", "ns", count);
    match operation {
        Operation::Detached => add(&mut case, 0..count, |tally, number| async move { tally.add(number) }),
        Operation::Yield => add(&mut case, count..count + 1, |tally, count| async move {
            Yields(count).await;
            tally.add(count);
        }),
        _ => unreachable!("it is none of the list above"),
    }
    case.reference(REFERENCE);
    case
}

/// Adds the candidates. A pass makes and runs a task for each of the numbers.
fn add<F: Future<Output = ()> + Send + 'static>(
    case: &mut Case<'_>,
    numbers: Range<u64>,
    make: fn(&'static Tally<false>, u64) -> F,
) {
    case.add(Side::Own, "waker_tables StaticTask, in its own Queue", round(Own::leaked(), numbers.clone(), make));
    case.add(Side::Peer, REFERENCE, round(Embassy::leaked(), numbers, make));
}

/// A place for one task, and the executor that runs it.
trait Place<F>: 'static {
    fn spawn(&self, make: impl FnOnce() -> F);

    /// Runs what the queue holds, until it holds nothing.
    fn run(&self);
}

fn round<F: 'static>(
    place: impl Place<F>,
    numbers: Range<u64>,
    make: fn(&'static Tally<false>, u64) -> F,
) -> Round<'static> {
    let tally = Tally::leaked();
    timed(move || {
        for number in numbers.clone() {
            place.spawn(|| make(tally, number));
            place.run();
        }
        tally.take()
    })
}

/// Header data without a size, since the queue is a static, too.
struct InQueue;

static QUEUE: Queue<InQueue> = Queue::new();

#[inline]
fn push(runnable: Runnable<Linked<InQueue>>) {
    QUEUE.push(runnable).expect("nobody closes it");
}

impl Schedule<Anywhere, Linked<Self>> for InQueue {
    #[inline]
    fn schedule(&self, runnable: Runnable<Linked<Self>>) {
        push(runnable);
    }
}

struct Own<F: 'static> {
    place: &'static StaticTask<Linked<InQueue>, F>,
    taker: RefCell<Taker<'static, InQueue>>,
}

impl<F> Own<F> {
    fn leaked() -> Self {
        let taker = QUEUE.taker().expect("one comparison at a time");
        Self { place: Box::leak(Box::new(StaticTask::new(Linked::new(InQueue)))), taker: RefCell::new(taker) }
    }
}

impl<F: Future<Output = ()> + Send + 'static> Place<F> for Own<F> {
    #[inline]
    fn spawn(&self, make: impl FnOnce() -> F) {
        push(self.place.claim().expect("the task before is over").spawn(make));
    }

    #[inline]
    fn run(&self) {
        let mut taker = self.taker.borrow_mut();
        while let Some(runnable) = taker.pop() {
            if let Run::Woken(again) = runnable.run_once() {
                push(again);
            }
        }
    }
}

/// Whether embassy's executor has something to poll.
static PENDING: AtomicBool = AtomicBool::new(false);

#[unsafe(export_name = "__pender")]
fn pender(_: *mut ()) {
    PENDING.store(true, Ordering::Relaxed);
}

struct Embassy<F: Future + 'static> {
    place: &'static TaskStorage<F>,
    executor: &'static Executor,
}

impl<F: Future> Embassy<F> {
    fn leaked() -> Self {
        let executor = Executor::new(std::ptr::null_mut());
        Self { place: Box::leak(Box::new(TaskStorage::new())), executor: Box::leak(Box::new(executor)) }
    }
}

impl<F: Future<Output = ()> + Send + 'static> Place<F> for Embassy<F> {
    #[inline]
    fn spawn(&self, make: impl FnOnce() -> F) {
        let token = self.place.spawn(make).expect("the task before is over");
        self.executor.spawner().spawn(token);
    }

    #[inline]
    fn run(&self) {
        while PENDING.load(Ordering::Relaxed) {
            PENDING.store(false, Ordering::Relaxed);
            // SAFETY: no task and no pender calls this.
            unsafe { self.executor.poll() };
        }
    }
}
