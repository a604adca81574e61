//! Whether somebody waits for the output of a task.

use core::ptr::NonNull;

use super::join::JoinHandle;
use super::joiner::Joiner;
use super::kind::Kind;
use super::runnable::Runnable;

/// Whether a task has a join handle: [`Joined`] or [`Detached`].
pub trait Join: IsJoin {
    /// What a spawn gives: the runnable, and the join handle if there is one.
    type Handles<T, H: 'static, K: Kind>;
}

/// A task with a join handle.
#[derive(Debug, Clone, Copy)]
pub struct Joined;

/// A task whose output nobody waits for.
#[derive(Debug, Clone, Copy)]
pub struct Detached;

impl Join for Joined {
    type Handles<T, H: 'static, K: Kind> = (Runnable<H, K>, JoinHandle<T, H>);
}

impl Join for Detached {
    type Handles<T, H: 'static, K: Kind> = Runnable<H, K>;
}

#[allow(unnameable_types, reason = "it seals the public trait")]
pub trait IsJoin: Sized + 'static {
    const JOINED: bool;
    /// The place for the joiner's waker.
    type Slot;
    /// What is kept of the output.
    type Kept<T>;

    fn slot() -> Self::Slot;
    fn keep<T>(output: T) -> Self::Kept<T>;

    /// # Safety
    ///
    /// The caller has the counts of a new task of this type, whose output is a `T`, and whose header data is an `H`, with
    /// runnables of kind `K`. Where body and output may go is seen to.
    unsafe fn handles<T, H: 'static, K: Kind>(task: NonNull<()>) -> Self::Handles<T, H, K>
    where
        Self: Join;
}

impl IsJoin for Joined {
    const JOINED: bool = true;
    type Slot = Joiner;
    type Kept<T> = T;

    #[inline]
    fn slot() -> Joiner {
        Joiner::new()
    }

    fn keep<T>(output: T) -> T {
        output
    }

    unsafe fn handles<T, H: 'static, K: Kind>(task: NonNull<()>) -> (Runnable<H, K>, JoinHandle<T, H>) {
        // SAFETY: a new joined task has a count for each of the two.
        let runnable = unsafe { Runnable::from_ptr(task.cast()) };
        // SAFETY: as above.
        (runnable, unsafe { JoinHandle::from_ptr(task.cast()) })
    }
}

impl IsJoin for Detached {
    const JOINED: bool = false;
    type Slot = ();
    type Kept<T> = ();

    #[inline]
    fn slot() {}

    fn keep<T>(output: T) {
        drop(output);
    }

    unsafe fn handles<T, H: 'static, K: Kind>(task: NonNull<()>) -> Runnable<H, K> {
        // SAFETY: a new detached task has a count for its runnable.
        unsafe { Runnable::from_ptr(task.cast()) }
    }
}
