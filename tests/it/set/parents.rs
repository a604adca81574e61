//! Who is called, and when.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{RawWaker, RawWakerVTable, Wake, Waker};

use waker_tables::WakerSet;

use super::parent::{Parent, poll};

#[test]
fn the_first_wake_of_a_batch_calls_the_parent_and_no_other() {
    let (set, parent) = (WakerSet::new(4), Parent::new());
    for _ in 0..3 {
        assert_eq!(poll(&set, &parent), [0_usize; 0]);
        for index in [2, 2, 0, 3, 0] {
            set.waker(index).wake();
        }
        assert_eq!(parent.calls(), 1);
        assert_eq!(poll(&set, &parent), [2, 0, 3]);
    }
    assert_eq!(parent.calls(), 0);
}

#[test]
fn a_wake_between_registering_and_draining_is_drained_and_calls() {
    let (set, parent) = (WakerSet::new(1), Parent::new());
    set.register(&parent.waker());
    set.mark(0);
    assert_eq!((parent.calls(), set.drain().count()), (1, 1));
    set.mark(0);
    assert_eq!(parent.calls(), 0, "it registered once, and was called");
}

#[test]
fn without_a_parent_nobody_is_called_and_nothing_is_lost() {
    let (set, parent) = (WakerSet::new(2), Parent::new());
    set.mark(1);
    assert_eq!(poll(&set, &parent), [1]);
    assert_eq!(parent.calls(), 0);
}

#[test]
fn marks_during_a_drain_call_the_parent() {
    let (set, parent) = (WakerSet::new(2), Parent::new());
    set.mark(0);
    set.register(&parent.waker());
    for _ in set.drain() {
        set.mark(1);
    }
    assert_eq!(parent.calls(), 1, "else the parent would wait, with a child to poll");
}

#[test]
fn a_parent_that_is_there_is_not_cloned_again() {
    let (set, parent) = (WakerSet::new(1), Parent::new());
    for _ in 0..3 {
        set.register(&parent.waker());
        assert_eq!(parent.wakers(), 1);
    }
    set.mark(0);
    assert_eq!((parent.calls(), parent.wakers()), (1, 0), "a call uses the waker up");
    set.register(&parent.waker());
    assert_eq!(parent.wakers(), 1);
    drop(set);
    assert_eq!(parent.wakers(), 0);
}

#[test]
fn the_parent_that_registered_last_is_called() {
    let (set, one, other) = (WakerSet::new(2), Parent::new(), Parent::new());
    set.register(&one.waker());
    set.register(&other.waker());
    assert_eq!((one.wakers(), other.wakers()), (0, 1));
    set.mark(0);
    assert_eq!((one.calls(), other.calls()), (0, 1));
    assert_eq!(poll(&set, &one), [0]);
    set.mark(1);
    assert_eq!((one.calls(), other.calls()), (1, 0));
}

#[test]
fn a_set_is_a_parent_of_another() {
    let (outer, inner, parent) = (WakerSet::new(3), WakerSet::new(2), Parent::new());
    assert_eq!(poll(&outer, &parent), [0_usize; 0]);
    inner.register(&outer.waker_ref(1));
    inner.waker(0).wake();
    inner.waker(1).wake();
    assert_eq!(parent.calls(), 1);
    assert_eq!(outer.drain().collect::<Vec<_>>(), [1]);
    assert_eq!(inner.drain().collect::<Vec<_>>(), [0, 1]);
}

#[test]
fn a_parent_that_panics_leaves_the_child_woken() {
    struct Panics;
    impl Wake for Panics {
        fn wake(self: Arc<Self>) {
            panic!("the parent panics");
        }
    }
    for by_value in [true, false] {
        let (set, parent) = (WakerSet::new(1), Arc::new(Panics));
        set.register(&parent.clone().into());
        let child = set.waker(0);
        let woken = catch_unwind(AssertUnwindSafe(|| if by_value { child.wake() } else { child.wake_by_ref() }));
        assert!(woken.is_err());
        assert_eq!(Arc::strong_count(&parent), 1);
        assert_eq!(set.drain().collect::<Vec<_>>(), [0]);
    }
}

static CLONES: AtomicUsize = AtomicUsize::new(0);
static DROPS: AtomicUsize = AtomicUsize::new(0);

/// A parent whose clone panics at the second time.
fn fragile() -> Waker {
    static TABLE: RawWakerVTable = RawWakerVTable::new(
        |data| {
            assert_eq!(CLONES.fetch_add(1, Ordering::Relaxed), 0, "the clone panics");
            RawWaker::new(data, &TABLE)
        },
        |_| (),
        |_| (),
        |_| _ = DROPS.fetch_add(1, Ordering::Relaxed),
    );
    // SAFETY: the functions take any word.
    unsafe { Waker::new(std::ptr::null(), &TABLE) }
}

#[test]
fn a_clone_that_panics_leaves_the_parent_of_before() {
    let (set, parent) = (WakerSet::new(2), Parent::new());
    let fragile = fragile();
    set.register(&fragile); // the clone that goes well
    set.register(&fragile); // which is there, and needs no other
    set.register(&parent.waker());
    assert_eq!(DROPS.load(Ordering::Relaxed), 1);
    assert!(catch_unwind(AssertUnwindSafe(|| set.register(&fragile))).is_err());
    set.mark(0);
    assert_eq!(parent.calls(), 1);
    drop(fragile);
    assert_eq!(DROPS.load(Ordering::Relaxed), 2);
}

#[test]
fn a_parent_that_drives_the_set_inside_its_wake_gets_all() {
    use std::cell::RefCell;
    use std::rc::Rc;

    thread_local! {
        static SET: RefCell<Option<Rc<WakerSet>>> = const { RefCell::new(None) };
        static SEEN: RefCell<Vec<usize>> = const { RefCell::new(vec![]) };
    }

    /// An executor without a queue.
    struct Inline;
    impl Wake for Inline {
        fn wake(self: Arc<Self>) {
            let set = SET.with_borrow(|set| set.clone().unwrap());
            set.register(&self.into());
            for index in set.drain() {
                SEEN.with_borrow_mut(|seen| seen.push(index));
                if index > 0 {
                    set.mark(index - 1); // calls again, inside
                }
            }
        }
    }

    let set = Rc::new(WakerSet::new(4));
    SET.set(Some(set.clone()));
    set.register(&Arc::new(Inline).into());
    set.mark(3);
    assert_eq!(SEEN.take(), [3, 2, 1, 0]);
    SET.take();
}
