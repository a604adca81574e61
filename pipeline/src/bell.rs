//! Where threads without work sleep.

use std::sync::atomic::{AtomicUsize, Ordering, fence};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Sleepers and those who wake them, without a lost wake-up and without a lock where nobody sleeps.
///
/// One side makes work and then looks for sleepers; the other says that it sleeps and then looks for work. The two
/// fences order these, so at least one of them sees the other.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    asleep: AtomicUsize,
    /// Held between a sleeper's look at the work and its wait: a ring in between waits for the lock, so it is heard.
    lock: Mutex<()>,
    rung: Condvar,
}

impl Bell {
    /// Sleeps until `awake` answers true. It is asked again after every ring.
    pub(crate) fn sleep_until(&self, awake: impl Fn() -> bool) {
        let mut guard = self.lock();
        self.asleep.fetch_add(1, Ordering::SeqCst);
        fence(Ordering::SeqCst);
        while !awake() {
            guard = self.rung.wait(guard).unwrap_or_else(PoisonError::into_inner);
        }
        self.asleep.fetch_sub(1, Ordering::SeqCst);
    }

    /// Wakes one sleeper, if there are any. Called after the work can be seen.
    pub(crate) fn ring(&self) {
        fence(Ordering::SeqCst);
        if self.asleep.load(Ordering::SeqCst) > 0 {
            drop(self.lock());
            self.rung.notify_one();
        }
    }

    /// Wakes all sleepers.
    pub(crate) fn ring_all(&self) {
        drop(self.lock());
        self.rung.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, ()> {
        self.lock.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
