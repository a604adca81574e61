//! Whole lives of tasks, step by step.
//!
//! A step is a letter, and what comes of it a word: the letters of the world, then the step's own answer.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::thread;

use waker_tables::*;

use super::world::*;

/// Does one step, and gives its answer if it has one.
///
/// - `0` run to pending (keeping a waker), `1` run to ready, `2` run to a panic: `P`, `W`, `C`, `!`
/// - `x` drop the runnable, `s` schedule it
/// - `j` poll the join handle: `-`, `O`, `C`, `P`, `!`; `d` drop it, `c` cancel by it, `f` is it finished: `y`, `n`
/// - `w` wake the body's waker, `r` by reference, `k` drop it, `h` have a clone of it too, `H` wake that clone
fn step(step: char, world: &World, home: &Home) -> Option<char> {
    let handle = || lock(&world.handle);
    match step {
        '0' => return Some(world.run(Ends::Pending, home)),
        '1' => return Some(world.run(Ends::Ready, home)),
        '2' => return Some(world.run(Ends::Panic, home)),
        'x' => drop(world.ticket()),
        's' => world.ticket().expect("a runnable").schedule(),
        'j' => return Some(world.join()),
        'd' => drop(world.handle()),
        'c' => drop(handle().as_ref().expect("a handle").cancel()),
        'f' => return Some(if handle().as_ref().expect("a handle").is_finished() { 'y' } else { 'n' }),
        'w' => world.log.take_waker().wake(),
        'r' => {
            let waker = world.log.take_waker();
            waker.wake_by_ref();
            *lock(&world.log.waker) = Some(waker);
        }
        'k' => drop(world.log.take_waker()),
        'h' => {
            let waker = world.log.take_waker();
            *lock(&world.spare) = TaskRef::from_waker(&waker.clone());
            *lock(&world.log.waker) = Some(waker);
        }
        'H' => lock(&world.spare).take().expect("the clone").wake(),
        other => unreachable!("{other}"),
    }
    None
}

/// Lives of joined tasks that may run anywhere.
const LIVES: &[(&str, &str, &[&str])] = &[
    ("the runnable goes, then the handle", "xd", &["b", "f"]),
    ("the handle goes, then the runnable", "dx", &["", "bf"]),
    ("detached, then run", "d1", &["", "pbofC"]),
    ("run, then detached: the output goes with the handle", "1d", &["pbC", "of"]),
    ("cancelled, then run: not polled", "cf1fjd", &["", "n", "bC", "y", "C", "f"]),
    ("cancelled, and the runnable is dropped", "cxjd", &["", "b", "C", "f"]),
    ("run, then cancelled: too late", "1cjd", &["pbC", "", "oO", "f"]),
    ("polled, run, polled", "jf1fjd", &["-", "n", "pbjC", "y", "oO", "f"]),
    ("polled twice after it gave the output", "1jfjjd", &["pbC", "oO", "y", "!", "!", "f"]),
    ("the runnable is dropped while somebody waits", "jxjjd", &["-", "bj", "C", "C", "f"]),
    ("polled, cancelled, run", "jc1jd", &["-", "", "bjC", "C", "f"]),
    ("polled, detached, run: nobody is told", "jd1", &["-", "", "pbofC"]),
    ("scheduled by hand, again and again", "sss1d", &["s", "s", "s", "pbC", "of"]),
    ("woken by value", "0wd1", &["pP", "s", "", "pbofC"]),
    ("woken by reference, and the waker stays", "0r1dk", &["pP", "s", "pbC", "o", "f"]),
    ("a wake when scheduled is no second one", "0rrhH1dk", &["pP", "s", "", "", "", "pbC", "o", "f"]),
    ("a wake after the end does nothing", "0hr1rHdk", &["pP", "", "s", "pbC", "", "", "o", "f"]),
    ("a wake by value may be the end of the memory", "0r1dw", &["pP", "s", "pbC", "o", "f"]),
    ("a wake after the woken runnable was dropped", "0rxrdw", &["pP", "s", "b", "", "", "f"]),
    ("the last waker goes: cancelled and scheduled", "0dk1", &["pP", "", "s", "bfC"]),
    ("the last waker goes, the runnable is dropped", "0dkx", &["pP", "", "s", "bf"]),
    ("the handle is the last to go", "0kd1", &["pP", "", "s", "bfC"]),
    ("cancelled, then the last handle goes", "0kcd1", &["pP", "", "s", "", "bfC"]),
    ("cancelled while idle", "0jc0jkd", &["pP", "-", "s", "bjC", "C", "", "f"]),
    ("cancelled twice, woken, one runnable", "0ccr0jkd", &["pP", "s", "", "", "bC", "C", "", "f"]),
    ("panics", "2jjd", &["pb!", "P", "P", "f"]),
    ("panics while somebody waits", "j2jd", &["-", "pbj!", "P", "f"]),
    ("panics in the second poll", "0rj2jkd", &["pP", "s", "-", "pbj!", "P", "", "f"]),
    ("panics after it was detached", "d2", &["", "pbf!"]),
    ("panics after it was cancelled: it is not polled", "c2jd", &["", "bC", "C", "f"]),
];

