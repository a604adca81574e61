//! Each thing that can be done with a static task, in each state of its place: what happens at once.
//!
//! The letters are those of `cells.md`. `-` is nothing; an empty cell cannot be reached.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use waker_tables::{Runnable, Schedule, StaticClaim, StaticTask, TaskRef};

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Free,
    Claimed,
    Scheduled,
    /// Within the poll.
    Running,
    /// Within a poll that was woken.
    Woken,
    Idle,
    /// Cancelled while idle, so that there is a runnable.
    Cancelled,
    /// Complete, with a `TaskRef` left.
    Over,
}

use State::*;

const STATES: [State; 8] = [Free, Claimed, Scheduled, Running, Woken, Idle, Cancelled, Over];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Act {
    Wake,
    TaskWakes,
    Cancel,
    DropTask,
    Claim,
    DropClaim,
    DropRunnable,
    Schedule,
    Run(Ends),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Ends {
    Pending,
    Ready,
    Panic,
}

const TABLE: &[(Act, [&str; 8])] = &[
    (Act::Wake, ["f", "-", "-", "r", "-", "s", "-", "f"]),
    (Act::TaskWakes, ["", "", "-", "-", "-", "s", "-", "-"]),
    (Act::Cancel, ["", "", "-", "-", "-", "s", "-", "-"]),
    (Act::DropTask, ["", "", "-", "-", "-", "-", "-", "+"]),
    (Act::Claim, ["c", "-", "-", "-", "-", "-", "-", "-"]),
    (Act::DropClaim, ["", "+", "", "", "", "", "", ""]),
    (Act::DropRunnable, ["", "", "b+", "", "", "", "b+", ""]),
    (Act::Schedule, ["", "", "s", "", "", "", "s", ""]),
    (Act::Run(Ends::Pending), ["", "", "p", "", "", "", "b+", ""]),
    (Act::Run(Ends::Ready), ["", "", "pbo+", "", "", "", "b+", ""]),
    (Act::Run(Ends::Panic), ["", "", "pb+", "", "", "", "b+", ""]),
];

struct Header {
    events: Mutex<String>,
    queue: Mutex<Option<Runnable<Header>>>,
    waker: Mutex<Option<Waker>>,
    ends: Mutex<Ends>,
    /// Done in the poll.
    during: Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Header {
    fn note(&self, event: char) {
        lock(&self.events).push(event);
    }

    fn events(&self) -> String {
        std::mem::take(&mut *lock(&self.events))
    }

    fn wake(&self) {
        let waker = lock(&self.waker).clone();
        waker.expect("it was polled once").wake();
    }
}

impl Schedule for Header {
    fn schedule(&self, runnable: Runnable<Self>) {
        self.note('s');
        assert!(lock(&self.queue).replace(runnable).is_none());
    }

    fn woken_while_running(&self) {
        self.note('r');
    }

    fn woken_while_free(&self) {
        self.note('f');
    }
}

/// Notes its end: a body's, or that of an output.
struct Notes(&'static Header, char);

impl Drop for Notes {
    fn drop(&mut self) {
        self.0.note(self.1);
    }
}

impl Future for Notes {
    type Output = Notes;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Notes> {
        self.0.note('p');
        *lock(&self.0.waker) = Some(context.waker().clone());
        if let Some(during) = lock(&self.0.during).take() {
            during();
        }
        let ends = *lock(&self.0.ends);
        match ends {
            Ends::Pending => Poll::Pending,
            Ends::Ready => Poll::Ready(Notes(self.0, 'o')),
            Ends::Panic => panic!("told to"),
        }
    }
}

static PLACE: StaticTask<Header, Notes> = StaticTask::new(Header {
    events: Mutex::new(String::new()),
    queue: Mutex::new(None),
    waker: Mutex::new(None),
    ends: Mutex::new(Ends::Ready),
    during: Mutex::new(None),
});

/// What is at hand.
#[derive(Default)]
struct Hands {
    claim: Option<StaticClaim<Header, Notes>>,
    runnable: Option<Runnable<Header>>,
    task: Option<TaskRef<Header>>,
}

fn run(runnable: Runnable<Header>, ends: Ends) {
    *lock(&PLACE.header().ends) = ends;
    let panics = catch_unwind(AssertUnwindSafe(|| runnable.run())).is_err();
    assert!(!panics || ends == Ends::Panic);
}

fn enter(state: State) -> Hands {
    let mut hands = Hands::default();
    if state == Free {
        return hands;
    }
    let claim = PLACE.claim().expect("the case before has ended");
    if state == Claimed {
        hands.claim = Some(claim);
        return hands;
    }
    let runnable = claim.spawn(|| Notes(PLACE.header(), 'b'));
    let task = runnable.task();
    match state {
        Idle => run(runnable, Ends::Pending),
        Cancelled => {
            run(runnable, Ends::Pending);
            task.cancel();
            hands.runnable = lock(&PLACE.header().queue).take();
        }
        Over => run(runnable, Ends::Ready),
        _ => hands.runnable = Some(runnable),
    }
    hands.task = Some(task);
    hands
}

/// What it does; or nothing, where that cannot be done.
fn act(act: Act, hands: &mut Hands) -> Option<String> {
    let header = PLACE.header();
    header.events();
    let was_free = PLACE.is_free();
    match act {
        Act::Wake => header.wake(),
        Act::TaskWakes => hands.task.as_ref()?.wake_by_ref(),
        Act::Cancel => {
            hands.task.as_ref()?.cancel();
        }
        Act::DropTask => drop(hands.task.take()?),
        Act::Claim => {
            if let Some(claim) = PLACE.claim() {
                header.note('c');
                hands.claim = Some(claim);
            }
        }
        Act::DropClaim => drop(hands.claim.take()?),
        Act::DropRunnable => drop(hands.runnable.take()?),
        Act::Schedule => hands.runnable.take()?.schedule(),
        Act::Run(ends) => run(hands.runnable.take()?, ends),
    }
    let free = if PLACE.is_free() && !was_free { "+" } else { "" };
    Some(header.events() + free)
}

/// One cell.
fn cell(state: State, what: Act) -> Option<String> {
    let mut hands = enter(state);
    // No counted handle, where it is not what the cell is about.
    if !matches!(what, Act::TaskWakes | Act::Cancel | Act::DropTask) && state != Over {
        hands.task = None;
    }
    let found = if matches!(state, Running | Woken) {
        let runnable = hands.runnable.take().expect("it was spawned");
        let found = Arc::new(Mutex::new(None));
        let there = found.clone();
        let during = move || {
            if state == Woken {
                PLACE.header().wake();
            }
            *lock(&there) = act(what, &mut hands);
        };
        *lock(&PLACE.header().during) = Some(Box::new(during));
        run(runnable, Ends::Pending);
        lock(&found).take()
    } else {
        let found = act(what, &mut hands);
        drop(hands);
        found
    };
    // Whatever is left ends.
    while !PLACE.is_free() {
        let runnable = lock(&PLACE.header().queue).take();
        runnable.map_or_else(|| PLACE.header().wake(), drop);
    }
    found
}

#[test]
fn every_cell_of_the_table() {
    run(PLACE.claim().expect("it is new").spawn(|| Notes(PLACE.header(), 'b')), Ends::Ready);
    for (what, cells) in TABLE {
        for (state, expected) in STATES.into_iter().zip(cells) {
            let found = cell(state, *what);
            let expected = (!expected.is_empty()).then(|| expected.replace('-', ""));
            assert_eq!(found, expected, "{what:?} in {state:?}");
        }
    }
}

/// The documentation shows this table: its cells, row by row.
#[test]
fn the_documented_table_is_this_one() {
    let text = include_str!("../../../src/shared/cells.md");
    let (_, text) = text.split_once("# What happens to a static task, by state").expect("its heading");
    let rows = text.lines().skip_while(|line| !line.starts_with("|---")).skip(1).take_while(|line| !line.is_empty());
    let documented: Vec<Vec<_>> =
        rows.map(|row| row.split('|').skip(2).take(8).map(|cell| cell.trim().replace('–', "-")).collect()).collect();
    assert_eq!(documented, TABLE.iter().map(|(_, cells)| cells.map(str::to_owned).to_vec()).collect::<Vec<_>>());
}
