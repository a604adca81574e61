//! The executor of one thread.

use std::cell::Cell;
use std::future::Future;
use std::mem;
use std::sync::Arc;
use std::task::Waker;

use waker_tables::{CatchUnwind, Home, Linked, LocalRunnable, Run, Task, TaskList, TaskRef};

use crate::console::SpawnMeta;
use crate::join_handle::JoinHandle;
use crate::schedule::{Header, Queues, ToHome};

/// Runs tasks on one thread, whose wakers go to any.
#[derive(Debug)]
pub struct Executor {
    home: Home,
    queues: Arc<Queues>,
    /// All tasks whose body is alive.
    tasks: Arc<TaskList<Header>>,
    max_interval: u32,
    /// How many of them are being run: more than one where a task calls [`tick`](Self::tick).
    running: Cell<usize>,
}

/// How an [`Executor`] is made.
#[derive(Debug, Clone)]
pub struct ExecutorConfig {
    /// Not used: the queue for other threads grows with the tasks, whose links it is made of.
    pub sync_queue_size: usize,
    /// Not used, for the same reason.
    pub local_queue_size: usize,
    /// So many tasks at the most run in a [`tick`](Executor::tick).
    pub max_interval: u32,
    /// Woken when there is something to run again.
    pub waker: Option<Waker>,
}

impl Default for ExecutorConfig {
    fn default() -> Self {
        Self { sync_queue_size: 64, local_queue_size: 64, max_interval: 61, waker: None }
    }
}

impl Executor {
    /// An executor for this thread.
    pub fn new() -> Self {
        Self::with_config(ExecutorConfig::default())
    }

    /// An executor for this thread.
    pub fn with_config(config: ExecutorConfig) -> Self {
        let home = Home::new();
        Self {
            queues: Arc::new(Queues::new(home.thread(), config.waker)),
            home,
            tasks: Arc::default(),
            max_interval: config.max_interval,
            running: Cell::new(0),
        }
    }

    /// Makes a task, which runs from the next [`tick`](Self::tick) on.
    #[track_caller]
    pub fn spawn<F: Future + 'static>(&self, future: F) -> JoinHandle<F::Output> {
        self.spawn_at(future, SpawnMeta::capture())
    }

    /// [`spawn`](Self::spawn), with what a console is told.
    #[cfg_attr(not(feature = "console"), expect(unused_variables, reason = "nobody is told"))]
    pub fn spawn_at<F: Future + 'static>(&self, future: F, meta: SpawnMeta) -> JoinHandle<F::Output> {
        let header = Linked::new(ToHome(self.queues.clone()));
        let task = Task::new(CatchUnwind::new(future), header).at(&self.home).list(self.tasks.clone());
        #[cfg(feature = "console")]
        let task = task.span(meta.span("task", size_of::<F>()));
        let (runnable, handle) = task.spawn();
        self.queues.push(runnable);
        JoinHandle::new(handle)
    }

    /// Runs what was woken, first what was woken here, and as many as configured. The answer is whether there is more here.
    pub fn tick(&self) -> bool {
        self.run(self.max_interval, |_| {})
    }

    /// Whether a task waits to be run.
    #[doc(hidden)]
    pub fn has_task(&self) -> bool {
        !self.queues.local.is_empty() || !self.queues.remote.is_empty()
    }

    /// Drops all tasks.
    pub fn clear(&self) {
        let cancel = |task: &TaskRef<Header>| {
            task.cancel();
        };
        self.tasks.for_each(cancel);
        // What runs now, and calls this, ends later.
        while self.tasks.len() > self.running.get() {
            // Of tasks that destructors make meanwhile, too.
            self.run(u32::MAX, |runnable| cancel(&runnable.task()));
            // Another thread may be about to queue the next one.
            yield_now();
        }
    }

    /// Runs tasks until there are no more, or so many; `before` sees each of them. The answer is whether there are more.
    ///
    /// Panics of the future are the joiner's. What else panics, a destructor or the driver's waker, ends the process.
    #[inline]
    fn run(&self, most: u32, before: impl Fn(&LocalRunnable<Header>)) -> bool {
        let local = &self.queues.local;
        if self.queues.any_elsewhere() {
            self.fetch_remote();
        }
        for _ in 0..most {
            // The right to take is given back before the task runs, which may call `tick`.
            let Some(runnable) = local.taker().and_then(|mut taker| taker.pop()) else { break };
            let last = local.is_empty();
            before(&runnable);
            let abort = Abort;
            self.running.set(self.running.get() + 1);
            let ran = self.home.run_once(runnable).expect("only tasks of this home are in its queues");
            self.running.set(self.running.get() - 1);
            mem::forget(abort);
            if let Run::Woken(runnable) = ran {
                self.queues.push(runnable);
            }
            if last {
                break; // What was woken meanwhile waits for the next tick.
            }
        }
        !local.is_empty()
    }

    /// Puts what other threads have woken behind what was woken here.
    #[cold]
    fn fetch_remote(&self) {
        for runnable in self.queues.remote.taker().into_iter().flatten() {
            self.queues.push(runnable);
        }
    }
}

impl Default for Executor {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Executor {
    fn drop(&mut self) {
        self.tasks.close();
        self.clear();
    }
}

/// Ends the process when it is dropped.
struct Abort;

impl Drop for Abort {
    fn drop(&mut self) {
        #[cfg(not(loom))] // whose own panics say why a model fails
        std::process::abort();
    }
}

#[cfg(loom)]
use loom::thread::yield_now;
#[cfg(not(loom))]
use std::thread::yield_now;