#[test]
fn every_life() {
    let home = Home::new();
    for &(name, steps, expected) in LIVES {
        for kind in [
            TaskKind::Boxed,
            TaskKind::Hooked,
            TaskKind::Slot,
            TaskKind::Memory,
            TaskKind::Local,
            TaskKind::LocalSlot,
        ] {
            if kind.is_local() && steps.contains('x') {
                continue;
            }
            let world = World::new(kind, true, &home);
            let seen: Vec<String> = steps
                .chars()
                .map(|letter| {
                    let answer = step(letter, &world, &home);
                    let mut seen = world.log.events();
                    seen.extend(answer);
                    seen
                })
                .collect();
            assert_eq!(seen, expected, "{name}, {kind:?}");
            assert_eq!(world.finish(&home), "", "{name}, {kind:?}");
            assert_eq!(world.log.events(), "", "{name}, {kind:?}: nothing was left to do");
        }
    }
}

#[test]
fn one_thread_runs_and_another_joins() {
    for _ in 0..if cfg!(miri) { 2 } else { 100 } {
        let world = World::new(TaskKind::Boxed, true, &Home::new());
        let runnable = world.ticket().expect("a runnable");
        *lock(&world.log.ends) = Ends::Ready;
        let handle = world.handle().expect("a handle");
        let runner = thread::spawn(move || assert!(matches!(runnable.run(&Home::new()), TicketRun::Complete)));
        drop(futures::executor::block_on(handle).expect("an output"));
        runner.join().expect("no panic");
        assert_eq!([world.log.count('p'), world.log.count('b'), world.log.count('o'), world.log.count('f')], [1; 4]);
    }
}

#[test]
fn one_thread_drops_the_runnable_and_another_joins() {
    for _ in 0..if cfg!(miri) { 2 } else { 100 } {
        let world = World::new(TaskKind::Boxed, true, &Home::new());
        let runnable = world.ticket().expect("a runnable");
        let handle = world.handle().expect("a handle");
        let dropper = thread::spawn(move || drop(runnable));
        assert!(matches!(futures::executor::block_on(handle), Err(JoinError::Cancelled)));
        dropper.join().expect("no panic");
        assert_eq!([world.log.count('p'), world.log.count('b'), world.log.count('f')], [0, 1, 1]);
    }
}

#[test]
fn a_runnable_goes_through_a_word() {
    extern "C" fn trampoline(word: std::ptr::NonNull<()>) {
        // SAFETY: the word is that of a `Runnable<&str>`, and used once.
        let runnable = unsafe { Runnable::<&'static str>::from_raw(word) };
        assert_eq!(*runnable.header(), "a name");
        assert!(matches!(runnable.run_once(), Run::Complete));
    }
    let ran = Arc::new(AtomicUsize::new(0));
    let body = {
        let ran = Arc::clone(&ran);
        async move { ran.fetch_add(1, Ordering::Relaxed) }
    };
    let (runnable, handle) =
        Task::new(body, "a name").hook(|_: &_, runnable| trampoline(runnable.into_raw())).spawn();
    runnable.schedule();
    assert_eq!(ran.load(Ordering::Relaxed), 1);
    assert_eq!(futures::executor::block_on(handle), Ok(0));
}

#[test]
fn outputs_of_every_shape() {
    fn round_trip<T: Send + PartialEq + std::fmt::Debug + Clone + 'static>(value: T) {
        let out = value.clone();
        let (runnable, handle) = Task::new(async move { out }, ()).hook(|(), _| ()).spawn();
        assert!(matches!(runnable.run_once(), Run::Complete));
        assert_eq!(futures::executor::block_on(handle), Ok(value));
    }
    (0..10).for_each(round_trip);
    (0..10).for_each(|length| round_trip(vec![7; length]));
    round_trip(String::from("text"));
    round_trip(());
    round_trip([1_u64; 100]);
    round_trip(Box::new(1_u8));
}

