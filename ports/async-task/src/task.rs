//! The handle that awaits a task, and cancels it when dropped.

use alloc::sync::Arc;
use core::fmt;
use core::future::Future;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use waker_tables::JoinHandle;

use crate::body::Payload;
use crate::header::Header;

/// What a task gives its handle: the output, or a panic that was propagated.
pub(crate) type Outcome<T> = Result<T, Payload>;

/// A future of the output of a task. Dropped, it cancels the task.
#[must_use = "dropping it cancels the task; `detach` lets it run on"]
pub struct Task<T, M: 'static = ()> {
    handle: ManuallyDrop<JoinHandle<Outcome<T>, Header<M>>>,
    /// `Send` and `Sync` if the metadata is both, as an `Arc` is.
    metadata: PhantomData<Arc<M>>,
}

#[cfg(feature = "std")]
impl<T, M: 'static> core::panic::UnwindSafe for Task<T, M> {}
#[cfg(feature = "std")]
impl<T, M: 'static> core::panic::RefUnwindSafe for Task<T, M> {}

impl<T, M: 'static> Unpin for Task<T, M> {}

impl<T, M: 'static> Task<T, M> {
    #[inline]
    pub(crate) const fn new(handle: JoinHandle<Outcome<T>, Header<M>>) -> Self {
        Self { handle: ManuallyDrop::new(handle), metadata: PhantomData }
    }

    /// Lets the task run on without this handle.
    #[inline]
    pub fn detach(self) {
        let mut this = ManuallyDrop::new(self);
        // SAFETY: `this` is not used again, and never dropped.
        drop(unsafe { ManuallyDrop::take(&mut this.handle) });
    }

    /// Cancels the task and waits until its future is gone. `Some` if it was finished before.
    pub async fn cancel(self) -> Option<T> {
        let finished = self.handle.is_finished();
        self.handle.cancel();
        // An output that came after the look above, or is a panic, is as good as one that never came.
        let mut task = self;
        match core::future::poll_fn(|context| task.outcome(context)).await {
            Some(Ok(output)) => finished.then_some(output),
            Some(Err(payload)) if finished => crate::body::resume(payload),
            Some(Err(_)) | None => None,
        }
    }

    /// The same task as a future of an [`Option`], which is `None` where this one panics.
    #[inline]
    pub fn fallible(self) -> FallibleTask<T, M> {
        FallibleTask { task: self }
    }

    /// Whether the task is over, or cancelled and its future gone.
    #[inline]
    pub fn is_finished(&self) -> bool {
        self.handle.is_finished()
    }

    /// The metadata of the task.
    #[inline]
    pub fn metadata(&self) -> &M {
        &self.handle.header().metadata
    }

    /// What the task gave, once; `None` of a task that has nothing, or gave it before.
    fn outcome(&mut self, context: &mut Context<'_>) -> Poll<Option<Outcome<T>>> {
        if self.handle.header().answered() {
            return Poll::Ready(None);
        }
        let outcome = ready!(Pin::new(&mut *self.handle).poll(context));
        self.handle.header().set_answered();
        Poll::Ready(outcome.ok())
    }

    #[inline]
    fn poll_output(&mut self, context: &mut Context<'_>) -> Poll<Option<T>> {
        self.outcome(context)
            .map(|outcome| outcome.map(|outcome| outcome.unwrap_or_else(|it| crate::body::resume(it))))
    }
}

impl<T, M: 'static> Drop for Task<T, M> {
    #[inline]
    fn drop(&mut self) {
        self.handle.cancel();
        // SAFETY: the field is not used again.
        unsafe { ManuallyDrop::drop(&mut self.handle) }
    }
}

impl<T, M: 'static> Future for Task<T, M> {
    type Output = T;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        self.poll_output(context).map(|output| output.expect("the task has no output: cancelled, or awaited before"))
    }
}

impl<T, M: fmt::Debug + 'static> fmt::Debug for Task<T, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task").field("task", &*self.handle).field("header", self.handle.header()).finish()
    }
}

/// A [`Task`] whose output is an [`Option`]: `None` where the task was cancelled.
#[must_use = "dropping it cancels the task; `detach` lets it run on"]
pub struct FallibleTask<T, M: 'static = ()> {
    task: Task<T, M>,
}

impl<T, M: 'static> FallibleTask<T, M> {
    /// [`Task::detach`].
    #[inline]
    pub fn detach(self) {
        self.task.detach();
    }

    /// [`Task::cancel`].
    pub async fn cancel(self) -> Option<T> {
        self.task.cancel().await
    }

    /// [`Task::is_finished`].
    #[inline]
    pub fn is_finished(&self) -> bool {
        self.task.is_finished()
    }
}

impl<T, M: 'static> Future for FallibleTask<T, M> {
    type Output = Option<T>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        self.task.poll_output(context)
    }
}

impl<T, M: fmt::Debug + 'static> fmt::Debug for FallibleTask<T, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FallibleTask").field("task", &self.task).finish()
    }
}
