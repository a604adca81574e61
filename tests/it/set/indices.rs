//! Indices and wakers, back and forth.

use std::panic::catch_unwind;
use std::task::Waker;

use waker_tables::{StaticWakerSet, WakerSet};

#[test]
fn wakers_of_an_index_are_the_same_and_others_are_not() {
    let set = WakerSet::new(3);
    let waker = set.waker(1);
    assert!(waker.will_wake(&set.waker_ref(1)) && waker.will_wake(&waker.clone()) && waker.will_wake(&set.waker(1)));
    assert!(!waker.will_wake(&set.waker(0)) && !waker.will_wake(&set.waker(2)));
    assert!(!waker.will_wake(&WakerSet::new(3).waker(1)));
}

#[test]
fn a_waker_leads_back_to_its_index_in_its_own_set_alone() {
    static FIXED: StaticWakerSet<2> = StaticWakerSet::new();
    let (one, other, fixed) = (WakerSet::new(5), WakerSet::new(5), FIXED.take().unwrap());
    for index in 0..5 {
        assert_eq!(one.index_of(&one.waker(index)), Some(index));
        assert_eq!(other.index_of(&one.waker_ref(index)), None);
        assert_eq!(fixed.index_of(&one.waker(index)), None);
    }
    assert_eq!((fixed.index_of(&fixed.waker(1)), one.index_of(&fixed.waker(1))), (Some(1), None));
    assert_eq!(one.index_of(Waker::noop()), None);
}

#[test]
fn an_index_that_is_not_there_panics() {
    let calls: [fn(&WakerSet, usize); 4] = [
        |set, index| drop(set.waker(index)),
        |set, index| drop(set.waker_ref(index)),
        |set, index| set.mark(index),
        |set, index| _ = set.is_woken(index),
    ];
    for (len, index) in [(0, 0), (1, 1), (4, 4), (4, usize::MAX)] {
        for call in calls {
            assert!(catch_unwind(|| call(&WakerSet::new(len), index)).is_err());
        }
    }
}

#[test]
fn a_set_of_none_is_driven_like_any_other() {
    let set = WakerSet::new(0);
    assert!(set.is_empty());
    set.register(Waker::noop());
    assert_eq!(set.drain().count(), 0);
    set.grow(1).unwrap();
    assert!(!set.is_empty());
    set.mark(0);
    assert_eq!(set.drain().collect::<Vec<_>>(), [0]);
}

#[test]
fn an_old_waker_of_an_index_wakes_whoever_has_it_now() {
    let set = WakerSet::new(1);
    let former = set.waker(0);
    set.mark(0); // the next child of this index
    former.wake();
    assert_eq!(set.drain().count(), 1);
}
