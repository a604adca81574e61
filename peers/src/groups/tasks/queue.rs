//! The queues, for runnables of any crate.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use crossbeam_deque::{Injector, Steal};

/// First in, first out.
pub(in crate::groups) trait Queue<R> {
    fn push(&self, runnable: R);
    fn pop(&self) -> Option<R>;
}

impl<R> Queue<R> for RefCell<VecDeque<R>> {
    #[inline]
    fn push(&self, runnable: R) {
        self.borrow_mut().push_back(runnable);
    }

    #[inline]
    fn pop(&self) -> Option<R> {
        self.borrow_mut().pop_front()
    }
}

impl<R> Queue<R> for Mutex<VecDeque<R>> {
    #[inline]
    fn push(&self, runnable: R) {
        self.lock().unwrap_or_else(PoisonError::into_inner).push_back(runnable);
    }

    #[inline]
    fn pop(&self) -> Option<R> {
        self.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }
}

impl<R> Queue<R> for Injector<R> {
    #[inline]
    fn push(&self, runnable: R) {
        Self::push(self, runnable);
    }

    #[inline]
    fn pop(&self) -> Option<R> {
        loop {
            match self.steal() {
                Steal::Success(runnable) => return Some(runnable),
                Steal::Empty => return None,
                Steal::Retry => {}
            }
        }
    }
}
