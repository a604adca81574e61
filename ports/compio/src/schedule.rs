//! Where tasks go when they are woken: one queue for their home, one for all other threads.

use std::fmt;
use std::sync::Arc;
use std::task::Waker;

#[cfg(loom)]
use loom::sync::atomic::{AtomicBool, Ordering};
#[cfg(not(loom))]
use std::sync::atomic::{AtomicBool, Ordering};

use waker_tables::{AtHome, HomeThread, Linked, LocalRunnable, Queue, Schedule};

/// What each task has in its header.
pub(crate) type Header = Linked<ToHome>;

/// A task of the executor that has these queues.
pub(crate) struct ToHome(pub(crate) Arc<Queues>);

/// The queues of an executor. Any thread may drop them, with the last waker of a task: nothing here is bound to the home.
pub(crate) struct Queues {
    home: HomeThread,
    /// What is woken at home. No other thread touches its lines.
    pub(crate) local: Queue<ToHome, AtHome>,
    /// What is woken by other threads.
    pub(crate) remote: Queue<ToHome, AtHome>,
    /// Whether there may be something in `remote`: one load, where the queue would be four.
    elsewhere: AtomicBool,
    driver: Option<Waker>,
}

impl Queues {
    pub(crate) fn new(home: HomeThread, driver: Option<Waker>) -> Self {
        Self { home, local: Queue::new(), remote: Queue::new(), elsewhere: AtomicBool::new(false), driver }
    }

    /// Puts a task of this thread behind all others, and tells nobody.
    #[inline]
    pub(crate) fn push(&self, runnable: LocalRunnable<Header>) {
        self.local.push(runnable).expect("the queues are never closed");
    }

    /// Whether other threads have woken tasks since the last call, which the caller is to fetch then.
    #[inline]
    pub(crate) fn any_elsewhere(&self) -> bool {
        self.elsewhere.load(Ordering::Relaxed) && self.elsewhere.swap(false, Ordering::Acquire)
    }
}

impl Schedule<AtHome, Header> for ToHome {
    #[inline]
    fn schedule(&self, runnable: LocalRunnable<Header>) {
        let queues = &*self.0;
        let pushed = if queues.home.is_current() {
            queues.local.push(runnable)
        } else {
            let pushed = queues.remote.push(runnable);
            queues.elsewhere.store(true, Ordering::Release);
            pushed
        };
        // Where something is in the queue already, whoever pushed that wakes the driver. Neither queue is ever closed.
        if let (Ok(true), Some(driver)) = (pushed, &queues.driver) {
            driver.wake_by_ref();
        }
    }
}

impl fmt::Debug for Queues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queues").field("local", &self.local).field("remote", &self.remote).finish_non_exhaustive()
    }
}
