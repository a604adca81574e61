//! Counts after every step of every short sequence of operations, against a model that only counts.

use std::task::Waker;

use crate::subjects::*;

#[derive(Debug, Clone, Copy)]
enum Step {
    Wake,
    WakeByRef,
    Clone,
    Drop,
    /// Borrow from the pointer, wake by reference, keep a clone.
    Borrow,
    Get,
    GetPointer,
    IntoPointer,
}

const STEPS: [Step; 8] = [
    Step::Wake,
    Step::WakeByRef,
    Step::Clone,
    Step::Drop,
    Step::Borrow,
    Step::Get,
    Step::GetPointer,
    Step::IntoPointer,
];

/// The real things, and what the model says of them.
struct World<S: Subject> {
    pointer: S::Pointer,
    wakers: Vec<Waker>,
    pointers: Vec<S::Pointer>,
    wakes: usize,
}

impl<S: Subject> World<S> {
    fn new() -> Self {
        let pointer = S::fresh();
        let wakers = vec![S::TABLE.waker_ref(&pointer).clone()];
        Self { pointer, wakers, pointers: Vec::new(), wakes: 0 }
    }

    /// Which waker a step takes; another one at each step.
    fn take(&mut self, turn: usize) -> Option<Waker> {
        let count = self.wakers.len();
        (count > 0).then(|| self.wakers.swap_remove(turn % count))
    }

    fn step(&mut self, step: Step, turn: usize) {
        match step {
            Step::Borrow => {
                let borrowed = S::TABLE.waker_ref(&self.pointer);
                borrowed.wake_by_ref();
                self.wakes += 1;
                self.wakers.push(borrowed.clone());
            }
            Step::Wake => {
                if let Some(waker) = self.take(turn) {
                    waker.wake();
                    self.wakes += 1;
                }
            }
            Step::Drop => drop(self.take(turn)),
            Step::IntoPointer => {
                let pointer = self.take(turn).map(|waker| S::TABLE.into_pointer(waker).expect("this table's"));
                self.pointers.extend(pointer);
            }
            Step::WakeByRef | Step::Clone | Step::Get | Step::GetPointer => {
                let Some(waker) = self.take(turn) else { return };
                match step {
                    Step::WakeByRef => {
                        waker.wake_by_ref();
                        self.wakes += 1;
                    }
                    Step::Clone => self.wakers.push(waker.clone()),
                    Step::Get => assert!(S::TABLE.matches(&waker) && S::TABLE.get(&waker).is_some()),
                    _ => self.pointers.push(S::TABLE.get_pointer(&waker).expect("this table's")),
                }
                self.wakers.push(waker);
            }
        }
    }

    fn check(&self, steps: &[Step]) {
        let (wakes, count) = S::observe(&self.pointer);
        assert_eq!(wakes, self.wakes, "wakes after {steps:?}");
        if let Some(count) = count {
            assert_eq!(count, 1 + self.wakers.len() + self.pointers.len(), "counts after {steps:?}");
        }
        if let [first, .., last] = &self.wakers[..] {
            assert!(first.will_wake(last), "a clone will wake its original after {steps:?}");
        }
        for pointer in &self.pointers {
            assert_eq!(S::observe(pointer), (wakes, count), "recovered another target after {steps:?}");
        }
    }
}

fn all_sequences<S: Subject>() {
    let length = if cfg!(miri) { 3 } else { 6 };
    for number in 0..STEPS.len().pow(length) {
        let mut steps = Vec::new();
        let mut world = World::<S>::new();
        let mut rest = number;
        for turn in 0..length as usize {
            let step = STEPS[rest % STEPS.len()];
            rest /= STEPS.len();
            steps.push(step);
            world.step(step, turn);
            world.check(&steps);
        }
        world.wakers.clear();
        world.pointers.clear();
        world.check(&steps);
    }
}

macro_rules! counts_are_right_for {
    ($($(#[$attribute:meta])* $name:ident: $subject:ty;)+) => {$(
        $(#[$attribute])*
        #[test]
        fn $name() {
            all_sequences::<$subject>();
        }
    )+};
}

counts_are_right_for! {
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
