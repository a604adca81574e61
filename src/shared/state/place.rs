//! The word of a place in a static, where one task stands after the other.

use super::{ACTIVE, COMPLETE, ONE, SCHEDULED, State, counts};
use crate::shared::trace::Trace;
use crate::sync::{AtomicUsize, Ordering, const_fn};

/// What a wake of a place has found there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::shared) enum Found {
    /// A task that waited: hand a runnable to the hook. It has a count.
    Idle,
    /// A task that runs, whose first wake since that run began this was.
    Running,
    /// A task that is to run anyway, or one that is being made.
    Scheduled,
    /// No task.
    Free,
}

/// The word is 0 until the place is claimed for the first time. From then on it has one count that is never given up: so
/// no other is the last one, and neither a run nor a handle looks for memory to give back. A task that is over leaves that
/// count and `COMPLETE`.
impl State {
    const_fn! {
        /// A place that nobody has claimed yet.
        pub(in crate::shared) fn unclaimed() -> Self {
            Self(AtomicUsize::new(0), Trace::new(true))
        }
    }

    /// Whether a claim would succeed now.
    #[inline]
    pub(in crate::shared) fn is_free(&self) -> bool {
        is_free(self.0.load(Ordering::Acquire))
    }

    /// Takes the place for a task that is scheduled, if it is free: with the right to its body and a count for its runnable.
    /// [`complete`](Self::complete) gives it back.
    #[inline]
    pub(in crate::shared) fn claim(&self) -> bool {
        let word = self.0.load(Ordering::Relaxed);
        let claimed = ACTIVE | SCHEDULED | (2 * ONE);
        is_free(word) && self.0.compare_exchange(word, claimed, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    /// Asks for a poll of the task that stands here, by a waker that counts nothing.
    #[inline]
    pub(in crate::shared) fn wake_place(&self) -> Found {
        let mut word = self.0.load(Ordering::Acquire);
        while word & COMPLETE == 0 {
            let swap = |new| self.0.compare_exchange_weak(word, new, Ordering::AcqRel, Ordering::Acquire);
            if word & ACTIVE == 0 {
                match swap(word + (ACTIVE | SCHEDULED) + ONE) {
                    Ok(_) => return Found::Idle,
                    Err(now) => word = now,
                }
            } else {
                // Written also where nothing changes: the poll to come must see what this caller wrote.
                match swap(word | SCHEDULED) {
                    Ok(_) if word & SCHEDULED == 0 => return Found::Running,
                    Ok(_) => return Found::Scheduled,
                    Err(now) => word = now,
                }
            }
        }
        Found::Free
    }
}

/// No task, and nobody who has a counted handle of the last one.
const fn is_free(word: usize) -> bool {
    word == 0 || (word & COMPLETE != 0 && counts(word) == 1)
}
