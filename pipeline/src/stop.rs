//! The wish to stop.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::bell::Bell;

/// What Ctrl-C sets and everything that takes long looks at. Sleeping threads wait at its bell, so they hear it.
#[derive(Debug, Default)]
pub struct Stop {
    asked: AtomicBool,
    pub(crate) bell: Bell,
}

impl Stop {
    /// Asks everybody to stop. `true` if this is the first time.
    pub fn ask(&self) -> bool {
        let first = !self.asked.swap(true, Ordering::SeqCst);
        self.bell.ring_all();
        first
    }

    /// Whether everybody is to stop.
    #[must_use]
    pub fn asked(&self) -> bool {
        self.asked.load(Ordering::SeqCst)
    }
}
