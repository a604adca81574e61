//! What holds after a panic, wherever it comes from.

use std::cell::Cell;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use waker_tables::*;

use super::world::*;

/// What is told to panic, what is done, and what is seen: the events, `!` where the panic came out of it, then the
/// joiner's answer if the handle is there. The memory is given back in each, and nothing is dropped twice.
struct Row {
    name: &'static str,
    at: &'static str,
    does: fn(&World, &Home),
    joined: &'static str,
    detached: &'static str,
}

const fn row(
    name: &'static str,
    at: &'static str,
    does: fn(&World, &Home),
    joined: &'static str,
    detached: &'static str,
) -> Row {
    Row { name, at, does, joined, detached }
}

/// Runs the runnable, and lets the panic out.
fn run(world: &World, home: &Home, ends: Ends) {
    *lock(&world.log.ends) = ends;
    drop(world.ticket().expect("a runnable").run(home));
}

fn wake(world: &World, home: &Home) {
    run(world, home, Ends::Pending);
    world.log.take_waker().wake();
}

fn wake_by_ref(world: &World, home: &Home) {
    run(world, home, Ends::Pending);
    lock(&world.spare).as_ref().expect("one to spare").wake_by_ref();
}

fn cancel(world: &World, home: &Home) {
    run(world, home, Ends::Pending);
    lock(&world.spare).as_ref().expect("one to spare").cancel();
}

fn cancel_and_run(world: &World, home: &Home) {
    lock(&world.spare).as_ref().expect("one to spare").cancel();
    run(world, home, Ends::Ready);
}

/// Gives up all but one waker of an idle task, and then that.
fn drop_the_last(world: &World, home: &Home) {
    run(world, home, Ends::Pending);
    drop(world.handle());
    drop(lock(&world.spare).take());
    drop(world.log.take_waker());
}

/// Runs the task to its end, and gives up all handles, the last of which frees it.
fn free(world: &World, home: &Home) {
    run(world, home, Ends::Ready);
    drop(lock(&world.spare).take());
    drop(world.handle());
}

fn run_after_detaching(world: &World, home: &Home) {
    drop(world.handle());
    run(world, home, Ends::Ready);
}

fn run_to_pending_as_the_last(world: &World, home: &Home) {
    drop(world.handle());
    drop(lock(&world.spare).take());
    run(world, home, Ends::Silent);
}

#[rustfmt::skip]
const TABLE: &[Row] = &[
    row("the poll", "", |world, home| run(world, home, Ends::Panic), "pbj!P", "pb!"),
    row("the hook, woken by value", "s", wake, "ps!-", "ps!"),
    row("the hook, woken by reference", "s", wake_by_ref, "ps!-", "ps!"),
    row("the hook, cancelled", "s", cancel, "ps!-", "ps!"),
    row("the hook, asked by hand", "s", |world, _| world.ticket().expect("one").schedule(), "s!-", "s!"),
    row("the hook, when the last handle goes", "s", drop_the_last, "ps!", "ps!"),
    row("the body's destructor, after its last poll", "b", |world, home| run(world, home, Ends::Ready), "pboj!P", "pbo!"),
    row("the body's destructor, cancelled", "b", cancel_and_run, "bj!P", "b!"),
    row("the body's destructor, nobody left", "b", run_to_pending_as_the_last, "pbf!", "pbf!"),
    row("the output's destructor, nobody joins", "o", run_after_detaching, "pbo!", "pbo!"),
    row("the output's destructor, the handle goes", "o", free, "pbjof!", "pbo!"),
    row("the joiner's wake, after an output", "j", |world, home| run(world, home, Ends::Ready), "pbj!O", "pbo"),
    row("the joiner's wake, cancelled", "j", cancel_and_run, "bj!C", "b"),
    row("the header's destructor", "f", free, "pbjof!", "pbof!"),
    row("the header's destructor, in the last run", "f", run_to_pending_as_the_last, "pbf!", "pbf!"),
];

#[test]
fn every_place_that_panics() {
    let home = Home::new();
    for row in TABLE {
        for (kind, joined) in KINDS {
            let what = format!("{}, {kind:?}, {joined}", row.name);
            let world = World::new(kind, joined, &home);
            let spare = lock(&world.ticket).as_ref().map(Ticket::task);
            *lock(&world.spare) = spare;
            if joined {
                assert_eq!(world.join(), '-', "{what}");
            }
            world.log.panic_at(row.at);
            let panicked = catch_unwind(AssertUnwindSafe(|| (row.does)(&world, &home))).is_err();
            let mut seen = world.log.events();
            if panicked {
                seen.push('!');
            }
            let has_handle = lock(&world.handle).is_some();
            if has_handle {
                seen.push(world.join());
            }
            assert_eq!(seen, if joined { row.joined } else { row.detached }, "{what}");
            assert_eq!(world.finish(&home), "", "{what}");
        }
    }
}

