//! The handle that gets the output of a task.

use core::error::Error;
use core::fmt;
use core::future::Future;
use core::marker::PhantomData;
use core::mem::{ManuallyDrop, MaybeUninit};
use core::pin::Pin;
use core::task::{Context, Poll, Waker};

use super::header::{self, Ptr};
use super::joiner::{put_joiner, take_joiner};
use super::state::{Answer, Ended, Slot, TaskState};
use super::task_ref::TaskRef;
use crate::sync;

/// A future of a task's output. One word, with a niche.
///
/// Dropping it detaches the task, which runs on if a waker or runnable of it is left. The output belongs to the handle:
/// one that was not fetched is dropped with it, or by the run that made it if the handle is gone; never by a waker.
/// So it is `Send` exactly if `T` is; it is always `Sync`, since the output needs `&mut`.
///
/// It is ready once the body is gone (or, of a local task, once its runnable was dropped). A task that was cancelled too
/// late has an output. A task that nobody can wake waits for as long as this handle lives: cancel it, or drop the handle.
///
/// Costs: a poll that is answered takes one locked instruction, or none where all other handles are gone; one that waits
/// takes one and a clone of the waker, or two if it waited before. No allocation.
///
/// # Panics
///
/// A poll after the output was fetched panics.
#[must_use = "dropping it detaches the task; `spawn_detached` makes a task without it, which is smaller"]
pub struct JoinHandle<T, H: 'static> {
    /// Its count is the handle's.
    task: ManuallyDrop<TaskRef<H>>,
    output: PhantomData<T>,
}

/// Why a task has no output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JoinError {
    /// It was cancelled: by a handle, or with its runnable.
    Cancelled,
    /// Its poll or its destructor panicked. The payload went to whoever ran it.
    Panicked,
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cancelled => "the task was cancelled",
            Self::Panicked => "the task panicked",
        })
    }
}

impl Error for JoinError {}

// SAFETY: the header data is `Send + Sync`, and of the rest it reaches the output alone, which is `Send`.
unsafe impl<T: Send, H: 'static> Send for JoinHandle<T, H> {}
// SAFETY: by shared reference it gives header data, which is `Sync`, and counts; the output needs `&mut`.
unsafe impl<T, H: 'static> Sync for JoinHandle<T, H> {}
// The output is moved out of the task, and nothing else of a `T` is here.
impl<T, H: 'static> Unpin for JoinHandle<T, H> {}

impl<T, H: 'static> JoinHandle<T, H> {
    /// # Safety
    ///
    /// The caller has the join handle's count of `task`, whose output is a `T` and whose header data is an `H`.
    pub(super) const unsafe fn from_ptr(task: Ptr) -> Self {
        // SAFETY: the count is the result's.
        Self { task: unsafe { TaskRef::lent(task) }, output: PhantomData }
    }

    /// The scheduler's data in the task's header.
    #[must_use]
    pub fn header(&self) -> &H {
        self.task.header()
    }

    /// A handle of the task. Costs: one locked instruction.
    #[must_use]
    pub fn task(&self) -> TaskRef<H> {
        (*self.task).clone()
    }

    /// [`TaskRef::cancel`]. The handle is still good: for `Err(Cancelled)` once the body is gone, or for the output if
    /// this was too late.
    #[allow(clippy::must_use_candidate, reason = "ignoring the answer is right")]
    pub fn cancel(&self) -> bool {
        self.task.cancel()
    }

    /// What is known of the task now.
    #[must_use]
    pub fn state(&self) -> TaskState {
        self.task.state()
    }

    /// Whether a poll would not wait.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.task.word().answer().is_some()
    }

    /// Moves the output out of the task.
    ///
    /// # Safety
    ///
    /// There is one, and the state has given it to the caller.
    unsafe fn fetch(&self) -> T {
        let mut output = MaybeUninit::<T>::uninit();
        // SAFETY: the caller's promise; the memory is for a `T`.
        unsafe { (self.task.table().fetch)(self.task.as_ptr(), output.as_mut_ptr().cast()) };
        // SAFETY: `fetch` wrote it.
        unsafe { output.assume_init() }
    }

    /// The output or why there is none, if the task is over: what a poll would give, without waiting.
    ///
    /// # Panics
    ///
    /// If the output was fetched before.
    pub fn try_take(&mut self) -> Option<Result<T, JoinError>> {
        let task = &self.task;
        Some(match task.word().answer()? {
            Answer::Output => {
                // SAFETY: there is an output, and it is the handle's. Nobody fetches it again: `&mut self` until then.
                let output = unsafe { self.fetch() };
                task.word().fetched();
                Ok(output)
            }
            Answer::Panicked => Err(JoinError::Panicked),
            Answer::Cancelled => Err(JoinError::Cancelled),
            Answer::Nothing => panic!("the join handle was asked again after it gave the output"),
        })
    }

    /// Leaves `waker` for whoever ends the body; not if that has happened.
    #[cold]
    fn wait(&self, waker: &Waker) -> bool {
        let task = &self.task;
        let known = match task.word().recall_joiner() {
            // SAFETY: a joined task with this header data; the slot was lent, so it is full, and is ours again.
            Slot::Full => Some(unsafe { take_joiner::<H>(self.task.as_ptr()) }),
            Slot::Empty => None,
            Slot::Taken => {
                // The former waker is about to be woken, and this one will not be: look again.
                waker.wake_by_ref();
                sync::yield_now();
                return true;
            }
            Slot::Over => return false,
        };
        let waker = match known {
            Some(known) if known.will_wake(waker) => known,
            // Should this panic, nobody waits, and the slot is empty and ours.
            _ => waker.clone(),
        };
        // SAFETY: a joined task with this header data; the slot is empty and ours.
        unsafe { put_joiner::<H>(self.task.as_ptr(), waker) };
        let lent = task.word().lend_joiner();
        if !lent {
            // SAFETY: as above, and full. Nobody else has or will have it: the task is over.
            drop(unsafe { take_joiner::<H>(self.task.as_ptr()) });
        }
        lent
    }
}

impl<T, H: 'static> Future for JoinHandle<T, H> {
    type Output = Result<T, JoinError>;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        match this.try_take() {
            Some(answer) => Poll::Ready(answer),
            None if this.wait(context.waker()) => Poll::Pending,
            // A slot that could not be lent has an answer.
            None => this.try_take().map_or(Poll::Pending, Poll::Ready),
        }
    }
}

impl<T, H: 'static> Drop for JoinHandle<T, H> {
    fn drop(&mut self) {
        let task = &self.task;
        match task.word().detach(task.table().only) {
            Ended::Counted => {}
            // SAFETY: the only count was `self`'s, and ends here.
            Ended::Last => unsafe { header::last(self.task.as_ptr()) },
            Ended::Joiner => {
                // SAFETY: the count is `self`'s, and ends here, after the waker.
                let _task = unsafe { TaskRef::<H>::from_ptr(self.task.as_ptr()) };
                // SAFETY: a joined task with this header data; the slot was lent, so it is full, and is ours again.
                drop(unsafe { take_joiner::<H>(self.task.as_ptr()) });
            }
            Ended::Output => {
                // SAFETY: the count is `self`'s, and ends here, after the output.
                let _task = unsafe { TaskRef::<H>::from_ptr(self.task.as_ptr()) };
                // SAFETY: there is an output, and it is the handle's.
                drop(unsafe { self.fetch() });
            }
        }
    }
}

impl<T, H: 'static> fmt::Debug for JoinHandle<T, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // SAFETY: the count is `self`'s.
        unsafe { header::debug(f, "JoinHandle", self.task.as_ptr(), |_| {}) }
    }
}
