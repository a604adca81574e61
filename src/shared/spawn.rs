//! Tasks that may run anywhere.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

#[cfg(feature = "alloc")]
use super::cell::Cell;
#[cfg(feature = "alloc")]
use super::join::JoinHandle;
#[cfg(feature = "alloc")]
use super::joiner::Joiner;
#[cfg(feature = "alloc")]
use super::place::{Anywhere, Hooked};
#[cfg(feature = "alloc")]
use super::runnable::{Runnable, Schedule};
use crate::WakeableTask;

/// Makes a task of `future`, scheduled, with the scheduler's data in its header and a join handle.
///
/// The runnable is the caller's to queue, or to hand to the hook with [`Runnable::schedule`].
///
/// Costs: one allocation: two words, the header data, two words for the joiner, and the larger of future and output.
///
/// # Examples
///
/// ```
/// use std::task::{Context, Poll, Waker};
/// use waker_tables::{Run, Runnable, Schedule, spawn};
///
/// struct Inline;
/// impl Schedule for Inline {
///     fn schedule(&self, mut runnable: Runnable<Self>) {
///         while let Run::Woken(again) = runnable.run() {
///             runnable = again;
///         }
///     }
/// }
///
/// let (runnable, handle) = spawn(async { 6 * 7 }, Inline);
/// runnable.schedule();
/// let mut handle = std::pin::pin!(handle);
/// assert_eq!(handle.as_mut().poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(Ok(42)));
/// # use std::future::Future;
/// ```
#[cfg(feature = "alloc")]
#[inline]
pub fn spawn<F, H>(future: F, header: H) -> (Runnable<H>, JoinHandle<F::Output, H>)
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
    H: Schedule,
{
    // SAFETY: the bounds are what it asks for.
    unsafe { spawn_unchecked(future, header) }
}

/// Makes a task of `future`, scheduled, whose output nobody waits for.
///
/// Costs: one allocation: two words, the header data, and the future.
#[cfg(feature = "alloc")]
#[inline]
pub fn spawn_detached<F, H>(future: F, header: H) -> Runnable<H>
where
    F: Future + Send + 'static,
    H: Schedule,
{
    let task = Cell::<H, (), Anywhere, F>::boxed(future, header, Anywhere);
    // SAFETY: a new detached task has a count for its runnable; the data is an `H`. The body is `Send` and `'static`, and
    // its output is dropped by the run that makes it.
    unsafe { Runnable::from_ptr(task) }
}

/// [`spawn`] for a future or an output that is not `Send`, or borrows.
///
/// # Safety
///
/// What `spawn` asks of the types is asked of the caller instead:
///
/// - if `F` is not `Send`, every [`Runnable`] of the task is run and dropped on the thread that calls this. A wake on
///   another thread hands it to the hook there, which brings it over; a hook that drops it there, because a channel is
///   closed or because it panics, breaks this.
/// - if `F` is not `'static`, the body is gone before what it borrows ends, and that is known: a `run` has answered
///   `Complete` or panicked, or a runnable was dropped, and this happens before the end. A task that is pending is not
///   gone: its last handle hands one more runnable to the hook.
/// - if `F::Output` is not `Send`, or not `'static`, the same holds for the [`JoinHandle`], and for the run that
///   completes the task: without a handle it drops the output there, after the task counts as complete.
///
/// The header is checked: `H: Schedule`, and `'static` for its `TypeId`.
#[cfg(feature = "alloc")]
#[inline]
pub unsafe fn spawn_unchecked<F, H>(future: F, header: H) -> (Runnable<H>, JoinHandle<F::Output, H>)
where
    F: Future,
    H: Schedule,
{
    let task = Cell::<H, Joiner, Anywhere, F>::boxed(future, header, Anywhere);
    // SAFETY: a new joined task has a count for each of the two; the data is an `H`. Where body and output may go is the
    // caller's promise.
    let runnable = unsafe { Runnable::from_ptr(task) };
    // SAFETY: as above.
    (runnable, unsafe { JoinHandle::from_ptr(task) })
}

