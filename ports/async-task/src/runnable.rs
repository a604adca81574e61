//! The right to run a task once.

use alloc::sync::Arc;
use core::fmt;
use core::marker::PhantomData;
use core::ptr::NonNull;
use core::task::Waker;

use waker_tables::Run;

use crate::header::Header;

/// The right to run a task once. It exists while the task is scheduled; dropped, it cancels the task.
pub struct Runnable<M: 'static = ()> {
    inner: waker_tables::Runnable<Header<M>>,
    /// `Send` and `Sync` if the metadata is both, as an `Arc` is.
    metadata: PhantomData<Arc<M>>,
}

#[cfg(feature = "std")]
impl<M: 'static> core::panic::UnwindSafe for Runnable<M> {}
#[cfg(feature = "std")]
impl<M: 'static> core::panic::RefUnwindSafe for Runnable<M> {}

impl<M: 'static> Runnable<M> {
    #[inline]
    pub(crate) const fn new(inner: waker_tables::Runnable<Header<M>>) -> Self {
        Self { inner, metadata: PhantomData }
    }

    /// The metadata of the task.
    #[inline]
    pub fn metadata(&self) -> &M {
        &self.inner.header().metadata
    }

    /// Hands the runnable to the schedule function.
    #[inline]
    pub fn schedule(self) {
        self.inner.schedule();
    }

    /// Polls the task once; a cancelled one is dropped instead. The answer is whether it was woken meanwhile, and is
    /// with the schedule function again.
    ///
    /// # Panics
    ///
    /// With what the future panics, unless that is propagated to the [`Task`](crate::Task).
    #[inline]
    pub fn run(self) -> bool {
        match self.inner.run_once() {
            Run::Woken(runnable) => {
                runnable.header().set_yielded();
                runnable.schedule();
                true
            }
            Run::Pending | Run::Lost | Run::Complete => false,
        }
    }

    /// A waker of the task.
    #[inline]
    pub fn waker(&self) -> Waker {
        Waker::from(self.inner.task())
    }

    /// Gives up ownership as one word.
    #[inline]
    pub fn into_raw(self) -> NonNull<()> {
        self.inner.into_raw()
    }

    /// Takes ownership again.
    ///
    /// # Safety
    ///
    /// `ptr` came from [`into_raw`](Self::into_raw) of this type, same `M`, and is used for this once.
    #[inline]
    pub unsafe fn from_raw(ptr: NonNull<()>) -> Self {
        // SAFETY: the caller's promise.
        Self::new(unsafe { waker_tables::Runnable::from_raw(ptr) })
    }
}

impl<M: fmt::Debug + 'static> fmt::Debug for Runnable<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runnable").field("task", &self.inner).field("header", self.inner.header()).finish()
    }
}
