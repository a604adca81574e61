//! The hot paths of sets of wakers.

use std::hint::black_box;
use std::task::Waker;

use waker_tables::{WakerRef, WakerSet};

#[unsafe(no_mangle)]
pub fn cost_set_register(set: &WakerSet, parent: &Waker) {
    set.register(parent);
}

#[unsafe(no_mangle)]
pub fn cost_set_drain_first(set: &WakerSet) -> Option<usize> {
    set.drain().next()
}

#[unsafe(no_mangle)]
pub fn cost_set_waker_ref(set: &WakerSet, index: usize) -> WakerRef<'_> {
    set.waker_ref(index)
}

#[unsafe(no_mangle)]
pub fn cost_set_index_of(set: &WakerSet, waker: &Waker) -> Option<usize> {
    set.index_of(waker)
}

/// A set with a parent, and wakers of sixteen children in it, as far apart as may be.
#[must_use]
pub fn children(of: usize) -> (WakerSet, Vec<Waker>) {
    let set = WakerSet::new(of);
    set.register(Waker::noop());
    let wakers = (0..16).map(|at| set.waker(at * of / 16)).collect();
    (set, wakers)
}

/// A turn of a parent that is called: sixteen children are woken, drained, and polled.
pub fn turn((set, wakers): &(WakerSet, Vec<Waker>)) {
    for waker in wakers {
        waker.wake_by_ref();
    }
    set.register(Waker::noop());
    for index in set.drain() {
        black_box(&*set.waker_ref(index));
    }
}
