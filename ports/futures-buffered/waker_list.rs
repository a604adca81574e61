//! The wakers of futures-buffered's bounded sets, by `waker_tables`: stands in for the module of this name, which is its
//! only use of `unsafe` but for pins. (Its callers say `unsafe` all the same.)

use core::task::Waker;

use waker_tables::{WakerRef, WakerSet};

pub(crate) struct WakerList(WakerSet);

pub(crate) enum ReadySlot<T> {
    Ready(T),
    /// No push is ever half done.
    #[allow(dead_code)]
    Inconsistent,
    None,
}

impl WakerList {
    pub(crate) fn new(cap: usize) -> Self {
        Self(WakerSet::new(cap))
    }

    pub(crate) fn push(&self, index: usize) {
        self.0.mark(index);
    }

    pub(crate) fn register(&self, waker: &Waker) {
        self.0.register(waker);
    }

    /// One at a time, as its callers want it: what a drain leaves is the next one's.
    pub(crate) fn pop(&self) -> ReadySlot<(usize, WakerRef<'_>)> {
        match self.0.drain().next() {
            Some(index) => ReadySlot::Ready((index, self.0.waker_ref(index))),
            None => ReadySlot::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ReadySlot, WakerList};
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, Mutex, Weak};
    use std::task::{Wake, Waker};

    /// Takes what was woken inside its own wake.
    struct Inline(Weak<Mutex<WakerList>>, AtomicUsize);

    impl Wake for Inline {
        fn wake(self: Arc<Self>) {
            let list = self.0.upgrade().unwrap();
            let list = list.lock().unwrap();
            assert!(matches!(list.pop(), ReadySlot::Ready((0, _))));
            self.1.fetch_add(1, Ordering::Relaxed);
            list.register(&Waker::from(self.clone()));
        }
    }

    #[test]
    fn parent_notification_can_reenter_the_ready_queue() {
        let list = Arc::new(Mutex::new(WakerList::new(1)));
        let parent = Arc::new(Inline(Arc::downgrade(&list), AtomicUsize::new(0)));
        let child = {
            let list = list.lock().unwrap();
            list.register(&Waker::from(parent.clone()));
            list.0.waker(0)
        };
        for _ in 0..3 {
            child.wake_by_ref();
        }
        assert_eq!(parent.1.load(Ordering::Relaxed), 3);
    }
}
