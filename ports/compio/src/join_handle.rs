//! The handle that awaits a task, and cancels it when dropped.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::io;
use std::panic::resume_unwind;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::schedule::Header;

type Payload = Box<dyn Any + Send>;
type Handle<T> = waker_tables::JoinHandle<Result<T, Payload>, Header>;

/// A future of the output of a task. Dropped, it cancels the task.
#[must_use = "dropping it cancels the task; `detach` lets it run on"]
#[derive(Debug)]
pub struct JoinHandle<T> {
    /// Gone once it was detached, or gave the output.
    handle: Option<Handle<T>>,
}

impl<T> JoinHandle<T> {
    pub(crate) fn new(handle: Handle<T>) -> Self {
        Self { handle: Some(handle) }
    }

    /// Cancels the task and waits until its future is gone. `Some` if it was finished before.
    pub async fn cancel(self) -> Option<T> {
        self.handle.as_ref()?.cancel();
        self.await.ok()
    }

    /// Lets the task run on without this handle.
    pub fn detach(mut self) {
        self.handle = None;
    }

    /// Whether the task is over, or was cancelled.
    pub fn is_finished(&self) -> bool {
        self.handle.as_ref().is_none_or(|handle| handle.is_finished() || handle.task().is_cancelled())
    }
}

impl<T> Drop for JoinHandle<T> {
    fn drop(&mut self) {
        if let Some(handle) = &self.handle {
            handle.cancel();
        }
    }
}

impl<T> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let handle = self.handle.as_mut().expect("a handle that did not give its output before");
        let output = ready!(Pin::new(handle).poll(context));
        self.handle = None;
        Poll::Ready(match output {
            Ok(output) => output.map_err(JoinError::Panicked),
            Err(waker_tables::JoinError::Cancelled) => Err(JoinError::Cancelled),
            // No panic gets by `CatchUnwind`, but for those that end the process.
            Err(waker_tables::JoinError::Panicked) => Err(JoinError::Panicked(Box::new("a destructor panicked"))),
        })
    }
}

/// Why a task has no output.
#[derive(Debug)]
pub enum JoinError {
    /// It was cancelled.
    Cancelled,
    /// It panicked with this.
    Panicked(Payload),
}

impl JoinError {
    /// Goes on with the panic, if that is what it was.
    pub fn resume_unwind(self) {
        if let Self::Panicked(payload) = self {
            resume_unwind(payload)
        }
    }
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cancelled => "the task was cancelled",
            Self::Panicked(_) => "the task panicked",
        })
    }
}

impl Error for JoinError {}

impl From<JoinError> for io::Error {
    fn from(error: JoinError) -> Self {
        io::Error::other(error.to_string())
    }
}

/// Goes on with a task's panic.
pub trait ResumeUnwind {
    /// What is left if there was none.
    type Output;

    /// Goes on with the panic, if that is why there is no output.
    fn resume_unwind(self) -> Self::Output;
}

impl<T> ResumeUnwind for Result<T, JoinError> {
    type Output = Option<T>;

    fn resume_unwind(self) -> Option<T> {
        self.map_err(JoinError::resume_unwind).ok()
    }
}
