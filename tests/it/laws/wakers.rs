//! Wakers over every kind of pointer, made in every way: counts, `will_wake`, panics, threads.

use std::cell::Cell;
use std::marker::PhantomData;
use std::sync::Arc;
use std::task::{Wake, Waker};

use waker_laws::Probe;
use waker_laws::waker::{WakerSubject, judge};
use waker_tables::{WakerRef, WakerVTable};

use super::pointers::*;
use super::{all_hold_but, plan};

/// The ways to make a waker of a pointer that stays. A target's wakers are made in them by turns, from this one on.
struct Made<P: Pointers> {
    first: usize,
    pointers: PhantomData<P>,
}

/// The pointer that a target begins with.
struct Handle<P: Pointers> {
    pointer: P::Pointer,
    way: Cell<usize>,
}

impl<P: Pointers> Drop for Handle<P> {
    fn drop(&mut self) {
        P::end(&self.pointer);
    }
}

const WAYS: usize = 3;

impl<P: Pointers> WakerSubject for Made<P> {
    type Target = Handle<P>;

    fn target(&self, probe: Probe) -> Handle<P> {
        Handle { pointer: P::fresh(probe), way: Cell::new(self.first) }
    }

    fn waker(&self, target: &Handle<P>) -> Waker {
        let way = target.way.replace((target.way.get() + 1) % WAYS);
        let borrowed = P::TABLE.waker_ref(&target.pointer);
        assert!(P::TABLE.matches(&borrowed) && P::TABLE.get(&borrowed).is_some());
        match way {
            0 => borrowed.clone(),
            1 => P::TABLE.waker(P::TABLE.get_pointer(&borrowed).expect("this table's")),
            _ => P::TABLE.waker(P::TABLE.into_pointer(borrowed.clone()).expect("this table's")),
        }
    }

    fn unpromised(&self, law: &str) -> Option<&'static str> {
        let counts = P::COUNTED || !["W4", "W15"].contains(&law);
        (!counts).then_some("nothing is counted: the target ends when its owner says so")
    }
}

fn are_right<P: Pointers>() {
    // What is over when its owner says so cannot end in its own wake.
    let others: &[_] = if P::COUNTED { &[] } else { &["W4", "W12", "W15"] };
    for first in 0..WAYS {
        all_hold_but(others, &judge(Made::<P> { first, pointers: PhantomData }, &plan()));
    }
}

macro_rules! wakers_are_right_for {
    ($($(#[$attribute:meta])* $name:ident: $pointers:ty;)+) => {$(
        $(#[$attribute])*
        #[test]
        fn $name() {
            are_right::<$pointers>();
        }
    )+};
}

wakers_are_right_for! {
    an_arc_passed_as_it_is: ArcByPointer;
    an_arc_passed_by_reference: ArcByReference;
    the_target_of_an_arc: ArcByTarget;
    a_derived_type: ArcDerived;
    a_type_with_wake_alone: ArcStd;
    four_functions_by_hand: ArcManual;
    a_static: StaticByPointer;
    a_reference_to_a_static: StaticByReference;
    an_id: IdByPointer;
    a_reference_to_an_id: IdByReference;
    an_own_pointer: OwnByPointer;
    the_target_of_an_own_pointer: OwnByTarget;
    #[cfg(all(feature = "portable-atomic", feature = "alloc"))]
    a_portable_arc: Portable;
}

/// For types without a table: std's wakers, borrowed.
#[test]
fn best_effort() {
    struct Generic<T>(T, Probe);

    impl<T: Send + Sync + 'static> Wake for Generic<T> {
        fn wake(self: Arc<Self>) {
            let _ = &self.0;
            self.1.woken();
        }
    }

    struct Borrowed;

    impl WakerSubject for Borrowed {
        type Target = Arc<Generic<u8>>;

        fn target(&self, probe: Probe) -> Self::Target {
            Arc::new(Generic(0, probe))
        }

        fn waker(&self, target: &Self::Target) -> Waker {
            let borrowed: WakerRef<'_> = WakerVTable::<Self::Target>::best_effort().waker_ref(target);
            borrowed.clone()
        }

        fn unpromised(&self, law: &str) -> Option<&'static str> {
            let as_stds = cfg!(miri) && ["W7", "W8"].contains(&law);
            as_stds.then_some("as good as std's, which Miri makes as bad as it may be")
        }
    }

    let others: &[_] = if cfg!(miri) { &["W7", "W8"] } else { &[] };
    all_hold_but(others, &judge(Borrowed, &plan()));
}
