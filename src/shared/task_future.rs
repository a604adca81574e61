//! Tasks that are polled by hand, as futures.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

use crate::task::WakeableTask;

/// A [`WakeableTask`] as a future, so that it can be spawned.
///
/// Only its `poll` is called, and its `close` where it is dropped before it was ready: when its task is cancelled, panicked,
/// or left by all who could wake it. Its `wake` never is, since waking does not touch a body. Who wakes it? A task waits with the wakers that it was given.
#[derive(Debug)]
pub struct TaskFuture<T: WakeableTask> {
    task: T,
    open: bool,
}

impl<T: WakeableTask> TaskFuture<T> {
    /// Wraps `task`.
    pub const fn new(task: T) -> Self {
        Self { task, open: true }
    }
}

/// `task` is used by `&mut` alone and never pinned.
impl<T: WakeableTask> Unpin for TaskFuture<T> {}

impl<T: WakeableTask> Future for TaskFuture<T> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<()> {
        let polled = self.task.poll();
        self.open &= polled.is_pending();
        polled
    }
}

impl<T: WakeableTask> Drop for TaskFuture<T> {
    fn drop(&mut self) {
        if self.open {
            self.task.close();
        }
    }
}
