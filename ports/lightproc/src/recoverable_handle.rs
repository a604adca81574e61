//! The handle that awaits a process which may panic.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::thread;

use crate::proc_handle::ProcHandle;
use crate::proc_stack::ProcStack;
use crate::state::State;

/// A [`ProcHandle`] that calls back where the process panicked.
pub struct RecoverableHandle<R> {
    handle: ProcHandle<thread::Result<R>>,
}

impl<R> RecoverableHandle<R> {
    pub(crate) fn new(handle: ProcHandle<thread::Result<R>>) -> Self {
        Self { handle }
    }

    /// [`ProcHandle::cancel`].
    pub fn cancel(&self) {
        self.handle.cancel();
    }

    /// [`ProcHandle::stack`].
    pub fn stack(&self) -> &ProcStack {
        self.handle.stack()
    }

    /// [`ProcHandle::state`].
    pub fn state(&self) -> State {
        self.handle.state()
    }
}

impl<R> Future for RecoverableHandle<R> {
    type Output = Option<R>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<R>> {
        Pin::new(&mut self.handle).poll(context).map(|output| {
            let output = output?;
            if output.is_err() {
                self.stack().after_panic();
            }
            output.ok()
        })
    }
}

impl<R> fmt::Debug for RecoverableHandle<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RecoverableHandle").field(&self.handle).finish()
    }
}
