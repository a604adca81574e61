//! The handle that awaits a process.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use waker_tables::JoinHandle;

use crate::proc_stack::ProcStack;
use crate::state::State;

/// A future of what a process gave: `None` if it was cancelled or panicked, and once it was given. Dropped, it lets the
/// process run on.
pub struct ProcHandle<R> {
    handle: JoinHandle<R, ProcStack>,
    given: bool,
}

impl<R> ProcHandle<R> {
    pub(crate) fn new(handle: JoinHandle<R, ProcStack>) -> Self {
        Self { handle, given: false }
    }

    /// Forbids further polls, and hands the process to its schedule function if it is idle, to be dropped.
    pub fn cancel(&self) {
        self.handle.cancel();
    }

    /// The stack of the process.
    pub fn stack(&self) -> &ProcStack {
        self.handle.header()
    }

    /// What is known of the process now.
    pub fn state(&self) -> State {
        State::of_joined(self.handle.task().state(), self.given)
    }
}

impl<R> Future for ProcHandle<R> {
    type Output = Option<R>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<R>> {
        if self.given {
            return Poll::Ready(None);
        }
        let output = ready!(Pin::new(&mut self.handle).poll(context));
        self.given = true;
        Poll::Ready(output.ok())
    }
}

impl<R> fmt::Debug for ProcHandle<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProcHandle").field("task", &self.handle).field("stack", self.stack()).finish_non_exhaustive()
    }
}
