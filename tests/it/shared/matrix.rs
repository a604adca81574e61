//! Each thing that can be done with each handle, in each state of a task: what happens at once, and what leaks.
//!
//! The letters of a cell are those of the world, in order; those for what leaks are large. `-` is nothing; an empty cell
//! cannot be reached. `last` is the row for a handle beside which there is no other.

use std::fmt::Write;
use std::sync::Arc;

use waker_tables::Home;

use super::world::*;

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    /// A runnable is at hand: the first one, one of `Woken`, one from the hook.
    Scheduled(From),
    Idle,
    /// Cancelled while idle, so that there is a runnable.
    Cancelled,
    /// Its output is there.
    Output,
    /// Its output was fetched, or nobody is there who would.
    Done,
    /// Its body was dropped without an output.
    Ended,
    Panicked,
    /// A local one, whose runnable was dropped.
    Abandoned,
    /// The last handle has gone before: there is a runnable, and nothing else.
    Orphaned,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum From {
    Spawn,
    Woken,
    Hook,
}

/// What is done. `By` is what it is done with.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Act {
    DropRunnable,
    DropLocalRunnable,
    ForgetRunnable,
    Schedule,
    Run(Ends),
    Drop(By),
    Forget(By),
    Wake(By),
    WakeByRef(By),
    Cancel(By),
    Poll,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum By {
    TaskRef,
    Waker,
    Borrowed,
    JoinHandle,
}

use Act::*;
use By::*;

