//! Promises that used to end too early, and what two panics in one call come to.

use std::future::{Future, pending, poll_fn, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;

use waker_tables::{AtHome, Home, JoinError, LocalRunnable, Ran, Runnable, Schedule, Task, TaskSlot};

/// What many write for a hook. It panics once the receiver is gone.
struct ToQueue(Sender<LocalRunnable<Self>>, Arc<AtomicUsize>);

impl Schedule<AtHome> for ToQueue {
    fn schedule(&self, runnable: LocalRunnable<Self>) {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.send(runnable).unwrap();
    }
}

/// A future that never ends, and keeps its slot where it leaks.
type Waits = std::future::Pending<()>;

/// Makes a task at home in `slot` whose hook panics, does `act` with its runnable, and looks at what is left of it.
fn with_a_hook_that_panics(
    slot: &'static TaskSlot<ToQueue, Waits>,
    hooks: usize,
    act: fn(&Home, LocalRunnable<ToQueue>),
) {
    let (home, called) = (Home::new(), Arc::new(AtomicUsize::new(0)));
    let (sender, queue) = channel();
    drop(queue);
    let task = Task::new(pending::<()>(), ToQueue(sender, called.clone())).at(&home).detached();
    let runnable = task.spawn_in(slot.claim().expect("its own"));
    assert!(catch_unwind(AssertUnwindSafe(|| act(&home, runnable))).is_err(), "the hook's panic comes out");
    assert_eq!(called.load(Ordering::Relaxed), hooks, "asked once for each runnable");
    assert_eq!(Arc::strong_count(&called), 1, "the header is gone with the last handle");
    assert!(!slot.is_free(), "the body cannot be reached, and stays");
}

#[test]
fn a_local_hook_that_panics_is_not_asked_again() {
    static SCHEDULE: TaskSlot<ToQueue, Waits> = TaskSlot::new();
    static WAKE: TaskSlot<ToQueue, Waits> = TaskSlot::new();
    static DROP: TaskSlot<ToQueue, Waits> = TaskSlot::new();
    static CANCEL: TaskSlot<ToQueue, Waits> = TaskSlot::new();

    with_a_hook_that_panics(&SCHEDULE, 1, |_, runnable| runnable.schedule());
    with_a_hook_that_panics(&WAKE, 1, |home, runnable| {
        let waker = runnable.task().to_waker();
        assert_eq!(home.run(runnable).unwrap(), Ran::Pending);
        waker.wake(); // the last handle
    });
    with_a_hook_that_panics(&DROP, 1, |home, runnable| {
        let task = runnable.task();
        assert_eq!(home.run(runnable).unwrap(), Ran::Pending);
        drop(task); // the last handle: the body is to be dropped
    });
    with_a_hook_that_panics(&CANCEL, 2, |home, runnable| {
        let task = runnable.task();
        assert_eq!(home.run(runnable).unwrap(), Ran::Pending);
        let canceled = catch_unwind(AssertUnwindSafe(|| task.cancel()));
        assert!(canceled.is_err());
        drop(task); // a second right to ask: nobody was told of the last handle yet
    });
}

#[test]
fn after_a_local_hook_that_panicked_the_rest_works() {
    let home = Home::new();
    let fails = Arc::new(Mutex::new(true));
    let (sender, queue) = channel();
    let hook = {
        let fails = fails.clone();
        move |(): &(), runnable| {
            assert!(
                !std::mem::take(&mut *fails.lock().unwrap_or_else(std::sync::PoisonError::into_inner)),
                "on purpose"
            );
            sender.send(runnable).unwrap();
        }
    };
    let (runnable, mut handle) = Task::new(pending::<()>(), ()).at(&home).hook(hook).spawn();
    assert!(catch_unwind(AssertUnwindSafe(|| runnable.schedule())).is_err());
    assert_eq!(handle.try_take(), Some(Err(JoinError::Cancelled)), "its runnable was dropped while it unwound");
    handle.task().wake();
    assert_eq!(home.run(queue.recv().unwrap()).unwrap(), Ran::Complete);
}

/// A list whose members stand in futures, as those of locks and channels do: pinned, and gone when they are dropped.
#[derive(Default)]
struct Members(Mutex<Vec<Member>>);

#[derive(Clone, Copy, PartialEq)]
struct Member(*const AtomicUsize);

// SAFETY: the pointer is used under the lock, while its member is alive.
unsafe impl Send for Member {}

static MEMBERS: Members = Members(Mutex::new(Vec::new()));

struct Joins {
    notified: AtomicUsize,
    joined: bool,
    _pinned: std::marker::PhantomPinned,
}

impl Future for Joins {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<()> {
        // SAFETY: nothing is moved.
        let this = unsafe { self.get_unchecked_mut() };
        if !this.joined {
            this.joined = true;
            MEMBERS.0.lock().unwrap().push(Member(ptr::from_ref(&this.notified)));
        }
        Poll::Pending
    }
}

impl Drop for Joins {
    fn drop(&mut self) {
        let member = Member(ptr::from_ref(&self.notified));
        MEMBERS.0.lock().unwrap().retain(|other| *other != member);
    }
}

/// Every member's memory is there, whatever became of its task.
fn notify_all() -> usize {
    let members = MEMBERS.0.lock().unwrap();
    for member in members.iter() {
        // SAFETY: a member is alive until it leaves, since what is pinned is dropped before its memory is used again.
        unsafe { &*member.0 }.fetch_add(1, Ordering::Relaxed);
    }
    members.len()
}

#[test]
fn a_body_that_leaks_keeps_its_memory() {
    static DROPPED: TaskSlot<(), Joins> = TaskSlot::new();
    static HOMELESS: TaskSlot<(), Joins> = TaskSlot::new();
    static ENDED: TaskSlot<(), Joins> = TaskSlot::new();

    let spawn = |slot: &'static TaskSlot<(), Joins>, home: &Home| {
        let joins = || Joins { notified: AtomicUsize::new(0), joined: false, _pinned: std::marker::PhantomPinned };
        let hook = |(): &(), runnable| drop(runnable);
        let task = Task::init((), joins).at(home).hook(hook).detached();
        let runnable = task.spawn_in(slot.claim().expect("its own"));
        let task = runnable.task();
        assert_eq!(home.run(runnable).unwrap(), Ran::Pending);
        task
    };
    // Its last handle goes elsewhere, and the hook drops what it is given there.
    let task = spawn(&DROPPED, &Home::new());
    thread::spawn(move || drop(task)).join().unwrap();
    assert!(!DROPPED.is_free());
    // Its home is gone.
    let task = thread::spawn(move || spawn(&HOMELESS, &Home::new())).join().unwrap();
    drop(task);
    assert!(!HOMELESS.is_free());
    assert_eq!(notify_all(), 2);
    // One that ends leaves before its memory does.
    let home = Home::new();
    let (sender, queue) = channel();
    let joins = || Joins { notified: AtomicUsize::new(0), joined: false, _pinned: std::marker::PhantomPinned };
    let hook = move |(): &(), runnable| sender.send(runnable).unwrap();
    let task = Task::init((), joins).at(&home).hook(hook).detached();
    let runnable = Task::spawn(task);
    let task = runnable.task();
    assert_eq!(home.run(runnable).unwrap(), Ran::Pending);
    assert_eq!(notify_all(), 3);
    thread::spawn(move || drop(task)).join().unwrap();
    assert_eq!(home.run(queue.recv().unwrap()).unwrap(), Ran::Complete);
    assert_eq!(notify_all(), 2);
    assert!(ENDED.is_free());
}