/// Header data that counts, and a body that reads it: all by shared reference, and freed with the last handle.
#[test]
fn a_body_may_read_the_header_of_its_own_task() {
    let (sender, queue) = std::sync::mpsc::channel();
    let hook = move |runs: &AtomicUsize, runnable| {
        runs.fetch_add(1, Ordering::Relaxed);
        sender.send(runnable).expect("the queue is there");
    };
    let body = || {
        std::future::poll_fn(|context| {
            let runs = TaskRef::<AtomicUsize>::header_behind(context.waker()).expect("its own task");
            if runs.load(Ordering::Relaxed) == 5 {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            Poll::Pending
        })
    };
    let handles: Vec<_> = (0..2)
        .map(|_| {
            let (runnable, handle) = Task::new(body(), AtomicUsize::new(0)).hook(hook.clone()).spawn();
            runnable.schedule();
            handle
        })
        .collect();
    while let Ok(runnable) = queue.try_recv() {
        if let Run::Woken(again) = runnable.run_once() {
            again.schedule();
        }
    }
    for handle in handles {
        assert_eq!(handle.header().load(Ordering::Relaxed), 5);
        assert_eq!(futures::executor::block_on(handle), Ok(()));
    }
}

#[test]
fn the_waker_of_the_last_poll_is_the_one_that_is_woken() {
    let home = Home::new();
    let world = World::new(TaskKind::Boxed, true, &home);
    let mut handle = world.handle().expect("a handle");
    let [first, second] = [Log::new(), Log::new()].map(|log| Arc::new(Joiner(log)));
    let mut poll = |joiner: &Arc<Joiner>| {
        let waker = Waker::from(Arc::clone(joiner));
        let polled = Pin::new(&mut handle).poll(&mut Context::from_waker(&waker));
        drop(waker);
        (polled.is_ready(), Arc::strong_count(joiner))
    };
    assert_eq!(poll(&first), (false, 2), "one is kept");
    assert_eq!(poll(&first), (false, 2), "the same again");
    assert_eq!(poll(&second), (false, 2));
    assert_eq!(Arc::strong_count(&first), 1, "the one before is gone");
    assert_eq!(world.run(Ends::Ready, &home), 'C');
    assert_eq!((first.0.events(), second.0.events()), (String::new(), "j".into()));
    assert_eq!(poll(&first), (true, 1), "none is kept");
    drop(handle);
    assert_eq!(world.finish(&home), "");
}

/// Who is told that a task is over and gives up its handle finds nobody else holding the header.
#[test]
fn the_run_holds_the_header_no_more_when_the_joiner_is_told() {
    struct Tells(Mutex<Option<JoinHandle<u8, Arc<()>>>>, Arc<()>);

    impl std::task::Wake for Tells {
        fn wake(self: Arc<Self>) {
            drop(lock(&self.0).take().expect("told once"));
            assert_eq!(Arc::strong_count(&self.1), 1, "the header is gone with its last handle");
        }
    }

    let header = Arc::new(());
    let (runnable, mut handle) = Task::new(async { 1 }, Arc::clone(&header)).hook(|_, _| {}).spawn();
    let joiner = Arc::new(Tells(Mutex::new(None), header));
    let waker = Waker::from(Arc::clone(&joiner));
    assert!(Pin::new(&mut handle).poll(&mut Context::from_waker(&waker)).is_pending());
    *lock(&joiner.0) = Some(handle);
    assert!(matches!(runnable.run_once(), Run::Complete));
    assert!(lock(&joiner.0).is_none(), "it was told");
}

/// A future that is made in its task may borrow the header data; where making it panics, nothing is left.
#[test]
fn a_future_made_in_place_borrows_the_header() {
    type Header = (u8, Arc<()>);
    let gone = Arc::new(());
    let hook = |_: &Header, runnable: Runnable<_>| drop(runnable);
    let makes = |header: &'static Header| async move { header.0 };
    // SAFETY: what it borrows of the header does not leave it, and ends with the body.
    let task = unsafe { Task::init_borrowing((7, Arc::clone(&gone)), makes) };
    let (runnable, mut handle) = task.hook(hook).spawn();
    assert_eq!(runnable.run(), Ran::Complete);
    assert_eq!(handle.try_take(), Some(Ok(7)));
    drop(handle);
    assert_eq!(Arc::strong_count(&gone), 1);

    let makes = |_: &'static Header| -> std::future::Ready<()> { panic!("told to") };
    // SAFETY: no task is made.
    let task = unsafe { Task::init_borrowing((7, Arc::clone(&gone)), makes) };
    panics(|| task.hook(hook).spawn());
    assert_eq!(Arc::strong_count(&gone), 1);
}

/// Where a future cannot be made, its place is free again, and it was on no list.
#[test]
fn a_future_that_cannot_be_made_leaves_nothing() {
    static MEMORY: TaskMemory<256, 16> = TaskMemory::new();
    static TASKS: TaskList<Arc<()>> = TaskList::new();
    let gone = Arc::new(());
    let hooked = Arc::clone(&gone);
    let task = Task::init(Arc::clone(&gone), || -> std::future::Ready<()> { panic!("told to") });
    let task = task.hook(move |_: &_, _| assert!(Arc::strong_count(&hooked) > 0)).list(&TASKS);
    panics(|| task.spawn_in(MEMORY.claim().expect("it is free")));
    assert!(MEMORY.is_free() && TASKS.is_empty());
    assert_eq!(Arc::strong_count(&gone), 1);
}

/// `try_take` gives what a poll would, without waiting.
#[test]
fn what_is_there_is_taken_without_waiting() {
    let spawn = || Task::new(std::future::ready(7), ()).hook(|(), _| ()).spawn();
    let (runnable, mut handle) = spawn();
    assert_eq!(handle.try_take(), None);
    assert_eq!(runnable.run(), Ran::Complete);
    assert!(!handle.cancel(), "too late");
    assert_eq!(handle.try_take(), Some(Ok(7)));
    panics(|| handle.try_take());

    let (runnable, mut handle) = spawn();
    assert!(handle.cancel() && !handle.cancel());
    assert_eq!(handle.try_take(), None, "the body is alive");
    assert_eq!(runnable.run(), Ran::Complete);
    for _ in 0..2 {
        assert_eq!(handle.try_take(), Some(Err(JoinError::Cancelled)));
    }
}

/// `run` hands a task that was woken to its hook, and says what became of each.
#[test]
fn a_run_hands_what_was_woken_to_its_hook() {
    let home = Home::new();
    for (kind, joined) in KINDS {
        let world = World::new(kind, joined, &home);
        let run = |ends, world: &World| {
            *lock(&world.log.ends) = ends;
            match world.ticket().expect("a runnable") {
                Ticket::Any(runnable) => runnable.run(),
                Ticket::Local(runnable) => home.run(runnable).expect("it is at home here"),
            }
        };
        world.log.during(Waker::wake_by_ref);
        assert_eq!(run(Ends::Silent, &world), Ran::Woken);
        assert_eq!(world.log.events(), "ps");
        assert_eq!(run(Ends::Pending, &world), Ran::Pending);
        world.log.take_waker().wake();
        let spare = lock(&world.log.queue).front().expect("woken").task();
        assert_eq!(run(Ends::Ready, &world), Ran::Complete);
        assert!(spare.is_complete() && !spare.is_cancelled());
        drop(spare);
        assert_eq!(world.finish(&home), "");

        let world = World::new(kind, joined, &home);
        drop(world.handle());
        assert_eq!(run(Ends::Silent, &world), Ran::Lost);
        assert_eq!(world.log.events(), "pbf");
        assert_eq!(world.finish(&home), "");
    }
}
