//! The target of all wakers: counts its wakes.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A counter for one thread that may stand in a `static`, and what the target calls itself.
#[derive(Debug)]
pub(super) struct Count {
    wakes: AtomicU64,
    name: u64,
}

impl Count {
    pub(super) const fn new() -> Self {
        Self { wakes: AtomicU64::new(0), name: 7 }
    }

    /// Two moves and an addition. Wakes of this group come from one thread.
    #[inline]
    pub(super) fn add(&self) {
        self.wakes.store(self.wakes.load(Relaxed) + 1, Relaxed);
    }

    pub(super) fn wakes(&self) -> u64 {
        self.wakes.load(Relaxed)
    }

    #[inline]
    pub(super) fn name(&self) -> u64 {
        self.name
    }
}