/// A hook that borrows is not touched after the end that a joiner saw, by whatever handle goes last.
#[test]
fn what_a_hook_borrows_may_end_with_the_last_handle() {
    let rounds = if cfg!(miri) { 20 } else { 2_000 };
    for _ in 0..rounds {
        let mut lent = Box::new(7_u8);
        let hook = {
            let lent: &u8 = &lent;
            move |(): &(), runnable: Runnable<()>| {
                assert_eq!(*lent, 7);
                drop(runnable);
            }
        };
        // SAFETY: the hook is `Sync`, and all handles are gone before `lent` is used again: the runnable by its run, whose
        // last use of the task comes before the answer below; the handle by hand.
        let (runnable, mut handle) = unsafe { Task::new(ready(1), ()).hook(hook).spawn_unchecked() };
        let runs = thread::spawn(move || assert_eq!(runnable.run(), Ran::Complete));
        loop {
            if let Some(output) = handle.try_take() {
                assert_eq!(output, Ok(1));
                break;
            }
            thread::yield_now();
        }
        drop(handle);
        *lent = 0;
        drop(lent);
        runs.join().unwrap();
    }
}

/// A slot is free as soon as its handles are, though the run that ended the task is still on its way out.
#[test]
fn a_slot_whose_handles_are_gone_is_free() {
    static SLOT: TaskSlot<(), std::future::Ready<u8>> = TaskSlot::new();
    for _ in 0..if cfg!(miri) { 20 } else { 2_000 } {
        let claim = SLOT.claim().expect("every handle of the last one is gone");
        let (runnable, mut handle) = Task::new(ready(1), ()).hook(|(), _| {}).spawn_in(claim);
        let runs = thread::spawn(move || assert_eq!(runnable.run(), Ran::Complete));
        while handle.try_take().is_none() {
            thread::yield_now();
        }
        drop(handle);
        assert!(SLOT.is_free());
        runs.join().unwrap();
    }
}

