//! How tasks are made.

use core::future::Future;

use crate::body::Body;
use crate::header::Header;
use crate::schedule::{Schedule, ScheduleInfo};
use crate::{Runnable, Task};

/// What a task is made with: metadata, and what becomes of a panic.
#[derive(Debug)]
pub struct Builder<M> {
    metadata: M,
    #[cfg(feature = "std")]
    propagate_panic: bool,
}

impl<M: Default> Default for Builder<M> {
    fn default() -> Self {
        Builder::new().metadata(M::default())
    }
}

impl Builder<()> {
    /// No metadata; panics leave [`Runnable::run`].
    #[inline]
    pub fn new() -> Self {
        Self {
            metadata: (),
            #[cfg(feature = "std")]
            propagate_panic: false,
        }
    }

    /// Adds metadata.
    #[inline]
    pub fn metadata<M>(self, metadata: M) -> Builder<M> {
        Builder {
            metadata,
            #[cfg(feature = "std")]
            propagate_panic: self.propagate_panic,
        }
    }
}

impl<M: 'static> Builder<M> {
    /// Whether a panic of the future goes to who awaits the task, instead of to who runs it.
    #[cfg(feature = "std")]
    #[inline]
    #[must_use]
    pub fn propagate_panic(self, propagate_panic: bool) -> Self {
        Self { propagate_panic, ..self }
    }

    /// Makes a task of what `future` makes of the metadata.
    #[inline]
    pub fn spawn<F, Fut, S>(self, future: F, schedule: S) -> (Runnable<M>, Task<Fut::Output, M>)
    where
        F: FnOnce(&M) -> Fut,
        Fut: Future + Send + 'static,
        Fut::Output: Send + 'static,
        S: Schedule<M> + Send + Sync + 'static,
        M: Send + Sync,
    {
        // SAFETY: the bounds are what it asks for.
        unsafe { self.spawn_unchecked(future, schedule) }
    }

    /// Makes a task that has to be run and dropped on this thread; elsewhere, either ends the process.
    #[cfg(feature = "std")]
    #[inline]
    pub fn spawn_local<F, Fut, S>(self, future: F, schedule: S) -> (Runnable<M>, Task<Fut::Output, M>)
    where
        F: FnOnce(&M) -> Fut,
        Fut: Future + 'static,
        Fut::Output: 'static,
        S: Schedule<M> + Send + Sync + 'static,
        M: Send + Sync,
    {
        // SAFETY: the bounds are what it asks for, except that the future is not `Send`: `Local` refuses other threads, and
        // its destructor never returns there.
        unsafe { self.spawn_unchecked(|metadata| crate::body::Local::new(future(metadata)), schedule) }
    }

    /// Makes a task without bounds on future, schedule function and metadata.
    ///
    /// # Safety
    ///
    /// - If `Fut` is not `Send`, every [`Runnable`] is run and dropped on this thread.
    /// - If `Fut` borrows other things than the metadata, they outlive every [`Runnable`].
    /// - If `S` or `M` is not `Send` and `Sync`, all wakers of the task are used and dropped on this thread.
    /// - If `S` borrows, that outlives all wakers of the task.
    #[inline]
    pub unsafe fn spawn_unchecked<'a, F, Fut, S>(self, future: F, schedule: S) -> (Runnable<M>, Task<Fut::Output, M>)
    where
        F: FnOnce(&'a M) -> Fut,
        Fut: Future + 'a,
        S: Schedule<M>,
        M: 'a,
    {
        #[cfg(feature = "std")]
        if self.propagate_panic {
            // SAFETY: the caller's promise.
            return unsafe { make::<true, _, _, _, _>(self.metadata, future, schedule) };
        }
        // SAFETY: the caller's promise.
        unsafe { make::<false, _, _, _, _>(self.metadata, future, schedule) }
    }
}

/// # Safety
///
/// As for [`Builder::spawn_unchecked`].
#[inline]
unsafe fn make<'a, const CATCHES: bool, M, F, Fut, S>(
    metadata: M,
    future: F,
    schedule: S,
) -> (Runnable<M>, Task<Fut::Output, M>)
where
    F: FnOnce(&'a M) -> Fut,
    Fut: Future + 'a,
    S: Schedule<M>,
    M: 'static,
{
    let hook = move |header: &Header<M>, runnable| {
        let info = ScheduleInfo::new(header.take_yielded());
        schedule.schedule(Runnable::new(runnable), info);
    };
    let make = |header: &'a Header<M>| Body::<_, CATCHES>(future(&header.metadata));
    // SAFETY: what the future borrows of the header stays in the task, as the lifetime of `spawn_unchecked` asks.
    let task = unsafe { waker_tables::Task::init_borrowing(Header::new(metadata), make) }.hook(hook);
    // SAFETY: the caller's promise; the hook is `Send` and `Sync`, and borrows, as the schedule function does.
    let (runnable, handle) = unsafe { task.spawn_unchecked() };
    (Runnable::new(runnable), Task::new(handle))
}

/// [`Builder::spawn`] without metadata.
#[inline]
pub fn spawn<F, S>(future: F, schedule: S) -> (Runnable, Task<F::Output>)
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
    S: Schedule + Send + Sync + 'static,
{
    Builder::new().spawn(|()| future, schedule)
}

/// [`Builder::spawn_local`] without metadata.
#[cfg(feature = "std")]
#[inline]
pub fn spawn_local<F, S>(future: F, schedule: S) -> (Runnable, Task<F::Output>)
where
    F: Future + 'static,
    F::Output: 'static,
    S: Schedule + Send + Sync + 'static,
{
    Builder::new().spawn_local(|()| future, schedule)
}

/// [`Builder::spawn_unchecked`] without metadata.
///
/// # Safety
///
/// What is said there.
#[inline]
pub unsafe fn spawn_unchecked<F, S>(future: F, schedule: S) -> (Runnable, Task<F::Output>)
where
    F: Future,
    S: Schedule,
{
    // SAFETY: the caller's promise.
    unsafe { Builder::new().spawn_unchecked(|()| future, schedule) }
}
