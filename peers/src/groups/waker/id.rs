//! Wakers that carry a number: an index into somebody's array.

use std::mem::ManuallyDrop;
use std::ptr;
use std::task::{RawWaker, RawWakerVTable, Waker};

use waker_tables::waker_vtable;

use super::count::Count;
use super::fixed::OverArc;
use super::{Form, Operation, add as add_form};
use crate::harness::Case;
use crate::report::Side;

/// Adds all forms to a case.
pub(super) fn add(case: &mut Case<'_>, operation: Operation) {
    add_form::<Own>(case, operation);
    add_form::<ByHand>(case, operation);
    add_form::<WakerFn>(case, operation);
    add_form::<OverArc>(case, operation);
}

struct Own(usize);

static OWN_COUNTS: [Count; 8] = [const { Count::new() }; 8];

fn own_wake(id: usize) {
    OWN_COUNTS[id & 7].add();
}

waker_vtable! { static OWN: usize => own_wake; }

impl Form for Own {
    const NAME: &'static str = "waker_tables";
    const SIDE: Side = Side::Own;
    const CAN_RECOVER: bool = true;

    fn new(nth: usize) -> Self {
        Self(nth & 7)
    }

    #[inline]
    fn waker(&self) -> Waker {
        OWN.waker(self.0)
    }

    #[inline]
    fn borrow(&self, with: impl FnOnce(&Waker)) {
        with(&OWN.waker_ref(&self.0));
    }

    fn wakes(&self) -> u64 {
        OWN_COUNTS[self.0].wakes()
    }

    #[inline]
    fn recover(waker: &Waker) -> Option<u64> {
        OWN.id(waker).map(|id| id as u64)
    }
}

struct ByHand(usize);

static HAND_COUNTS: [Count; 8] = [const { Count::new() }; 8];

static BY_HAND: RawWakerVTable =
    RawWakerVTable::new(|data| RawWaker::new(data, &BY_HAND), hand_wake, hand_wake, |_| ());

/// Needs nothing of its caller: `data` is a number. `unsafe` only because the table's type asks for it.
unsafe fn hand_wake(data: *const ()) {
    HAND_COUNTS[data.addr() & 7].add();
}

impl Form for ByHand {
    const NAME: &'static str = "by hand, unsafe";
    const CAN_RECOVER: bool = true;

    fn new(nth: usize) -> Self {
        Self(nth & 7)
    }

    #[inline]
    fn waker(&self) -> Waker {
        // SAFETY: the table's functions take any number.
        unsafe { Waker::new(ptr::without_provenance(self.0), &BY_HAND) }
    }

    #[inline]
    fn borrow(&self, with: impl FnOnce(&Waker)) {
        with(&ManuallyDrop::new(self.waker()));
    }

    fn wakes(&self) -> u64 {
        HAND_COUNTS[self.0].wakes()
    }

    #[inline]
    fn recover(waker: &Waker) -> Option<u64> {
        ptr::eq(waker.vtable(), &raw const BY_HAND).then(|| waker.data().addr() as u64)
    }
}

/// A closure over the number; it gets an `Arc` of its own.
struct WakerFn(usize);

static CLOSURE_COUNTS: [Count; 8] = [const { Count::new() }; 8];

impl Form for WakerFn {
    const NAME: &'static str = "waker-fn";

    fn new(nth: usize) -> Self {
        Self(nth & 7)
    }

    #[inline]
    fn waker(&self) -> Waker {
        let id = self.0;
        waker_fn::waker_fn(move || CLOSURE_COUNTS[id & 7].add())
    }

    fn wakes(&self) -> u64 {
        CLOSURE_COUNTS[self.0].wakes()
    }
}