/// Panics where it is dropped.
struct Moody;

impl Drop for Moody {
    fn drop(&mut self) {
        panic!("in a destructor, on purpose");
    }
}

impl Wake for Moody {
    fn wake(self: Arc<Self>) {
        std::mem::forget(self);
        panic!("in a wake, on purpose");
    }
}

/// Does what the table of two panics says of `pair`.
fn panic_twice(pair: &str) {
    let panics = || poll_fn(|_| -> Poll<()> { panic!("in a poll, on purpose") });
    let holds = |moody| poll_fn(move |_| drop_nothing(&moody));
    match pair {
        "poll, future" => {
            let moody = Moody;
            let body = poll_fn(move |_| -> Poll<()> { panic!("in a poll, on purpose, with {:p}", &moody) });
            Task::new(body, ()).hook(|(), _| {}).detached().spawn().run();
        }
        "poll, joiner" => {
            let (runnable, mut handle) = Task::new(panics(), ()).hook(|(), _| {}).spawn();
            let waker = Waker::from(Arc::new(Moody));
            assert!(Pin::new(&mut handle).poll(&mut Context::from_waker(&waker)).is_pending());
            std::mem::forget(waker);
            runnable.run();
        }
        "poll, header" => {
            Task::new(panics(), Moody).hook(|_, _| {}).detached().spawn().run();
        }
        "future, joiner" => {
            let (runnable, mut handle) = Task::new(holds(Moody), ()).hook(|(), _| {}).spawn();
            let waker = Waker::from(Arc::new(Moody));
            assert!(Pin::new(&mut handle).poll(&mut Context::from_waker(&waker)).is_pending());
            std::mem::forget(waker);
            runnable.run();
        }
        "future, header" => {
            Task::new(holds(Moody), Moody).hook(|_, _| {}).detached().spawn().run();
        }
        "output, header" => {
            Task::new(ready(Moody), Moody).hook(|_, _| {}).detached().spawn().run();
        }
        "hook, future" => {
            Task::new(holds(Moody), ()).hook(|(), _| panic!("in a hook, on purpose")).detached().spawn().schedule();
        }
        "hook, header" => {
            let home = Home::new();
            let hook = |_: &Moody, _| panic!("in a hook, on purpose");
            Task::new(ready(()), Moody).at(&home).hook(hook).detached().spawn().schedule();
        }
        "header, capture" => {
            let captured = Moody;
            let hook = move |_: &Moody, _| assert_eq!(size_of_val(&captured), 0);
            Task::new(ready(()), Moody).hook(hook).detached().spawn().run();
        }
        _ => unreachable!("no row of that name"),
    }
}

fn drop_nothing(_: &Moody) -> Poll<()> {
    Poll::Ready(())
}

const PAIRS: [&str; 9] = [
    "poll, future",
    "poll, joiner",
    "poll, header",
    "future, joiner",
    "future, header",
    "output, header",
    "hook, future",
    "hook, header",
    "header, capture",
];

/// Each in a process of its own, which it ends.
#[test]
#[cfg(unix)]
fn two_panics_in_one_call_end_the_process() {
    use std::os::unix::process::ExitStatusExt;
    use std::process::Command;

    const VARIABLE: &str = "TWO_PANICS";

    if let Ok(pair) = std::env::var(VARIABLE) {
        panic_twice(&pair);
        unreachable!("it ends before");
    }
    if cfg!(miri) {
        return; // there are no processes
    }
    for pair in PAIRS {
        let mut program = Command::new(std::env::current_exe().unwrap());
        program.args(["--exact", "shared::contracts::two_panics_in_one_call_end_the_process"]).env(VARIABLE, pair);
        let output = program.output().unwrap();
        assert_eq!(output.status.signal(), Some(6), "{pair}: {}", String::from_utf8_lossy(&output.stdout));
    }
}
