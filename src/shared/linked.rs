//! Header data that a queue without allocation can hold.

use core::fmt;
use core::ops::Deref;
use core::ptr;

use super::kind::Kind;
use super::runnable::Runnable;
use super::schedule::Schedule;
use crate::sync::{AtomicPtr, const_fn};

/// Header data with a link for [`Queue`](crate::Queue) in front of it: what a task in a queue without allocation carries.
///
/// The link is private, so that nobody can put a task into two queues, or twice into one: only a [`Runnable`] goes in,
/// and a task has one at the most. One word more than `U`, whose `Schedule<K, Linked<Self>>` is the hook.
pub struct Linked<U> {
    pub(super) next: AtomicPtr<()>,
    data: U,
}

impl<U> Linked<U> {
    const_fn! {
        /// Header data that is in no queue.
        pub fn new(data: U) -> Self {
            Self { next: AtomicPtr::new(ptr::null_mut()), data }
        }
    }
}

impl<U: Schedule<K, Linked<U>>, K: Kind> Schedule<K> for Linked<U> {
    fn schedule(&self, runnable: Runnable<Self, K>) {
        self.data.schedule(runnable);
    }

    fn woken_while_running(&self) {
        self.data.woken_while_running();
    }

    fn woken_while_free(&self) {
        self.data.woken_while_free();
    }
}

impl<U> Deref for Linked<U> {
    type Target = U;

    fn deref(&self) -> &U {
        &self.data
    }
}

impl<U: fmt::Debug> fmt::Debug for Linked<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Linked").field(&self.data).finish()
    }
}
