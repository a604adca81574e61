//! async-task behind each queue.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::Future;
use std::sync::{Arc, LazyLock, Mutex};

use async_task::{Runnable, Task};
use crossbeam_deque::Injector;

use super::hand::{Scheduler, round};
use super::queue::Queue;
use super::{Kind, Operation};
use crate::harness::Case;
use crate::plan::Plan;
use crate::report::Side;

/// The candidate that others are divided by.
pub(super) const REFERENCE: &str = "async-task, captures nothing";

/// Adds the two candidates of one queue to a case.
pub(super) fn add<'a>(case: &mut Case<'a>, operation: Operation, kind: Kind, count: u64, plan: &'a Plan) {
    let (fixed, capturing) = match kind {
        Kind::Local => {
            (round(Behind(Local), operation, count, plan), round(Behind(Numbered(1)), operation, count, plan))
        }
        Kind::Mutexed => {
            let queue = Arc::new(Mutex::new(VecDeque::new()));
            (round(Behind(Mutexed), operation, count, plan), round(Behind(queue), operation, count, plan))
        }
        Kind::Deque => {
            let queue = Arc::new(Injector::new());
            (round(Behind(Deque), operation, count, plan), round(Behind(queue), operation, count, plan))
        }
    };
    case.add(Side::Peer, REFERENCE, fixed);
    case.add(Side::Peer, "async-task, captures 8 bytes", capturing);
}

/// What a schedule function holds of its queue: nothing, or eight bytes.
trait Access: Clone + Send + Sync + 'static {
    fn push(&self, runnable: Runnable);
    fn pop(&self) -> Option<Runnable>;
}

#[derive(Debug, Clone)]
struct Behind<A>(A);

impl<A: Access> Scheduler for Behind<A> {
    type Join<T: Send + 'static> = Task<T>;

    #[inline]
    fn spawn<F>(&self, future: F) -> Task<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let access = self.0.clone();
        let (runnable, task) = async_task::spawn(future, move |runnable| access.push(runnable));
        runnable.schedule();
        task
    }

    #[inline]
    fn detach(&self, future: impl Future<Output = ()> + Send + 'static) {
        self.spawn(future).detach();
    }

    #[inline]
    fn run(&self) {
        while let Some(runnable) = self.0.pop() {
            runnable.run();
        }
    }
}

thread_local! {
    static LOCAL: [RefCell<VecDeque<Runnable>>; 2] = const { [const { RefCell::new(VecDeque::new()) }; 2] };
}
static MUTEXED: Mutex<VecDeque<Runnable>> = Mutex::new(VecDeque::new());
static DEQUE: LazyLock<Injector<Runnable>> = LazyLock::new(Injector::new);

#[derive(Debug, Clone)]
struct Local;
#[derive(Debug, Clone)]
struct Numbered(usize);
#[derive(Debug, Clone)]
struct Mutexed;
#[derive(Debug, Clone)]
struct Deque;

impl Access for Local {
    #[inline]
    fn push(&self, runnable: Runnable) {
        LOCAL.with(|queues| Queue::push(&queues[0], runnable));
    }

    #[inline]
    fn pop(&self) -> Option<Runnable> {
        LOCAL.with(|queues| Queue::pop(&queues[0]))
    }
}

impl Access for Numbered {
    #[inline]
    fn push(&self, runnable: Runnable) {
        LOCAL.with(|queues| Queue::push(&queues[self.0], runnable));
    }

    #[inline]
    fn pop(&self) -> Option<Runnable> {
        LOCAL.with(|queues| Queue::pop(&queues[self.0]))
    }
}

impl Access for Mutexed {
    #[inline]
    fn push(&self, runnable: Runnable) {
        Queue::push(&MUTEXED, runnable);
    }

    #[inline]
    fn pop(&self) -> Option<Runnable> {
        Queue::pop(&MUTEXED)
    }
}

impl Access for Deque {
    #[inline]
    fn push(&self, runnable: Runnable) {
        Queue::push(&*DEQUE, runnable);
    }

    #[inline]
    fn pop(&self) -> Option<Runnable> {
        Queue::pop(&*DEQUE)
    }
}

impl<Q: Queue<Runnable> + Send + Sync + 'static> Access for Arc<Q> {
    #[inline]
    fn push(&self, runnable: Runnable) {
        Queue::push(&**self, runnable);
    }

    #[inline]
    fn pop(&self) -> Option<Runnable> {
        Queue::pop(&**self)
    }
}
