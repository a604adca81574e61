//! A parent that counts.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Wake, Waker};

use waker_tables::WakerSet;

#[derive(Default)]
pub struct Parent(AtomicUsize);

impl Wake for Parent {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Parent {
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// How often it was called since it was asked.
    pub fn calls(&self) -> usize {
        self.0.swap(0, Ordering::Relaxed)
    }

    /// How many wakers of it there are.
    pub fn wakers(self: &Arc<Self>) -> usize {
        Arc::strong_count(self) - 1
    }

    pub fn waker(self: &Arc<Self>) -> Waker {
        self.clone().into()
    }
}

/// One poll: registers, and takes what was woken.
pub fn poll(set: &WakerSet, parent: &Arc<Parent>) -> Vec<usize> {
    set.register(&parent.waker());
    set.drain().collect()
}