/// A hook that panics and keeps nothing: the runnable goes with it.
#[test]
fn a_hook_that_panics_with_the_runnable_cancels_the_task() {
    let log = Log::new();
    let (runnable, mut handle) =
        Task::new(Body(log.clone()), Header(log.clone())).hook(|_: &_, _runnable| panic!("told to")).spawn();
    assert!(matches!(runnable.run_once(), Run::Pending));
    let waker = log.take_waker();
    panics(|| waker.wake_by_ref());
    assert_eq!(log.events(), "pb");
    waker.wake_by_ref();
    waker.wake();
    let mut context = Context::from_waker(Waker::noop());
    assert!(matches!(Pin::new(&mut handle).poll(&mut context), Poll::Ready(Err(JoinError::Cancelled))));
    drop(handle);
    assert_eq!(log.events(), "f");
}

/// It is not asked again for a body that nobody can wake, and may not be where that is to be dropped.
#[test]
fn a_body_that_a_hook_ran_before_it_panicked_leaks_where_nobody_has_a_handle() {
    let log = Log::new();
    let hook = |_: &Header, runnable: Runnable<Header>| {
        assert_eq!(runnable.run(), Ran::Pending);
        panic!("told to");
    };
    let task = Task::new(Body(log.clone()), Header(log.clone())).hook(hook).detached();
    *lock(&log.ends) = Ends::Silent;
    let ticket = Ticket::Any(task.spawn()).that_may_leak();
    panics(|| ticket.schedule());
    assert_eq!(log.events(), "pf");
}

#[test]
fn after_a_hook_that_panicked_wakes_work() {
    let home = Home::new();
    for (kind, joined) in KINDS {
        let world = World::new(kind, joined, &home);
        assert_eq!(world.run(Ends::Pending, &home), 'P');
        let waker = world.log.take_waker();
        world.log.panic_at("s");
        panics(|| waker.wake_by_ref());
        assert_eq!(world.run(Ends::Pending, &home), 'P', "the hook had queued it");
        waker.wake_by_ref();
        assert_eq!(world.log.events(), "psps");
        assert_eq!(world.run(Ends::Pending, &home), 'P');
        drop(waker);
        assert_eq!(world.finish(&home), "");
    }
}

#[test]
fn a_panic_is_given_back_with_what_it_carries() {
    let log = Log::new();
    let runnable = spawn_detached(Body(log.clone()), Header(log.clone()));
    *lock(&log.ends) = Ends::Panic;
    let payload = runnable.run_catching().expect_err("told to");
    assert!(payload.is::<&'static str>());
    assert_eq!(log.events(), "pbf");

    let (runnable, _handle) = Task::new(async { std::panic::panic_any(7_u8) }, ()).hook(|(), _| ()).spawn();
    let payload = runnable.run_catching().expect_err("told to");
    assert_eq!(payload.downcast_ref(), Some(&7_u8));

    let mut polls = 0;
    let body = std::future::poll_fn(move |context| {
        polls += 1;
        context.waker().wake_by_ref();
        if polls == 2 { Poll::Ready(()) } else { Poll::Pending }
    });
    let (runnable, _handle) = Task::new(body, ()).hook(|(), _| ()).spawn();
    let Ok(Run::Woken(again)) = runnable.run_catching() else { panic!("not woken") };
    assert!(matches!(again.run_catching(), Ok(Run::Complete)));
}

/// A joiner's waker that panics where it is told to: in its clone, its wake or its drop.
mod moody {
    use super::{Arc, Cell, Waker};
    use std::mem::ManuallyDrop;
    use std::task::{RawWaker, RawWakerVTable};

    thread_local! {
        pub(super) static PANICS: Cell<char> = const { Cell::new(' ') };
        /// What the next clone does first.
        pub(super) static CLONE: Cell<Option<Box<dyn FnOnce()>>> = const { Cell::new(None) };
    }

    fn at(event: char) {
        if PANICS.get() == event {
            PANICS.set(' ');
            panic!("told to panic at `{event}`");
        }
    }

    static TABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake_by_ref, drop_waker);

    /// # Safety
    ///
    /// `data` is from `Arc::into_raw`, and its count is borrowed.
    unsafe fn borrow(data: *const ()) -> ManuallyDrop<Arc<()>> {
        // SAFETY: the caller's promise; the count is not given up.
        ManuallyDrop::new(unsafe { Arc::from_raw(data) })
    }
    unsafe fn clone(data: *const ()) -> RawWaker {
        if let Some(act) = CLONE.take() {
            act();
        }
        at('c');
        // SAFETY: the waker that is cloned has a count.
        let new = Arc::clone(&*unsafe { borrow(data) });
        RawWaker::new(Arc::into_raw(new), &TABLE)
    }
    unsafe fn wake(data: *const ()) {
        // SAFETY: the waker's count is given up.
        drop(unsafe { Arc::from_raw(data) });
        at('w');
    }
    unsafe fn wake_by_ref(_: *const ()) {
        at('w');
    }
    unsafe fn drop_waker(data: *const ()) {
        // SAFETY: the waker's count is given up.
        drop(unsafe { Arc::from_raw(data) });
        at('d');
    }

    pub(super) fn waker(count: &Arc<()>) -> Waker {
        // SAFETY: the functions keep the rules of a count, also where they panic.
        unsafe { Waker::from_raw(RawWaker::new(Arc::into_raw(Arc::clone(count)), &TABLE)) }
    }
}

