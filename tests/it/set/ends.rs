//! What ends when: wakers that outlive their set, and its memory.

use std::thread;

use waker_tables::WakerSet;

use super::parent::Parent;

#[test]
fn wakers_outlive_their_set() {
    let (set, parent) = (WakerSet::new(2), Parent::new());
    set.register(&parent.waker());
    let wakers = [set.waker(0), set.waker(1), set.waker(0)];
    drop(set);
    assert_eq!(parent.wakers(), 0, "the parent's waker does not");
    for waker in wakers {
        waker.wake_by_ref();
        assert!(waker.clone().will_wake(&waker));
        thread::spawn(move || waker.wake()).join().unwrap();
    }
    assert_eq!(parent.calls(), 0);
}

#[test]
fn a_set_goes_with_what_is_woken_in_it() {
    let set = WakerSet::new(3);
    (0..3).for_each(|index| set.mark(index));
    assert_eq!(set.drain().next(), Some(0));
    set.mark(0);
}

#[test]
fn a_parent_whose_end_wakes_a_child_of_the_set() {
    struct WakesAtItsEnd(std::task::Waker);
    impl std::task::Wake for WakesAtItsEnd {
        fn wake(self: std::sync::Arc<Self>) {}
    }
    impl Drop for WakesAtItsEnd {
        fn drop(&mut self) {
            self.0.wake_by_ref();
        }
    }
    let set = WakerSet::new(1);
    set.register(&std::sync::Arc::new(WakesAtItsEnd(set.waker(0))).into());
    drop(set);
}

#[test]
fn a_set_goes_to_another_thread() {
    let set = WakerSet::new(2);
    set.mark(1);
    let mut drain = set.drain();
    assert_eq!(drain.next(), Some(1));
    let waker = set.waker(0);
    let there = thread::spawn(move || {
        waker.wake();
        set.drain().collect::<Vec<_>>()
    });
    assert_eq!(there.join().unwrap(), [0]);
}
