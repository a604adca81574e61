//! A process that is to run.

use std::fmt;
use std::future::Future;

use waker_tables::{CatchUnwind, Ran, Runnable, Task};

use crate::proc_handle::ProcHandle;
use crate::proc_stack::ProcStack;
use crate::recoverable_handle::RecoverableHandle;

/// The right to run a process once. It exists while the process is scheduled; dropped, it cancels the process.
pub struct LightProc {
    runnable: Runnable<ProcStack>,
}

impl LightProc {
    /// A process whose panic is not that of who runs it.
    pub fn recoverable<F, R, S>(future: F, schedule: S, stack: ProcStack) -> (Self, RecoverableHandle<R>)
    where
        F: Future<Output = R> + Send + 'static,
        R: Send + 'static,
        S: Fn(Self) + Send + Sync + 'static,
    {
        let (process, handle) = Self::build(CatchUnwind::new(future), schedule, stack);
        (process, RecoverableHandle::new(handle))
    }

    /// A process whose panic leaves [`run`](Self::run).
    #[inline]
    pub fn build<F, R, S>(future: F, schedule: S, stack: ProcStack) -> (Self, ProcHandle<R>)
    where
        F: Future<Output = R> + Send + 'static,
        R: Send + 'static,
        S: Fn(Self) + Send + Sync + 'static,
    {
        let task = Task::new(future, stack).hook(move |_, runnable| schedule(Self { runnable }));
        let (runnable, handle) = task.spawn();
        (Self { runnable }, ProcHandle::new(handle))
    }

    /// Hands the process to its schedule function.
    #[inline]
    pub fn schedule(self) {
        self.runnable.schedule();
    }

    /// Polls the process once, and hands it to its schedule function if it was woken meanwhile.
    #[inline]
    pub fn run(self) {
        if self.stack().is_watched() {
            self.run_watched();
        } else {
            self.runnable.run();
        }
    }

    fn run_watched(self) {
        let task = self.runnable.task();
        if !task.is_cancelled() {
            task.header().before_start();
        }
        if self.runnable.run() == Ran::Complete && !task.is_cancelled() {
            task.header().after_complete();
        }
    }

    /// Forbids further polls; the run that follows drops the process.
    pub fn cancel(&self) {
        self.runnable.task().cancel();
    }

    /// The stack of the process.
    #[inline]
    pub fn stack(&self) -> &ProcStack {
        self.runnable.header()
    }
}

impl fmt::Debug for LightProc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LightProc").field("task", &self.runnable).field("stack", self.stack()).finish()
    }
}