/// [`spawn`] with a hook of the task's own instead of the header's: any closure, capturing or not.
///
/// For header data that does not know its scheduler (a priority, a name), and for schedulers that are captured. The hook
/// is called as [`Schedule::schedule`] would be, is dropped with the header, and stands behind it in the same allocation.
///
/// # Examples
///
/// ```
/// use std::sync::mpsc;
/// use waker_tables::{Run, spawn_with};
///
/// let (sender, queue) = mpsc::channel();
/// let (runnable, _handle) = spawn_with(async {}, "a name", move |_name, runnable| {
///     let _ = sender.send(runnable);
/// });
/// runnable.schedule();
/// let runnable = queue.recv().unwrap();
/// assert_eq!(*runnable.header(), "a name");
/// assert!(matches!(runnable.run(), Run::Complete));
/// ```
#[cfg(feature = "alloc")]
#[inline]
pub fn spawn_with<F, H, S>(future: F, header: H, hook: S) -> (Runnable<H>, JoinHandle<F::Output, H>)
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
    H: Send + Sync + 'static,
    S: Fn(&H, Runnable<H>) + Send + Sync + 'static,
{
    // SAFETY: the bounds are what it asks for.
    unsafe { spawn_unchecked_with(future, header, hook) }
}

/// [`spawn_with`] for a future, an output or a hook that is not `Send`, or borrows.
///
/// # Safety
///
/// What [`spawn_unchecked`] asks for, and for the hook what `spawn_with` asks of its type:
///
/// - if `S` is not `Send` and `Sync`, all handles and wakers of the task are used and dropped on the thread that calls
///   this;
/// - if `S` is not `'static`, all of them are gone before what it borrows ends.
///
/// The header data is checked: `Send`, `Sync`, and `'static` for its `TypeId`.
#[cfg(feature = "alloc")]
#[inline]
pub unsafe fn spawn_unchecked_with<F, H, S>(future: F, header: H, hook: S) -> (Runnable<H>, JoinHandle<F::Output, H>)
where
    F: Future,
    H: Send + Sync + 'static,
    S: Fn(&H, Runnable<H>),
{
    let task = Cell::<H, Joiner, Hooked<S>, F>::boxed(future, header, Hooked(hook));
    // SAFETY: a new joined task has a count for each of the two; the data is an `H`. Where body, output and hook may go
    // is the caller's promise.
    let runnable = unsafe { Runnable::from_ptr(task) };
    // SAFETY: as above.
    (runnable, unsafe { JoinHandle::from_ptr(task) })
}

/// [`spawn_unchecked_with`] for a future that is made in its task, of a reference to the header data there.
///
/// The future may keep the reference: what header and body share needs no `Arc`. `make` is called once, here; where it
/// panics, header and hook are dropped, and nothing was spawned.
///
/// Costs: as [`spawn`].
///
/// # Safety
///
/// What [`spawn_unchecked_with`] asks for. What `F` borrows of the header data through `'a` ends with the body, and is no
/// borrow in the sense of that; it must not come out of the task with the output, nor by any other way.
#[cfg(feature = "alloc")]
#[inline]
pub unsafe fn spawn_unchecked_in_place<'a, F, H, S, B>(
    header: H,
    hook: S,
    make: B,
) -> (Runnable<H>, JoinHandle<F::Output, H>)
where
    F: Future + 'a,
    H: Send + Sync + 'static,
    S: Fn(&H, Runnable<H>),
    B: FnOnce(&'a H) -> F,
{
    // SAFETY: the caller's promise.
    let task = unsafe { Cell::<H, Joiner, Hooked<S>, F>::boxed_in_place(header, Hooked(hook), make) };
    // SAFETY: a new joined task has a count for each of the two; the data is an `H`. Where body, output and hook may go
    // is the caller's promise.
    let runnable = unsafe { Runnable::from_ptr(task) };
    // SAFETY: as above.
    (runnable, unsafe { JoinHandle::from_ptr(task) })
}

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

    #[inline]
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
