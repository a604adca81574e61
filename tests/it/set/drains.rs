//! What a drain gives, and when it ends.

use std::panic::{AssertUnwindSafe, catch_unwind};

use waker_tables::WakerSet;

fn drained(set: &WakerSet) -> Vec<usize> {
    set.drain().collect()
}

#[test]
fn what_was_woken_comes_once_in_the_order_of_the_wakes() {
    let set = WakerSet::new(8);
    assert_eq!(drained(&set), [0_usize; 0]);
    for index in [3, 0, 7, 3, 3, 1, 0] {
        set.waker_ref(index).wake_by_ref();
    }
    set.waker(5).wake();
    set.mark(2);
    assert_eq!(drained(&set), [3, 0, 7, 1, 5, 2]);
    assert_eq!(drained(&set), [0_usize; 0]);
    set.mark(3);
    assert_eq!(drained(&set), [3]);
}

#[test]
fn is_woken_tells_from_the_wake_until_the_drain_gives_it() {
    let set = WakerSet::new(3);
    assert!(!set.is_woken(1));
    set.mark(0);
    set.mark(1);
    assert!(set.is_woken(1) && !set.is_woken(2));
    let mut drain = set.drain();
    assert_eq!(drain.next(), Some(0));
    assert!(!set.is_woken(0) && set.is_woken(1));
    assert_eq!(drain.next(), Some(1));
    assert!(!set.is_woken(1));
}

#[test]
fn a_wake_inside_a_drain_is_the_next_ones() {
    let set = WakerSet::new(3);
    set.mark(0);
    set.mark(1);
    let mut seen = vec![];
    for index in set.drain() {
        seen.push(index);
        set.waker_ref(0).wake_by_ref(); // was given out: again, but not by this drain
        set.waker_ref(1).wake_by_ref(); // still to be given out: once; then again
        set.mark(2);
    }
    assert_eq!(seen, [0, 1]);
    assert_eq!(drained(&set), [0, 2, 1]);
}

#[test]
fn a_child_that_wakes_itself_at_each_poll_does_not_keep_a_drain_going() {
    let set = WakerSet::new(1);
    set.mark(0);
    for _ in 0..100 {
        assert_eq!(set.drain().inspect(|&index| set.mark(index)).count(), 1);
    }
}

#[test]
fn the_rest_of_a_dropped_drain_comes_first_in_the_next() {
    let set = WakerSet::new(6);
    for index in [4, 1, 3] {
        set.mark(index);
    }
    assert_eq!(set.drain().next(), Some(4));
    set.mark(0);
    set.mark(4);
    assert_eq!(set.drain().next(), Some(1));
    set.mark(1);
    assert_eq!(drained(&set), [3, 0, 4, 1]);
    drop(set.drain());
    assert_eq!(drained(&set), [0_usize; 0]);
}

#[test]
fn a_poll_that_panics_leaves_the_rest() {
    let set = WakerSet::new(3);
    (0..3).for_each(|index| set.mark(index));
    let polled = catch_unwind(AssertUnwindSafe(|| {
        for index in set.drain() {
            assert_ne!(index, 1, "a child panics");
        }
    }));
    assert!(polled.is_err());
    assert_eq!(drained(&set), [2]);
}

#[test]
fn a_drain_inside_a_drain_takes_over() {
    let set = WakerSet::new(5);
    for index in [0, 1, 2] {
        set.mark(index);
    }
    let mut outer = set.drain();
    assert_eq!(outer.next(), Some(0));
    set.mark(3);
    let mut inner = set.drain();
    assert_eq!(inner.next(), Some(1));
    assert_eq!(outer.next(), None, "the outer one is over");
    set.mark(4);
    assert_eq!(inner.by_ref().collect::<Vec<_>>(), [2, 3]);
    assert_eq!((inner.next(), outer.next()), (None, None));
    assert_eq!(drained(&set), [4]);
}

#[test]
fn nothing_comes_after_the_end() {
    let set = WakerSet::new(2);
    set.mark(0);
    let mut drain = set.drain();
    assert_eq!((drain.next(), drain.next()), (Some(0), None));
    set.mark(1);
    assert_eq!(drain.next(), None);
    assert_eq!(drained(&set), [1]);
}