type Handle = JoinHandle<Output, Header>;

fn poll(handle: &mut Handle, waker: &Waker) -> Poll<Result<Output, JoinError>> {
    Pin::new(handle).poll(&mut Context::from_waker(waker))
}

/// Does it with a joined task, the second of two moody wakers being its joiner's; nothing is lost, whatever panics.
fn with_moody(does: impl FnOnce(Runnable<Header>, &mut Handle, &dyn Fn() -> Waker)) {
    let log = Log::new();
    let count = Arc::new(());
    *lock(&log.ends) = Ends::Ready;
    let (runnable, mut handle) = spawn(Body(log.clone()), Header(log.clone()));
    does(runnable, &mut handle, &|| moody::waker(&count));
    moody::PANICS.set(' ');
    let last = poll(&mut handle, Waker::noop());
    assert!(matches!(last, Poll::Ready(Ok(_))), "the output is there");
    drop((last, handle));
    assert_eq!(["p", "b", "o", "f"].map(|event| log.events_so_far().matches(event).count()), [1; 4]);
    assert_eq!(Arc::strong_count(&count), 1, "no waker is left");
}

#[test]
fn a_joiner_whose_waker_panics_in_its_clone_can_wait_again() {
    with_moody(|runnable, handle, waker| {
        moody::PANICS.set('c');
        panics(|| poll(handle, &waker()));
        assert!(poll(handle, &waker()).is_pending());
        // There is a waker now; another one takes its place, or panics.
        moody::PANICS.set('c');
        let another = Waker::from(Arc::new(Joiner(Log::new())));
        assert!(poll(handle, &another).is_pending());
        panics(|| poll(handle, &waker()));
        assert!(!handle.is_finished());
        assert!(matches!(runnable.run_once(), Run::Complete));
    });
}

#[test]
fn a_joiner_whose_waker_panics_in_its_drop_is_replaced() {
    with_moody(|runnable, handle, waker| {
        assert!(poll(handle, &waker()).is_pending());
        let another = Waker::from(Arc::new(Joiner(Log::new())));
        moody::PANICS.set('d');
        panics(|| poll(handle, &another));
        assert!(matches!(runnable.run_once(), Run::Complete));
    });
}

#[test]
fn a_joiner_whose_waker_panics_in_its_wake_has_its_output() {
    with_moody(|runnable, handle, waker| {
        assert!(poll(handle, &waker()).is_pending());
        moody::PANICS.set('w');
        panics(|| runnable.run_once());
        assert!(handle.is_finished());
    });
}

/// The body may end between a look at the state and the lending of the slot: here, inside the clone of the waker.
#[test]
fn a_joiner_is_answered_though_the_body_ends_while_it_begins_to_wait() {
    for waited in [false, true] {
        let log = Log::new();
        let count = Arc::new(());
        let (runnable, mut handle) = spawn(Body(log.clone()), Header(log.clone()));
        *lock(&log.ends) = Ends::Ready;
        if waited {
            let before = Waker::from(Arc::new(Joiner(log.clone())));
            assert!(poll(&mut handle, &before).is_pending());
        }
        moody::CLONE.set(Some(Box::new(|| drop(runnable.run_once()))));
        assert!(matches!(poll(&mut handle, &moody::waker(&count)), Poll::Ready(Ok(_))));
        assert_eq!(Arc::strong_count(&count), 1, "no waker is kept");
        drop(handle);
        assert_eq!(log.events(), "pbof", "nobody is woken: it has its answer");
    }
}

#[test]
fn a_joiner_is_answered_though_the_local_runnable_goes_while_it_begins_to_wait() {
    let home = Home::new();
    let log = Log::new();
    let count = Arc::new(());
    let (runnable, mut handle) = home.spawn(Body(log.clone()), Header(log.clone()));
    moody::CLONE.set(Some(Box::new(|| drop(runnable))));
    assert!(matches!(poll(&mut handle, &moody::waker(&count)), Poll::Ready(Err(JoinError::Cancelled))));
    assert_eq!(Arc::strong_count(&count), 1, "no waker is kept");
    handle.cancel();
    assert!(matches!(log.pop().expect("scheduled").run(&home), TicketRun::Complete));
    drop(handle);
    assert_eq!(log.events(), "sbf");
}

