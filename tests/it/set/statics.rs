//! Sets in statics.

use waker_tables::StaticWakerSet;

use super::parent::{Parent, poll};

#[test]
fn one_owner_at_a_time() {
    static FIXED: StaticWakerSet<1> = StaticWakerSet::new();
    let set = FIXED.take().unwrap();
    assert!(FIXED.take().is_none());
    drop(set);
    assert!(FIXED.take().is_some());
}

#[test]
fn an_old_waker_wakes_the_child_that_stands_there_now() {
    static FIXED: StaticWakerSet<2> = StaticWakerSet::new();
    let parent = Parent::new();
    let set = FIXED.take().unwrap();
    set.register(&parent.waker());
    let old = set.waker(1);
    drop(set);
    assert_eq!(parent.wakers(), 0, "the parent's waker goes with the owner");
    old.wake_by_ref();
    assert_eq!(parent.calls(), 0);
    let set = FIXED.take().unwrap();
    assert_eq!(set.index_of(&old), Some(1));
    assert_eq!(poll(&set, &parent), [1]);
    old.wake();
    assert_eq!(parent.calls(), 1);
}

#[test]
fn what_an_owner_left_undrained_can_be_woken_under_the_next() {
    static FIXED: StaticWakerSet<3> = StaticWakerSet::new();
    let set = FIXED.take().unwrap();
    (0..3).for_each(|index| set.mark(index));
    assert_eq!(set.drain().next(), Some(0));
    set.mark(0);
    drop(set);
    let set = FIXED.take().unwrap();
    assert!((0..3).all(|index| !set.is_woken(index)));
    (0..3).rev().for_each(|index| set.mark(index));
    assert_eq!(set.drain().collect::<Vec<_>>(), [2, 1, 0]);
}

#[test]
fn a_static_of_none() {
    static FIXED: StaticWakerSet<0> = StaticWakerSet::new();
    assert_eq!(FIXED.take().unwrap().drain().count(), 0);
}