#[derive(Clone, Copy)]
struct Row {
    name: &'static str,
    acts: &'static [Act],
    last: bool,
    /// For a task with a join handle, or without one; else for both.
    joined: Option<bool>,
    cells: [&'static str; 9],
}

const fn row(name: &'static str, acts: &'static [Act], cells: [&'static str; 9]) -> Row {
    Row { name, acts, last: false, joined: None, cells }
}

const fn last(name: &'static str, acts: &'static [Act], cells: [&'static str; 9]) -> Row {
    Row { name, acts, last: true, joined: None, cells }
}

const fn if_joined(joined: bool, row: Row) -> Row {
    Row { joined: Some(joined), ..row }
}

const COLUMNS: [&str; 9] =
    ["scheduled", "idle", "cancelled", "output", "done", "ended", "panicked", "abandoned", "orphaned"];

#[rustfmt::skip]
const TABLE: &[Row] = &[
    //                                                                 sched  idle  canc   outp  done  ended panic aband orphan
    row("drop `Runnable`", &[DropRunnable],                           ["bj",  "",   "bj",  "",   "",   "",   "",   "",   "b"]),
    last("… the last", &[DropRunnable],                               ["bf",  "",   "bf",  "",   "",   "",   "",   "",   "bf"]),
    row("drop `LocalRunnable`", &[DropLocalRunnable],                 ["j",   "",   "j",   "",   "",   "",   "",   "",   "-"]),
    last("… the last", &[DropLocalRunnable],                          ["fB",  "",   "fB",  "",   "",   "",   "",   "",   "fB"]),
    row("forget either", &[ForgetRunnable],                           ["BF",  "",   "BF",  "",   "",   "",   "",   "",   "BF"]),
    row("`schedule` either", &[Schedule],                             ["s",   "",   "s",   "",   "",   "",   "",   "",   "s"]),
    row("run: pending", &[Run(Ends::Pending), Run(Ends::Silent)],     ["p",   "",   "bj",  "",   "",   "",   "",   "",   "b"]),
    last("… the last", &[Run(Ends::Silent)],                          ["pbf", "",   "bf",  "",   "",   "",   "",   "",   "bf"]),
    if_joined(true, row("run: ready, joined", &[Run(Ends::Ready)],    ["pbj", "",   "bj",  "",   "",   "",   "",   "",   "b"])),
    if_joined(false, row("run: ready, detached", &[Run(Ends::Ready)], ["pbo", "",   "b",   "",   "",   "",   "",   "",   "b"])),
    last("… the last", &[Run(Ends::Ready)],                           ["pbof", "",  "bf",  "",   "",   "",   "",   "",   "bf"]),
    row("run: panic", &[Run(Ends::Panic)],                            ["pbj", "",   "bj",  "",   "",   "",   "",   "",   "b"]),
    last("… the last", &[Run(Ends::Panic)],                           ["pbf", "",   "bf",  "",   "",   "",   "",   "",   "bf"]),
    row("wake", &[Wake(TaskRef), Wake(Waker)],                        ["-",   "s",  "-",   "-",  "-",  "-",  "-",  "s",  "-"]),
    last("… the last", &[Wake(TaskRef), Wake(Waker)],                 ["",    "s",  "",    "",   "f",  "f",  "f",  "s",  ""]),
    row("wake by reference", &[WakeByRef(TaskRef), WakeByRef(Waker), WakeByRef(Borrowed)],
                                                                      ["-",   "s",  "-",   "-",  "-",  "-",  "-",  "s",  "-"]),
    row("cancel", &[Cancel(TaskRef), Cancel(JoinHandle)],             ["-",   "s",  "-",   "-",  "-",  "-",  "-",  "s",  "-"]),
    row("drop `TaskRef`, waker", &[Drop(TaskRef), Drop(Waker), Drop(Borrowed)],
                                                                      ["-",   "-",  "-",   "-",  "-",  "-",  "-",  "-",  "-"]),
    last("… the last", &[Drop(TaskRef), Drop(Waker)],                 ["",    "s",  "",    "",   "f",  "f",  "f",  "s",  ""]),
    row("forget `TaskRef`, waker", &[Forget(TaskRef), Forget(Waker)], ["F",   "F",  "F",   "F",  "F",  "F",  "F",  "F",  "F"]),
    last("… the last", &[Forget(TaskRef), Forget(Waker)],             ["",    "BF", "",    "",   "F",  "F",  "F",  "BF", ""]),
    row("drop `JoinHandle`", &[Drop(JoinHandle)],                     ["-",   "-",  "-",   "o",  "-",  "-",  "-",  "-",  ""]),
    last("… the last", &[Drop(JoinHandle)],                           ["",    "s",  "",    "of", "f",  "f",  "f",  "s",  ""]),
    row("forget `JoinHandle`", &[Forget(JoinHandle)],                 ["OF",  "OF", "F",   "OF", "F",  "F",  "F",  "F",  ""]),
    last("… the last", &[Forget(JoinHandle)],                         ["",    "BF", "",    "OF", "F",  "F",  "F",  "BF", ""]),
    row("poll `JoinHandle`", &[Poll],                                 ["-",   "-",  "-",   "o",  "-",  "-",  "-",  "-",  ""]),
];

/// The column's states.
fn states(column: usize) -> &'static [State] {
    match column {
        0 => &[State::Scheduled(From::Spawn), State::Scheduled(From::Woken), State::Scheduled(From::Hook)],
        1 => &[State::Idle],
        2 => &[State::Cancelled],
        3 => &[State::Output],
        4 => &[State::Done],
        5 => &[State::Ended],
        6 => &[State::Panicked],
        7 => &[State::Abandoned],
        _ => &[State::Orphaned],
    }
}

/// A task in that state, whose joiner waits if there is one, with a handle to spare. Not every kind has each state.
fn enter(state: State, kind: TaskKind, joined: bool, home: &Home) -> Option<Arc<World>> {
    let local = kind.is_local();
    if (state == State::Output && !joined) || (state == State::Abandoned && !local) {
        return None;
    }
    let world = World::new(kind, joined, home);
    let spare = lock(&world.ticket).as_ref().map(Ticket::task);
    (*lock(&world.spare)).clone_from(&spare);
    let spare = spare?;
    if joined {
        assert_eq!(world.join(), '-');
    }
    let wait = || assert_eq!(world.run(Ends::Silent, home), 'P');
    match state {
        State::Scheduled(From::Spawn) => {}
        State::Scheduled(From::Woken) => {
            world.log.during(std::task::Waker::wake_by_ref);
            assert_eq!(world.run(Ends::Silent, home), 'W');
        }
        State::Scheduled(From::Hook) => {
            wait();
            spare.wake_by_ref();
        }
        State::Idle => wait(),
        State::Cancelled => {
            wait();
            assert!(spare.cancel());
        }
        State::Output => assert_eq!(world.run(Ends::Ready, home), 'C'),
        State::Done => {
            assert_eq!(world.run(Ends::Ready, home), 'C');
            assert!(!joined || world.join() == 'O');
        }
        State::Ended => {
            spare.cancel();
            assert_eq!(world.run(Ends::Ready, home), 'C');
        }
        State::Panicked => assert_eq!(world.run(Ends::Panic, home), '!'),
        State::Abandoned => drop(world.ticket()),
        State::Orphaned => {
            wait();
            drop(world.handle());
            drop(lock(&world.spare).take());
            drop(spare);
            let ticket = world.log.pop().expect("the last handle schedules");
            *lock(&world.spare) = Some(ticket.task());
            *lock(&world.ticket) = Some(ticket);
        }
    }
    world.log.events();
    Some(world)
}

/// Does it. `None` where the kind, the state or what else is there does not have that handle, or not as the last.
fn act(act: Act, last: bool, world: &World, home: &Home, kind: TaskKind) -> Option<()> {
    let local = kind.is_local();
    let spare = lock(&world.spare).take()?;
    let keep = || *lock(&world.spare) = Some(spare.clone());
    let ticket_is_there = lock(&world.ticket).is_some() || !lock(&world.log.queue).is_empty();
    match act {
        DropRunnable | DropLocalRunnable | ForgetRunnable | Schedule | Run(_) => {
            if !ticket_is_there || (act == DropRunnable && local) || (act == DropLocalRunnable && !local) {
                return None;
            }
            if last {
                drop(world.handle());
            } else {
                keep();
            }
            drop(spare);
            match act {
                Schedule => world.ticket()?.schedule(),
                Run(ends) => {
                    world.run(ends, home);
                }
                ForgetRunnable => match world.ticket()?.that_may_leak() {
                    Ticket::Any(runnable) => forget(runnable),
                    Ticket::Local(runnable) => forget(runnable),
                },
                _ => drop(world.ticket()?.that_may_leak()),
            }
        }
        Drop(JoinHandle) | Forget(JoinHandle) | Poll | Cancel(JoinHandle) => {
            if (last && ticket_is_there) || lock(&world.handle).is_none() {
                return None;
            }
            if !last {
                keep();
            }
            drop(spare);
            match act {
                Poll => {
                    world.join();
                }
                Cancel(_) => {
                    let before = lock(&world.handle).as_ref()?.task().state();
                    let cancels = !before.is_cancelled() && !before.is_complete();
                    assert_eq!(lock(&world.handle).as_ref()?.cancel(), cancels);
                }
                Drop(_) => drop(world.handle()),
                _ => forget(world.handle()?),
            }
        }
        Drop(by) | Forget(by) | Wake(by) | WakeByRef(by) | Cancel(by) => {
            if last && ticket_is_there {
                return None;
            }
            if last {
                drop(world.handle());
                if !world.log.events().is_empty() {
                    // The output went with the handle.
                    return None;
                }
            } else {
                keep();
            }
            match (act, by) {
                (Drop(_), TaskRef) => drop(spare),
                (Drop(_), Waker) => drop(std::task::Waker::from(spare)),
                (Drop(_), _) => {
                    let _ = spare.waker_ref();
                }
                (Forget(_), TaskRef) => forget(spare),
                (Forget(_), _) => forget(spare.to_waker()),
                (Wake(_), TaskRef) => spare.wake(),
                (Wake(_), _) => std::task::Waker::from(spare).wake(),
                (WakeByRef(_), TaskRef) => spare.wake_by_ref(),
                (WakeByRef(_), Waker) => spare.to_waker().wake_by_ref(),
                (WakeByRef(_), _) => spare.waker_ref().wake_by_ref(),
                _ => {
                    let cancels = !spare.is_cancelled() && !spare.is_complete();
                    assert_eq!(spare.cancel(), cancels);
                    assert!(spare.is_cancelled() || spare.is_complete());
                }
            }
        }
    }
    Some(())
}

/// What the joiner is told after that.
fn answer(state: State, done: Act, events: &str) -> char {
    match state {
        State::Output if done == Poll => '!',
        State::Output => 'O',
        State::Done => '!',
        State::Ended | State::Abandoned => 'C',
        State::Panicked => 'P',
        _ if done == DropLocalRunnable => 'C',
        _ if !events.contains('b') => '-',
        _ if events.contains('p') && done == Run(Ends::Ready) => 'O',
        _ if events.contains('p') && done == Run(Ends::Panic) => 'P',
        _ => 'C',
    }
}

fn kinds() -> &'static [(TaskKind, bool)] {
    // The others differ in memory and hook alone.
    if cfg!(miri) { &[(TaskKind::Boxed, true), (TaskKind::Memory, false), (TaskKind::Local, true)] } else { &KINDS }
}

#[test]
pub fn every_cell_of_the_table() {
    let home = Home::new();
    let mut wrong = String::new();
    let mut reached = vec![[false; 9]; TABLE.len()];
    for (number, row) in TABLE.iter().enumerate() {
        for (column, expected) in row.cells.iter().enumerate() {
            for &state in states(column) {
                for &done in row.acts {
                    for &(kind, joined) in kinds() {
                        if row.joined.is_some_and(|only| only != joined) {
                            continue;
                        }
                        let Some(world) = enter(state, kind, joined, &home) else { continue };
                        let what =
                            format!("{} {done:?}, last: {}, {state:?}, {kind:?}, {joined}", row.name, row.last);
                        let found = act(done, row.last, &world, &home, kind);
                        let events = world.log.events();
                        let has_handle = lock(&world.handle).is_some();
                        let answered = has_handle.then(|| world.join());
                        let leaks = world.finish(&home);
                        if found.is_none() {
                            assert!(leaks.is_empty(), "{what}");
                            continue;
                        }
                        reached[number][column] = true;
                        let told = answered.is_none_or(|told| told == answer(state, done, &events));
                        let expected = if joined { (*expected).to_owned() } else { expected.replace('j', "") };
                        let seen = events + &leaks;
                        if seen != expected.replace('-', "") || !told {
                            writeln!(wrong, "{what}: {seen:?} not {expected:?}, joiner {answered:?}")
                                .expect("a string");
                        }
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
    for (row, reached) in TABLE.iter().zip(reached) {
        for ((cell, reached), column) in row.cells.iter().zip(reached).zip(COLUMNS) {
            assert_eq!(
                reached,
                !cell.is_empty(),
                "{} in {column} is a cell that can be reached, or is not",
                row.name
            );
        }
    }
}

/// The documentation shows this table: its cells, row by row.
#[test]
fn the_documented_table_is_this_one() {
    let text = include_str!("../../../src/shared/cells.md");
    let rows = text.lines().skip_while(|line| !line.starts_with("|---")).skip(1).take_while(|line| !line.is_empty());
    let documented: Vec<Vec<_>> =
        rows.map(|row| row.split('|').skip(2).take(9).map(|cell| cell.trim().replace('–', "-")).collect()).collect();
    assert_eq!(documented, TABLE.iter().map(|row| row.cells.map(str::to_owned).to_vec()).collect::<Vec<_>>());
}
