//! async-task behind each queue: the peer.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::Future;
use std::sync::{LazyLock, Mutex};
use std::thread::LocalKey;

use async_task::{Runnable, Task};
use crossbeam_deque::Injector;

use super::access::{Access, Deque, Local, Mutexed, Numbered};
use super::behind::{self, Crate, ThreadQueue, statics};
use super::{Kind, Operation};
use crate::harness::Case;
use crate::plan::Plan;
use crate::report::Side;

/// The candidate that others are divided by.
pub(super) const REFERENCE: &str = "async-task, captures nothing";

/// Adds the candidates of one queue to a case.
pub(super) fn add<'a>(case: &mut Case<'a>, operation: Operation, kind: Kind, count: u64, plan: &'a Plan) {
    let names = [REFERENCE, "async-task, captures 8 bytes"];
    behind::add::<AsyncTask>(case, Side::Peer, names, (operation, kind), count, plan);
}

struct AsyncTask;

statics!(AsyncTask);

impl Crate for AsyncTask {
    type Runnable<A: Send + Sync + 'static> = Runnable;
    type Join<T: Send + 'static, A: Send + Sync + 'static> = Task<T>;

    #[inline]
    fn spawn<F, A>(future: F, access: A) -> (Runnable, Task<F::Output>)
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
        A: Access<Self>,
    {
        async_task::spawn(future, move |runnable| access.push(runnable))
    }

    #[inline]
    fn spawn_detached<F, A>(future: F, access: A) -> Runnable
    where
        F: Future<Output = ()> + Send + 'static,
        A: Access<Self>,
    {
        let (runnable, task) = Self::spawn(future, access);
        task.detach();
        runnable
    }

    /// It pushes by itself what woke itself.
    #[inline]
    fn run<A: Access<Self>>(runnable: Runnable, _: &A) {
        runnable.run();
    }
}
