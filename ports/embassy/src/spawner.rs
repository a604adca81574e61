//! What brings a task to an executor.

use core::fmt;
use core::future::{Future, poll_fn};
use core::marker::PhantomData;
use core::task::Poll;

use waker_tables::Runnable;

use super::raw;
use crate::Metadata;

/// A task that is to be spawned on this thread's executor, or on any if `S` is `Send`.
///
/// # Panics
///
/// When it is dropped.
#[must_use = "a task function makes a token, which is to be given to `Spawner::spawn`"]
pub struct SpawnToken<S> {
    runnable: Option<Runnable<raw::Header>>,
    phantom: PhantomData<*mut S>,
}

impl<S> SpawnToken<S> {
    pub(crate) fn new(runnable: Runnable<raw::Header>) -> Self {
        Self { runnable: Some(runnable), phantom: PhantomData }
    }

    fn header(&self) -> &raw::Header {
        self.runnable.as_ref().expect("it is taken out by value").header()
    }

    fn into_runnable(mut self) -> Runnable<raw::Header> {
        self.runnable.take().expect("it is taken out by value")
    }

    /// A number of the task's own.
    pub fn id(&self) -> u32 {
        raw::id(self.header())
    }

    /// What is said of the task.
    pub fn metadata(&self) -> &Metadata {
        raw::metadata(self.header())
    }
}

impl<S> Drop for SpawnToken<S> {
    fn drop(&mut self) {
        assert!(self.runnable.is_none(), "a SpawnToken is to be given to Spawner::spawn");
    }
}

/// Why a task could not be made.
#[derive(Copy, Clone)]
pub enum SpawnError {
    /// As many tasks of this function as its `pool_size` says are not over.
    Busy,
}

impl fmt::Debug for SpawnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for SpawnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Busy: the task's `pool_size` is too small")
    }
}

impl core::error::Error for SpawnError {}

/// Spawns any task on this thread's executor.
#[derive(Copy, Clone)]
pub struct Spawner {
    executor: &'static raw::Executor,
}

impl Spawner {
    pub(crate) fn new(executor: &'static raw::Executor) -> Self {
        Self { executor }
    }

    /// The spawner of the executor that polls this.
    ///
    /// # Safety
    ///
    /// It is polled by the executor itself, with its own context.
    ///
    /// # Panics
    ///
    /// If the context is not this executor's.
    pub unsafe fn for_current_executor() -> impl Future<Output = Self> {
        poll_fn(|context| {
            let executor = raw::task_from_waker(context.waker()).header().executor();
            Poll::Ready(Self::new(raw::Executor::wrap(executor)))
        })
    }

    /// Spawns a task.
    pub fn spawn<S>(&self, token: SpawnToken<S>) {
        self.executor.spawn(token.into_runnable());
    }

    /// A spawner for other threads.
    pub fn make_send(&self) -> SendSpawner {
        SendSpawner::new(&self.executor.inner)
    }

    /// A number of the executor's own.
    pub fn executor_id(&self) -> usize {
        self.executor.id()
    }
}

/// Spawns tasks that are `Send` on an executor, from any thread.
#[derive(Copy, Clone)]
pub struct SendSpawner {
    executor: &'static raw::SyncExecutor,
}

impl SendSpawner {
    pub(crate) fn new(executor: &'static raw::SyncExecutor) -> Self {
        Self { executor }
    }

    /// The spawner of the executor that polls this.
    ///
    /// # Panics
    ///
    /// If the context is not this executor's.
    pub fn for_current_executor() -> impl Future<Output = Self> {
        poll_fn(|context| Poll::Ready(Self::new(raw::task_from_waker(context.waker()).header().executor())))
    }

    /// Spawns a task.
    pub fn spawn<S: Send>(&self, token: SpawnToken<S>) {
        self.executor.spawn(token.into_runnable());
    }
}
