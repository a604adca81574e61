//! What is done with the other handles while the body is being polled, on another thread or from inside.

use std::fmt::Write;
use std::sync::Arc;
use std::thread;

use waker_tables::Home;

use super::world::*;

/// What is done during the poll, one letter each: `w`ake, `r` wake by reference, `c`ancel, `d`rop the join handle,
/// `p`oll it, `t` drop the spare handle.
fn act(world: &World, acts: &str) {
    let mut was_cancelled = false;
    for act in acts.chars() {
        match act {
            'w' => lock(&world.spare).clone().expect("it is there").wake(),
            'r' => lock(&world.spare).as_ref().expect("it is there").wake_by_ref(),
            'c' => {
                let cancelled = lock(&world.spare).as_ref().expect("it is there").cancel();
                assert_eq!(cancelled, !std::mem::replace(&mut was_cancelled, true), "the first one did it");
            }
            'd' => drop(world.handle()),
            'p' => assert_eq!(world.join(), '-', "not before the end of the poll"),
            't' => drop(lock(&world.spare).take()),
            other => unreachable!("{other}"),
        }
    }
}

/// Acts, and for each end of the poll (pending, ready, panic) what happened after it, the run's answer, and the joiner's.
#[rustfmt::skip]
const TABLE: &[(&str, [&str; 3])] = &[
    // Joined, with another handle.
    ("",    ["P-",   "bjCO", "bj!P"]),
    ("p",   ["P-",   "bjCO", "bj!P"]),
    ("r",   ["W-",   "bjCO", "bj!P"]),
    ("w",   ["W-",   "bjCO", "bj!P"]),
    ("rwr", ["W-",   "bjCO", "bj!P"]),
    ("c",   ["bjCC", "bjCO", "bj!P"]),
    ("wc",  ["bjCC", "bjCO", "bj!P"]),
    ("cw",  ["bjCC", "bjCO", "bj!P"]),
    ("cc",  ["bjCC", "bjCO", "bj!P"]),
    // The handle alone is left.
    ("t",   ["P-",   "bjCO", "bj!P"]),
    ("rt",  ["W-",   "bjCO", "bj!P"]),
    ("ct",  ["bjCC", "bjCO", "bj!P"]),
    // Detached while it runs.
    ("d",   ["P",    "boC",  "b!"]),
    ("rd",  ["W",    "boC",  "b!"]),
    ("cd",  ["bC",   "boC",  "b!"]),
    ("wcd", ["bC",   "boC",  "b!"]),
    // Nobody is left.
    ("dt",  ["bfL",  "bofC", "bf!"]),
    ("td",  ["bfL",  "bofC", "bf!"]),
    ("rdt", ["W",    "bofC", "bf!"]),
    ("cdt", ["bfC",  "bofC", "bf!"]),
];

#[test]
fn every_cell_of_what_is_done_during_a_poll() {
    let home = Home::new();
    let mut wrong = String::new();
    for &(acts, cells) in TABLE {
        for (ends, expected) in [Ends::Silent, Ends::Ready, Ends::Panic].into_iter().zip(cells) {
            for &(kind, joined) in if cfg!(miri) { &KINDS[..1] } else { &KINDS } {
                for elsewhere in [false, true] {
                    let detached = acts.contains('d');
                    if !joined && !detached {
                        continue;
                    }
                    let world = World::new(kind, joined, &home);
                    let spare = lock(&world.ticket).as_ref().map(Ticket::task);
                    *lock(&world.spare) = spare;
                    if joined {
                        assert_eq!(world.join(), '-');
                    }
                    let inside = Arc::clone(&world);
                    world.log.during(move |_| {
                        let acts = move || act(&inside, acts);
                        if elsewhere { thread::spawn(acts).join().expect("no panic") } else { acts() }
                        // Nothing happens before the poll is over.
                    });
                    let answer = world.run(ends, &home);
                    let mut seen = world.log.events();
                    assert_eq!(seen.remove(0), 'p');
                    seen.push(answer);
                    let has_handle = lock(&world.handle).is_some();
                    if has_handle {
                        let told = world.join();
                        seen.push(told);
                        // An output is given once; all else is told again.
                        world.log.events();
                        assert_eq!(world.join(), if told == 'O' { '!' } else { told }, "{acts:?}, {ends:?}");
                    }
                    if seen != expected {
                        writeln!(wrong, "{acts:?}, {ends:?}, {kind:?}, {joined}: {seen} not {expected}")
                            .expect("a string");
                    }
                    assert_eq!(world.finish(&home), "", "{acts:?}, {ends:?}, {kind:?}, {joined}");
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn the_hook_is_not_called_for_a_task_that_runs() {
    let home = Home::new();
    for (kind, joined) in KINDS {
        let world = World::new(kind, joined, &home);
        let inside = Arc::clone(&world);
        world.log.during(move |waker| {
            for _ in 0..3 {
                waker.wake_by_ref();
                let another = waker.clone();
                another.wake();
            }
            assert_eq!(inside.log.events(), "p");
        });
        assert_eq!(world.run(Ends::Silent, &home), 'W');
        assert_eq!(world.log.events(), "");
        assert!(world.log.pop().is_none());
        assert_eq!(world.finish(&home), "");
    }
}
