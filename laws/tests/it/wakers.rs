//! A wrong waker for each law of wakers.

use std::panic::catch_unwind;
#[cfg(not(miri))]
use std::time::Duration;

use waker_laws::Plan;
#[cfg(not(miri))]
use waker_laws::Verdict;
use waker_laws::waker::{judge, judge_law};

#[cfg(not(miri))]
use crate::wrong_waker::HANG;
use crate::wrong_waker::{Bug, Ids};
use crate::{breaks, plan};

macro_rules! breaks_just {
    ($($name:ident: $bug:ident => $($law:literal)*;)*) => {
        $(#[test]
        fn $name() {
            breaks(&judge(Ids(Bug::$bug), &plan()), &[$($law),*]);
        })*
    };
}

breaks_just! {
    no_bug: None => ;
    w1_a_lost_wake: Loses => "W1";
    w2_a_drop_that_wakes: WakesInDrop => "W2";
    w3_a_doubled_wake: WakesTwice => "W3";
    w4_an_early_end: EndsWithItsHandle => "W4";
    w5_a_leak: Leaks => "W5";
    w6_a_panic_after_the_end: PanicsAfterTheEnd => "W6";
    w6_drops_that_all_panic: PanicsInDrop => "W6";
    // `will_wake` compares the tables: what a clone changes, it sees.
    w7_a_clone_with_another_table: CloneChangesTable => "W7" "W8";
    w8_a_waker_with_another_table: MakeChangesTable => "W8";
    // Who has one word for two targets wakes both, and ends them together.
    w9_one_word_for_all: OneWord => "W2" "W9" "W13";
    w10_a_wake_from_a_thread_that_is_lost: LosesFromThreads => "W10";
    w10_a_clone_on_a_thread_with_another_table: OtherTableOnThreads => "W10";
    w11_a_drop_on_a_thread_that_leaks: LeaksOnThreads => "W11";
    w11_a_drop_on_a_thread_that_ends_it_early: EndsOnThreads => "W11";
    w11_a_count_that_is_read_and_written_apart: CountsApart => "W11";
    w12_an_end_inside_the_wake: EndsInWake => "W12";
    w13_a_drop_inside_a_drop_that_leaks: LeaksInDrop => "W13";
    w14_a_drop_while_unwinding_that_leaks: LeaksWhileUnwinding => "W14";
    w15_a_panic_that_leaks: LeaksOnPanic => "W15";
    w15_a_wake_that_is_lost_after_a_panic: LosesAfterPanic => "W15";
    w16_a_wake_inside_a_wake_that_is_lost: LosesInside => "W16";
}

#[test]
#[cfg(not(miri))] // sequences longer than its plan
fn the_shortest_sequence_is_given() {
    let broken = |bug, law, plan: &Plan| match judge_law(Ids(bug), law, plan) {
        Some(Verdict::Broken(broken)) => broken.steps.len() - 2, // the first and the last frame it
        other => panic!("{other:?}"),
    };
    assert_eq!(broken(Bug::CloneChangesTable, "W7", &Plan::default()), 1);
    assert_eq!(broken(Bug::MakeChangesTable, "W8", &Plan::default()), 1);
    assert_eq!(broken(Bug::EndsWithItsHandle, "W4", &Plan::default()), 2);
    assert_eq!(broken(Bug::PanicsAfterTheEnd, "W6", &Plan::default()), 3);
    let short = Plan { random: 0, ..Plan::default() };
    assert_eq!(broken(Bug::PanicsAfterTheEnd, "W6", &short), 3, "each short one is tried");
    // From random sequences of twelve the same, since what is not needed is left out.
    let random = Plan { length: 0, random: 2_000, ..Plan::default() };
    assert_eq!(broken(Bug::EndsWithItsHandle, "W4", &random), 2);
    assert_eq!(broken(Bug::PanicsAfterTheEnd, "W6", &random), 3);
}

#[test]
#[cfg(not(miri))] // no thread may be left
fn what_hangs_is_told_with_its_sequence() {
    let hang = HANG.write();
    let verdict = judge_law(Ids(Bug::HangsInDrop), "W1", &Plan { limit: Duration::from_millis(500), ..plan() });
    drop(hang);
    let Some(Verdict::Broken(broken)) = verdict else { panic!("{verdict:?}") };
    assert_eq!(broken.steps.len(), 3, "a wake by reference between the first and the last: {broken}");
}

#[test]
#[cfg(not(miri))] // sequences longer than its plan
fn what_a_panic_said_is_told() {
    let Some(Verdict::Broken(broken)) = judge_law(Ids(Bug::PanicsAfterTheEnd), "W6", &Plan::default()) else {
        panic!("none")
    };
    assert!(broken.saw.contains("a wake after the end"), "{broken}");
}

#[test]
fn a_failure_names_the_seed() {
    let report = judge(Ids(Bug::Loses), &Plan { seed: 20_260, ..plan() });
    let panic = catch_unwind(|| report.assert()).expect_err("a law is broken");
    assert!(panic.downcast_ref::<String>().expect("a message").contains("20260"));
}

#[test]
fn the_same_seed_finds_the_same() {
    let random = Plan { length: 0, ..Plan::default() };
    let once = judge_law(Ids(Bug::Leaks), "W5", &random);
    assert_eq!(once, judge_law(Ids(Bug::Leaks), "W5", &random));
}
