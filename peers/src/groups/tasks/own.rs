//! This crate's shared tasks behind each queue, and its own queue beside crossbeam's.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, LazyLock, Mutex};
use std::task::{Context, Poll};
use std::thread::LocalKey;

use crossbeam_deque::Injector;
use waker_tables::{
    Anywhere, JoinHandle, Linked, Queue, Run, Runnable, Schedule, Task, TaskList, spawn, spawn_detached,
};

use super::access::{Access, Deque, Local, Mutexed, Numbered};
use super::behind::{self, Crate, ThreadQueue, statics};
use super::hand::{Scheduler, round};
use super::{Kind, Operation};
use crate::harness::Case;
use crate::plan::Plan;
use crate::report::Side;

/// Adds the candidates of one queue to a case.
pub(super) fn add<'a>(case: &mut Case<'a>, operation: Operation, kind: Kind, count: u64, plan: &'a Plan) {
    let names = ["waker_tables, header of 0 bytes", "waker_tables, header of 8 bytes"];
    behind::add::<Own>(case, Side::Own, names, (operation, kind), count, plan);
    if kind == Kind::Deque {
        let name = "waker_tables, in its own Queue";
        case.add(Side::Own, name, round(Intrusive::<false, false>::new(), operation, count, plan));
        let name = "waker_tables, in its own Queue, on a list";
        case.add(Side::Own, name, round(Intrusive::<true, false>::new(), operation, count, plan));
        let name = "waker_tables, in its own Queue, in batches";
        case.add(Side::Own, name, round(Intrusive::<false, true>::new(), operation, count, plan));
    }
}

struct Own;

statics!(Own);

/// Header data that pushes to where `A` leads.
pub(in crate::groups) struct Held<A>(A);

impl<A: Access<Own>> Schedule for Held<A> {
    #[inline]
    fn schedule(&self, runnable: Runnable<Self>) {
        self.0.push(runnable);
    }
}

/// The output of a task that is not cancelled.
pub(in crate::groups) struct Output<T, H: 'static>(JoinHandle<T, H>);

impl<T, H: 'static> Future for Output<T, H> {
    type Output = T;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        Pin::new(&mut self.0).poll(context).map(|output| output.expect("nobody cancels it"))
    }
}

impl Crate for Own {
    type Runnable<A: Send + Sync + 'static> = Runnable<Held<A>>;
    type Join<T: Send + 'static, A: Send + Sync + 'static> = Output<T, Held<A>>;

    #[inline]
    fn spawn<F, A>(future: F, access: A) -> (Self::Runnable<A>, Self::Join<F::Output, A>)
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
        A: Access<Self>,
    {
        let (runnable, handle) = spawn(future, Held(access));
        (runnable, Output(handle))
    }

    #[inline]
    fn spawn_detached<F, A>(future: F, access: A) -> Self::Runnable<A>
    where
        F: Future<Output = ()> + Send + 'static,
        A: Access<Self>,
    {
        spawn_detached(future, Held(access))
    }

    #[inline]
    fn run<A: Access<Self>>(runnable: Self::Runnable<A>, access: &A) {
        if let Run::Woken(again) = runnable.run_once() {
            access.push(again);
        }
    }
}

/// Tasks with a link in the header, in a queue that does not allocate; on a list, or run in batches, if it says so.
#[derive(Clone)]
struct Intrusive<const LISTED: bool, const BATCHES: bool> {
    queue: Arc<Queue<Self>>,
    list: &'static TaskList<Linked<Self>>,
}

impl<const LISTED: bool, const BATCHES: bool> Intrusive<LISTED, BATCHES> {
    fn new() -> Self {
        Self { queue: Arc::default(), list: Box::leak(Box::default()) }
    }

    #[inline]
    fn push(&self, runnable: Runnable<Linked<Self>>) {
        self.queue.push(runnable).expect("nobody closes it");
    }

    #[inline]
    fn run_one(&self, runnable: Runnable<Linked<Self>>) {
        if let Run::Woken(again) = runnable.run_once() {
            self.push(again);
        }
    }
}

impl<const LISTED: bool, const BATCHES: bool> Schedule<Anywhere, Linked<Self>> for Intrusive<LISTED, BATCHES> {
    #[inline]
    fn schedule(&self, runnable: Runnable<Linked<Self>>) {
        self.push(runnable);
    }
}

impl<const LISTED: bool, const BATCHES: bool> Scheduler for Intrusive<LISTED, BATCHES> {
    type Join<T: Send + 'static> = Output<T, Linked<Self>>;

    #[inline]
    fn spawn<F>(&self, future: F) -> Self::Join<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let task = Task::new(future, Linked::new(self.clone()));
        let (runnable, handle) = if LISTED { task.list(self.list).spawn() } else { task.spawn() };
        self.push(runnable);
        Output(handle)
    }

    #[inline]
    fn detach(&self, future: impl Future<Output = ()> + Send + 'static) {
        let task = Task::new(future, Linked::new(self.clone())).detached();
        self.push(if LISTED { task.list(self.list).spawn() } else { task.spawn() });
    }

    #[inline]
    fn run(&self) {
        let mut taker = self.queue.taker().expect("one takes");
        if BATCHES {
            while !self.queue.is_empty() {
                taker.batch().for_each(|runnable| self.run_one(runnable));
            }
        } else {
            taker.for_each(|runnable| self.run_one(runnable));
        }
    }
}
