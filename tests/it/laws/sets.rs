//! Wakers of the children of sets: a set for each child, many children of one set that grows, and a set in a static.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::task::Waker;

use waker_laws::Probe;
use waker_laws::waker::{WakerSubject, judge};
use waker_tables::{StaticWakerSet, WakerSet};

use super::{all_hold_but, plan};

/// A set, and the probes of the children that live.
struct Owner {
    set: WakerSet,
    children: RefCell<BTreeMap<usize, Probe>>,
    next: Cell<usize>,
}

impl Owner {
    fn of(set: WakerSet) -> Rc<Self> {
        Rc::new(Self { set, children: RefCell::default(), next: Cell::new(0) })
    }

    /// Tells of everything that was woken, as a poll would find it.
    fn drain(&self) {
        self.set.register(Waker::noop());
        for index in self.set.drain() {
            assert!(!self.set.is_woken(index));
            // Nobody, if the child is over: its wakers go on.
            if let Some(probe) = self.children.borrow().get(&index) {
                probe.woken();
            }
        }
    }
}

/// A child, whose index no other has after it.
struct Child {
    owner: Rc<Owner>,
    index: usize,
}

impl Drop for Child {
    fn drop(&mut self) {
        let probe = self.owner.children.borrow_mut().remove(&self.index);
        drop(probe);
    }
}

/// By the owner of the next child.
struct Children(fn() -> Rc<Owner>);

impl WakerSubject for Children {
    type Target = Child;

    fn target(&self, probe: Probe) -> Child {
        let owner = (self.0)();
        let index = owner.next.replace(owner.next.get() + 1);
        owner.set.grow(index + 1).expect("there is memory, or room");
        owner.children.borrow_mut().insert(index, probe);
        Child { owner, index }
    }

    fn waker(&self, target: &Child) -> Waker {
        let borrowed = target.owner.set.waker_ref(target.index);
        assert_eq!(target.owner.set.index_of(&borrowed), Some(target.index));
        borrowed.clone()
    }

    fn settle(&self, target: &Child) {
        target.owner.drain();
    }

    fn merges(&self) -> bool {
        true
    }

    fn unpromised(&self, law: &str) -> Option<&'static str> {
        (law == "W4").then_some("a child ends when its owner says so: its wakers keep the set's memory")
    }
}

/// Wakes leave a mark and run nothing of the child's.
const OTHERS: &[&str] = &["W4", "W12", "W15", "W16"];

#[test]
fn of_a_set_for_each_child() {
    all_hold_but(OTHERS, &judge(Children(|| Owner::of(WakerSet::new(1))), &plan()));
}

/// From one child on, for as long as a check lasts: so children stand in many chunks.
#[test]
fn of_one_set_that_grows() {
    thread_local! {
        static ONE: Rc<Owner> = Owner::of(WakerSet::new(1));
    }
    all_hold_but(OTHERS, &judge(Children(|| ONE.with(Rc::clone)), &plan()));
}

#[test]
fn of_a_set_in_a_static() {
    static FIXED: StaticWakerSet<8192> = StaticWakerSet::new();
    thread_local! {
        static ONE: Rc<Owner> = Owner::of(FIXED.take().expect("the check before is over, and its thread"));
    }
    all_hold_but(OTHERS, &judge(Children(|| ONE.with(Rc::clone)), &plan()));
}
