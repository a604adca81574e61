//! Wakers over an `Arc`.

use std::ptr;
use std::sync::Arc;
use std::task::{Wake, Waker};

use cooked_waker::IntoWaker;
use futures_task::ArcWake;
use waker_tables::waker_vtable;
use waker_tables_04::UnsafeWakeable;

use super::count::Count;
use super::hand::ByHand;
use super::{Form, Operation, add as add_form};
use crate::harness::Case;
use crate::report::Side;

/// Adds all forms to a case.
pub(super) fn add(case: &mut Case<'_>, operation: Operation) {
    add_form::<Own>(case, operation);
    add_form::<Std>(case, operation);
    add_form::<StdDefault>(case, operation);
    add_form::<FuturesTask>(case, operation);
    add_form::<Cooked>(case, operation);
    add_form::<WakerFn>(case, operation);
    add_form::<Old>(case, operation);
    add_form::<ByHand>(case, operation);
}

struct Own(Arc<Count>);

waker_vtable! { static OWN: Arc<Count> => Count::add; }

impl Form for Own {
    const NAME: &'static str = "waker_tables";
    const SIDE: Side = Side::Own;
    const CAN_RECOVER: bool = true;

    fn new(_: usize) -> Self {
        Self(Arc::new(Count::new()))
    }

    #[inline]
    fn waker(&self) -> Waker {
        OWN.waker(self.0.clone())
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

/// std's trait with both methods written.
pub(super) struct Std(Arc<StdTarget>);

struct StdTarget(Count);

impl Wake for StdTarget {
    fn wake(self: Arc<Self>) {
        self.0.add();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.add();
    }
}

impl Form for Std {
    const NAME: &'static str = "std Wake, wake_by_ref written";

    fn new(_: usize) -> Self {
        Self(Arc::new(StdTarget(Count::new())))
    }

    #[inline]
    fn waker(&self) -> Waker {
        Waker::from(self.0.clone())
    }

    fn wakes(&self) -> u64 {
        self.0.0.wakes()
    }
}

/// std's trait with the one method that must be written.
struct StdDefault(Arc<StdDefaultTarget>);

struct StdDefaultTarget(Count);

impl Wake for StdDefaultTarget {
    fn wake(self: Arc<Self>) {
        self.0.add();
    }
}

impl Form for StdDefault {
    const NAME: &'static str = "std Wake, default";

    fn new(_: usize) -> Self {
        Self(Arc::new(StdDefaultTarget(Count::new())))
    }

    #[inline]
    fn waker(&self) -> Waker {
        Waker::from(self.0.clone())
    }

    fn wakes(&self) -> u64 {
        self.0.0.wakes()
    }
}

struct FuturesTask(Arc<FuturesTarget>);

struct FuturesTarget(Count);

impl ArcWake for FuturesTarget {
    fn wake_by_ref(this: &Arc<Self>) {
        this.0.add();
    }
}

impl Form for FuturesTask {
    const NAME: &'static str = "futures-task";

    fn new(_: usize) -> Self {
        Self(Arc::new(FuturesTarget(Count::new())))
    }

    #[inline]
    fn waker(&self) -> Waker {
        futures_task::waker(self.0.clone())
    }

    #[inline]
    fn borrow(&self, with: impl FnOnce(&Waker)) {
        with(&futures_task::waker_ref(&self.0));
    }

    fn wakes(&self) -> u64 {
        self.0.0.wakes()
    }
}

struct Cooked(Arc<CookedTarget>);

struct CookedTarget(Count);

impl cooked_waker::WakeRef for CookedTarget {
    fn wake_by_ref(&self) {
        self.0.add();
    }
}

impl Form for Cooked {
    const NAME: &'static str = "cooked-waker";

    fn new(_: usize) -> Self {
        Self(Arc::new(CookedTarget(Count::new())))
    }

    #[inline]
    fn waker(&self) -> Waker {
        self.0.clone().into_waker()
    }

    fn wakes(&self) -> u64 {
        self.0.0.wakes()
    }
}

/// A closure over the `Arc`; it gets an `Arc` of its own.
struct WakerFn(Arc<Count>);

impl Form for WakerFn {
    const NAME: &'static str = "waker-fn";

    fn new(_: usize) -> Self {
        Self(Arc::new(Count::new()))
    }

    #[inline]
    fn waker(&self) -> Waker {
        let target = self.0.clone();
        waker_fn::waker_fn(move || target.add())
    }

    fn wakes(&self) -> u64 {
        self.0.wakes()
    }
}

/// The published version before this one.
struct Old(Arc<OldTarget>);

struct OldTarget(Count);

impl OldTarget {
    fn on_wake(self: Arc<Self>) {
        self.0.add();
    }
}

waker_tables_04::derive_arc_unsafe_wakeable!(OldTarget, on_wake);

impl Form for Old {
    const NAME: &'static str = "waker_tables 0.4.0";
    const CAN_RECOVER: bool = true;

    fn new(_: usize) -> Self {
        Self(Arc::new(OldTarget(Count::new())))
    }

    #[inline]
    fn waker(&self) -> Waker {
        waker_tables_04::waker_from_arc(self.0.clone())
    }

    fn wakes(&self) -> u64 {
        self.0.0.wakes()
    }

    /// Not offered there; with its hidden table it takes `unsafe` of the user's own.
    #[inline]
    fn recover(waker: &Waker) -> Option<u64> {
        if !ptr::eq(waker.vtable(), OldTarget::raw_waker_vtable()) {
            return None;
        }
        // SAFETY: a waker over that table points to a live `OldTarget`.
        Some(unsafe { &*waker.data().cast::<OldTarget>() }.0.name())
    }
}
