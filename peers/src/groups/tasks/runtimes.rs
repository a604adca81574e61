//! Whole runtimes.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::thread;

use futures::executor::{LocalPool, LocalSpawner};
use futures::future::RemoteHandle;
use futures::task::LocalSpawnExt;

use super::Operation;
use super::runtime::{Runtime, round};
use crate::harness::Case;
use crate::plan::Plan;
use crate::report::Side;

/// Adds them all to a case.
pub(super) fn add<'a>(case: &mut Case<'a>, operation: Operation, count: u64, plan: &'a Plan) {
    case.add(Side::Context, "tokio, current thread", round::<TokioLocal>(operation, count, plan));
    case.add(Side::Context, "tokio, two threads", round::<TokioThreads>(operation, count, plan));
    case.add(Side::Context, "async-executor", round::<Executor>(operation, count, plan));
    if !matches!(operation, Operation::Idle | Operation::Remote) {
        // Its executor is one for the whole process: tasks that wait for ever would stay in it. Its thread sleeps between
        // wakes, so that in the time of one round of it the others' would be too short to be steady.
        case.add(Side::Context, "smol", round::<Smol>(operation, count, plan));
    }
    case.add(Side::Context, "futures LocalPool", round::<Pool>(operation, count, plan));
}

struct TokioLocal(tokio::runtime::Runtime);
struct TokioThreads(tokio::runtime::Runtime);

/// tokio's handle without its error: no task here panics or is aborted while somebody waits.
struct TokioJoin<T>(tokio::task::JoinHandle<T>);

impl<T> Future for TokioJoin<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        Pin::new(&mut self.0).poll(context).map(|output| output.expect("the task ended well"))
    }
}

/// The same but for the maker.
macro_rules! tokio_runtime {
    ($name:ident, $make:expr) => {
        impl Runtime for $name {
            type Join<T: Send + 'static> = TokioJoin<T>;

            fn new(plan: &Plan) -> Self {
                let (plan, threads) = (plan.clone(), AtomicUsize::new(0));
                let started = move || plan.pin(threads.fetch_add(1, Ordering::Relaxed));
                Self($make.on_thread_start(started).build().expect("a runtime can be made"))
            }

            fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
                self.0.block_on(future)
            }

            fn spawn<F>(&self, future: F) -> TokioJoin<F::Output>
            where
                F: Future + Send + 'static,
                F::Output: Send + 'static,
            {
                TokioJoin(self.0.spawn(future))
            }

            fn detach(join: TokioJoin<()>) {
                drop(join);
            }
        }
    };
}

tokio_runtime!(TokioLocal, tokio::runtime::Builder::new_current_thread());
tokio_runtime!(TokioThreads, tokio::runtime::Builder::new_multi_thread().worker_threads(2));

struct Executor(async_executor::Executor<'static>);

impl Runtime for Executor {
    type Join<T: Send + 'static> = async_executor::Task<T>;

    fn new(_: &Plan) -> Self {
        Self(async_executor::Executor::new())
    }

    fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        futures_lite::future::block_on(self.0.run(future))
    }

    fn spawn<F>(&self, future: F) -> async_executor::Task<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.0.spawn(future)
    }

    fn detach(join: async_executor::Task<()>) {
        join.detach();
    }
}

/// Spawns into its one global executor, which one thread of its own runs.
struct Smol;

impl Runtime for Smol {
    type Join<T: Send + 'static> = smol::Task<T>;

    fn new(plan: &Plan) -> Self {
        // Its thread begins with the first task, on the processor of who spawned that.
        thread::scope(|scope| {
            scope.spawn(|| {
                plan.pin(1);
                smol::block_on(smol::spawn(async {}));
            });
        });
        Self
    }

    fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        smol::block_on(future)
    }

    fn spawn<F>(&self, future: F) -> smol::Task<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        smol::spawn(future)
    }

    fn detach(join: smol::Task<()>) {
        join.detach();
    }
}

struct Pool {
    pool: RefCell<LocalPool>,
    spawner: LocalSpawner,
}

impl Runtime for Pool {
    type Join<T: Send + 'static> = RemoteHandle<T>;

    fn new(_: &Plan) -> Self {
        let pool = LocalPool::new();
        Self { spawner: pool.spawner(), pool: RefCell::new(pool) }
    }

    fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.pool.borrow_mut().run_until(future)
    }

    fn spawn<F>(&self, future: F) -> RemoteHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.spawner.spawn_local_with_handle(future).expect("the pool is there")
    }

    fn detach(join: RemoteHandle<()>) {
        join.forget();
    }
}
