//! Wakers over a `&'static` target: nothing is counted.

use std::mem::ManuallyDrop;
use std::ptr;
use std::task::{RawWaker, RawWakerVTable, Waker};

use waker_tables::waker_vtable;

use super::arc::Std;
use super::count::Count;
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

struct Own(&'static Count);

waker_vtable! { static OWN: &'static Count => Count::add; }

impl Form for Own {
    const NAME: &'static str = "waker_tables";
    const SIDE: Side = Side::Own;
    const CAN_RECOVER: bool = true;

    fn new(_: usize) -> Self {
        Self(Box::leak(Box::new(Count::new())))
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
        self.0.wakes()
    }

    #[inline]
    fn recover(waker: &Waker) -> Option<u64> {
        OWN.get(waker).map(Count::name)
    }
}

struct ByHand(&'static Count);

static BY_HAND: RawWakerVTable = RawWakerVTable::new(|data| RawWaker::new(data, &BY_HAND), on_wake, on_wake, |_| ());

unsafe fn on_wake(data: *const ()) {
    // SAFETY: a waker over this table points to a `'static` target.
    unsafe { &*data.cast::<Count>() }.add();
}

impl Form for ByHand {
    const NAME: &'static str = "by hand, unsafe";
    const CAN_RECOVER: bool = true;

    fn new(_: usize) -> Self {
        Self(Box::leak(Box::new(Count::new())))
    }

    #[inline]
    fn waker(&self) -> Waker {
        // SAFETY: the table's functions take a `&'static Count`.
        unsafe { Waker::new(ptr::from_ref(self.0).cast(), &BY_HAND) }
    }

    #[inline]
    fn borrow(&self, with: impl FnOnce(&Waker)) {
        with(&ManuallyDrop::new(self.waker()));
    }

    fn wakes(&self) -> u64 {
        self.0.wakes()
    }

    #[inline]
    fn recover(waker: &Waker) -> Option<u64> {
        if !ptr::eq(waker.vtable(), &raw const BY_HAND) {
            return None;
        }
        // SAFETY: a waker over this table points to a `'static` target.
        Some(unsafe { &*waker.data().cast::<Count>() }.name())
    }
}

/// A closure over the reference; it gets an `Arc` of its own.
struct WakerFn(&'static Count);

impl Form for WakerFn {
    const NAME: &'static str = "waker-fn";

    fn new(_: usize) -> Self {
        Self(Box::leak(Box::new(Count::new())))
    }

    #[inline]
    fn waker(&self) -> Waker {
        let target = self.0;
        waker_fn::waker_fn(move || target.add())
    }

    fn wakes(&self) -> u64 {
        self.0.wakes()
    }
}

/// Who stays with std gives the target an `Arc`.
pub(super) struct OverArc(Std);

impl Form for OverArc {
    const NAME: &'static str = "std Wake over an Arc";

    fn new(nth: usize) -> Self {
        Self(Std::new(nth))
    }

    #[inline]
    fn waker(&self) -> Waker {
        self.0.waker()
    }

    fn wakes(&self) -> u64 {
        self.0.wakes()
    }
}