#[test]
fn a_join_handle_whose_waker_panics_in_its_drop_is_dropped() {
    let log = Log::new();
    let count = Arc::new(());
    let (runnable, mut handle) = spawn(Body(log.clone()), Header(log.clone()));
    assert!(poll(&mut handle, &moody::waker(&count)).is_pending());
    moody::PANICS.set('d');
    panics(|| drop(handle));
    assert_eq!(Arc::strong_count(&count), 1);
    *lock(&log.ends) = Ends::Ready;
    assert!(matches!(runnable.run_once(), Run::Complete));
    assert_eq!(log.events(), "pbof", "detached");
}

#[test]
fn a_local_runnable_whose_joiner_panics_has_told_it() {
    let home = Home::new();
    let log = Log::new();
    let count = Arc::new(());
    let (runnable, mut handle) = home.spawn(Body(log.clone()), Header(log.clone()));
    assert!(poll(&mut handle, &moody::waker(&count)).is_pending());
    moody::PANICS.set('w');
    panics(|| drop(runnable));
    assert_eq!(Arc::strong_count(&count), 1);
    assert!(matches!(poll(&mut handle, Waker::noop()), Poll::Ready(Err(JoinError::Cancelled))));
    drop(handle);
    assert_eq!(log.events(), "s", "the last handle asks for its home");
    assert!(matches!(log.pop().expect("a runnable").run(&home), TicketRun::Complete));
    assert_eq!(log.events(), "bf");
}

#[test]
fn a_queue_that_is_dropped_goes_on_after_a_panic() {
    struct Unused;
    impl Schedule<Anywhere, Linked<Self>> for Unused {
        fn schedule(&self, _: Runnable<Linked<Self>>) {}
    }
    let queue = Queue::new();
    let logs = [Log::new(), Log::new(), Log::new()];
    for log in &logs {
        queue.push(spawn_detached(Body(log.clone()), Linked::new(Unused))).expect("it is open");
    }
    logs[1].panic_at("b");
    panics(|| drop(queue));
    assert_eq!(logs.each_ref().map(|log| log.events()), ["b", "b", "b"]);
}

/// The test runs itself again in a process of its own, which does not come back.
#[cfg(all(unix, not(miri)))]
mod twice {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    fn aborts(test: &str, does: fn()) {
        if std::env::var_os("PANIC_TWICE").is_some() {
            does();
            return;
        }
        let child = std::process::Command::new(std::env::current_exe().expect("this test"))
            .args(["--exact", &format!("shared::panics::twice::{test}")])
            .env("PANIC_TWICE", "1")
            .output()
            .expect("it starts");
        let (abort, trap) = (6, 4);
        assert!([Some(abort), Some(trap)].contains(&child.status.signal()), "{:?}", child.status);
    }

    #[test]
    fn a_poll_and_a_destructor_that_both_panic_abort() {
        aborts("a_poll_and_a_destructor_that_both_panic_abort", || {
            let log = Log::new();
            log.panic_at("b");
            *lock(&log.ends) = Ends::Panic;
            panics(|| spawn_detached(Body(log.clone()), Header(log.clone())).run_once());
        });
    }

    #[test]
    fn a_poll_and_a_joiner_that_both_panic_abort() {
        aborts("a_poll_and_a_joiner_that_both_panic_abort", || {
            let log = Log::new();
            log.panic_at("j");
            *lock(&log.ends) = Ends::Panic;
            let (runnable, mut handle) = spawn(Body(log.clone()), Header(log.clone()));
            let waker = Waker::from(Arc::new(Joiner(log)));
            assert!(poll(&mut handle, &waker).is_pending());
            panics(|| runnable.run_once());
        });
    }

    #[test]
    fn a_panic_while_a_runnable_is_dropped_by_a_panic_aborts() {
        aborts("a_panic_while_a_runnable_is_dropped_by_a_panic_aborts", || {
            let log = Log::new();
            log.panic_at("b");
            panics(|| {
                let _runnable = spawn_detached(Body(log.clone()), Header(log.clone()));
                panic!("the first one");
            });
        });
    }

    #[test]
    fn one_panic_does_not_abort() {
        // So that the others abort for their second one.
        let log = Log::new();
        log.panic_at("b");
        panics(|| drop(spawn_detached(Body(log.clone()), Header(log.clone()))));
        assert_eq!(log.events(), "bf");
    }
}
