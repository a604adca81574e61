//! The header data: the metadata and two flags.

use core::fmt;
use core::sync::atomic::{AtomicBool, Ordering};

/// What every handle of a task reaches.
pub(crate) struct Header<M> {
    pub(crate) metadata: M,
    /// Used by the owner of the runnable alone: the schedule function is called because the task was woken as it ran.
    yielded: AtomicBool,
    /// Used by the owner of the `Task` alone: it has given its answer.
    answered: AtomicBool,
}

// SAFETY: where a task is made, the metadata is `Send + Sync`, or else the caller of `spawn_unchecked` keeps all handles
// of the task on one thread.
unsafe impl<M> Send for Header<M> {}
// SAFETY: as above.
unsafe impl<M> Sync for Header<M> {}

impl<M> Header<M> {
    #[inline]
    pub(crate) const fn new(metadata: M) -> Self {
        Self { metadata, yielded: AtomicBool::new(false), answered: AtomicBool::new(false) }
    }

    #[inline]
    pub(crate) fn set_yielded(&self) {
        self.yielded.store(true, Ordering::Relaxed);
    }

    /// The runnable goes from owner to owner with what its last owner wrote, so that this is its own flag.
    #[inline]
    pub(crate) fn take_yielded(&self) -> bool {
        let yielded = self.yielded.load(Ordering::Relaxed);
        if yielded {
            self.yielded.store(false, Ordering::Relaxed);
        }
        yielded
    }

    #[inline]
    pub(crate) fn set_answered(&self) {
        self.answered.store(true, Ordering::Relaxed);
    }

    #[inline]
    pub(crate) fn answered(&self) -> bool {
        self.answered.load(Ordering::Relaxed)
    }
}

impl<M: fmt::Debug> fmt::Debug for Header<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Header").field("metadata", &self.metadata).finish_non_exhaustive()
    }
}
