//! Sets that grow.

use std::task::Waker;

use waker_tables::{StaticWakerSet, TooManyWakers, WakerSet};

use super::parent::{Parent, poll};

#[test]
fn wakers_stay_good_while_the_set_grows() {
    let (set, parent) = (WakerSet::new(1), Parent::new());
    let mut wakers = vec![set.waker(0)];
    poll(&set, &parent);
    for len in 2..=100 {
        set.grow(len).unwrap();
        assert!((len..2 * len).contains(&set.len()));
        wakers.push(set.waker(len - 1));
    }
    for (index, waker) in wakers.iter().enumerate() {
        assert_eq!(set.index_of(waker), Some(index));
        assert!(waker.will_wake(&set.waker_ref(index)));
    }
    wakers.iter().rev().for_each(Waker::wake_by_ref);
    assert_eq!(parent.calls(), 1);
    assert_eq!(poll(&set, &parent), (0..100).rev().collect::<Vec<_>>());
}

#[test]
fn growing_to_what_is_there_changes_nothing() {
    let set = WakerSet::new(5);
    set.grow(0).unwrap();
    set.grow(5).unwrap();
    assert_eq!(set.len(), 5);
    set.grow(6).unwrap();
    assert_eq!(set.len(), 10);
    set.grow(100).unwrap();
    assert_eq!(set.len(), 100);
}

#[test]
fn a_set_grows_inside_a_drain() {
    let set = WakerSet::new(2);
    set.mark(1);
    set.mark(0);
    let mut seen = vec![];
    for index in set.drain() {
        seen.push(index);
        let len = set.len();
        set.grow(len + 1).unwrap();
        set.waker(len).wake();
    }
    assert_eq!(seen, [1, 0]);
    assert_eq!(set.drain().collect::<Vec<_>>(), [2, 4]);
}

#[test]
fn a_waker_of_any_chunk_may_be_the_last() {
    for last in [0, 1, 3, 7] {
        let set = WakerSet::new(1);
        (2..=8).for_each(|len| set.grow(len).unwrap());
        let waker = set.waker(last);
        drop(set);
        waker.wake_by_ref();
        drop(waker.clone());
        waker.wake();
    }
}

#[test]
fn more_than_fit_are_refused_and_nothing_changes() {
    let set = WakerSet::new(3);
    let most = if usize::BITS > 32 { 1 << 32 } else { usize::MAX };
    for len in [most, usize::MAX] {
        assert!(matches!(WakerSet::try_new(len), Err(TooManyWakers { .. })));
        assert!(set.grow(len).is_err());
    }
    set.mark(2);
    assert_eq!((set.len(), set.drain().count()), (3, 1));
    assert!(std::panic::catch_unwind(|| WakerSet::new(usize::MAX)).is_err());
}

#[test]
fn a_set_in_a_static_does_not_grow() {
    static FIXED: StaticWakerSet<2> = StaticWakerSet::new();
    let set = FIXED.take().unwrap();
    assert_eq!(set.grow(2), Ok(()));
    assert!(set.grow(3).is_err());
    assert_eq!(set.len(), 2);
}
