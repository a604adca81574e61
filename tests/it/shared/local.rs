//! Bodies that stay on their thread, and wakers that do not.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, ThreadId};

use waker_tables::*;

use super::world::{Body, Header, Joiner, Log, Output, TicketRun, lock, that_may_leak_local};

struct ToQueue(Sender<LocalRunnable<Self>>);

impl Schedule<AtHome> for ToQueue {
    fn schedule(&self, runnable: LocalRunnable<Self>) {
        // Where the receiver is gone, the runnable is dropped.
        drop(self.0.send(runnable));
    }
}

/// Where a value was dropped.
#[derive(Clone, Default)]
struct Where(Arc<Mutex<Vec<ThreadId>>>);

struct Sited(Where, Rc<Cell<u32>>);

impl Drop for Sited {
    fn drop(&mut self) {
        lock(&self.0.0).push(thread::current().id());
    }
}

type Queue = Receiver<LocalRunnable<ToQueue>>;

type Waits = (Where, Arc<Mutex<Option<Waker>>>, LocalRunnable<ToQueue>, Handle, Queue);

/// A task that keeps its waker and waits, for as often as it is told, and then is ready; with what it needs to run it.
fn waits(home: &Home, polls: u32) -> Waits {
    let (sender, queue) = channel();
    let dropped = Where::default();
    let kept = Arc::new(Mutex::new(None));
    let sited = Sited(dropped.clone(), Rc::new(Cell::new(polls)));
    let waker = Arc::clone(&kept);
    let body = poll_fn(move |context| {
        if sited.1.replace(sited.1.get().wrapping_sub(1)) == 0 {
            return Poll::Ready(Rc::clone(&sited.1));
        }
        *lock(&waker) = Some(context.waker().clone());
        Poll::Pending
    });
    let (runnable, handle) = home.spawn(body, ToQueue(sender));
    (dropped, kept, runnable, handle, queue)
}

type Handle = JoinHandle<Rc<Cell<u32>>, ToQueue>;

/// Whatever the thread does with what it is given, it is over when this comes back.
fn elsewhere<T: Send + 'static>(act: impl FnOnce() -> T + Send + 'static) -> T {
    thread::spawn(act).join().expect("no panic")
}

#[test]
fn a_body_that_is_not_send_is_polled_and_dropped_at_home() {
    let home = Home::new();
    let (dropped, kept, runnable, handle, queue) = waits(&home, 3);
    elsewhere(move || runnable.schedule());
    for _ in 0..3 {
        assert!(matches!(home.run_once(queue.recv().expect("scheduled")), Ok(LocalRun::Pending)));
        let waker = lock(&kept).take().expect("it was polled");
        elsewhere(move || waker.wake());
    }
    assert!(lock(&dropped.0).is_empty());
    assert!(matches!(home.run_once(queue.recv().expect("woken")), Ok(LocalRun::Complete)));
    assert_eq!(*lock(&dropped.0), [thread::current().id()]);
    assert_eq!(futures::executor::block_on(handle).map(|rc| rc.get()), Ok(u32::MAX));
}

#[test]
fn the_last_waker_that_goes_elsewhere_brings_the_body_home() {
    let home = Home::new();
    let (dropped, kept, runnable, handle, queue) = waits(&home, 3);
    assert!(matches!(home.run_once(runnable), Ok(LocalRun::Pending)));
    drop(handle);
    elsewhere(move || drop(lock(&kept).take()));
    assert!(lock(&dropped.0).is_empty());
    assert!(matches!(home.run_once(queue.try_recv().expect("scheduled")), Ok(LocalRun::Complete)));
    assert_eq!(*lock(&dropped.0), [thread::current().id()]);
    assert!(queue.try_recv().is_err(), "the header is gone, and the sender with it");
}

#[test]
fn a_home_gives_back_what_is_not_its_own() {
    let homes = [Home::new(), Home::new()];
    let (dropped, _kept, runnable, handle, _queue) = waits(&homes[0], 0);
    let runnable = homes[1].run_once(runnable).expect_err("of another home on this thread");
    let runnable = elsewhere(|| Home::new().run_once(runnable).expect_err("of another thread"));
    let runnable = Home::default().run_once(runnable).expect_err("of an older home");
    assert!(!handle.is_finished() && lock(&dropped.0).is_empty());
    assert!(matches!(homes[0].run_once(runnable), Ok(LocalRun::Complete)));
    assert!(handle.is_finished());
}

/// A home that comes after another is not it, though it may stand where that stood.
#[test]
fn a_task_whose_home_is_gone_is_of_no_other() {
    let (dropped, _kept, mut runnable, mut handle, _queue) = waits(&Home::new(), 0);
    for _ in 0..3 {
        runnable = Home::new().run_once(runnable).expect_err("its home is gone");
    }
    drop(that_may_leak_local(runnable));
    let mut context = Context::from_waker(Waker::noop());
    assert_eq!(Pin::new(&mut handle).poll(&mut context), Poll::Ready(Err(JoinError::Cancelled)));
    drop(handle);
    assert!(lock(&dropped.0).is_empty(), "it leaks, and is not dropped elsewhere");
}

#[test]
fn a_runnable_that_is_dropped_elsewhere_leaves_the_body() {
    let home = Home::new();
    let (dropped, _kept, runnable, mut handle, queue) = waits(&home, 0);
    let woken = Arc::new(Joiner(Log::new()));
    let waker = Waker::from(Arc::clone(&woken));
    let mut context = Context::from_waker(&waker);
    assert!(Pin::new(&mut handle).poll(&mut context).is_pending());
    elsewhere(move || drop(runnable));
    assert_eq!(woken.0.events(), "j");
    for _ in 0..2 {
        assert_eq!(Pin::new(&mut handle).poll(&mut context), Poll::Ready(Err(JoinError::Cancelled)));
    }
    assert!(handle.is_finished() && !handle.task().is_complete() && lock(&dropped.0).is_empty());

    // A later wake or cancel calls the hook again; the body is not polled but dropped, at home.
    for again in [TaskRef::wake_by_ref, |task: &TaskRef<_>| assert!(!task.cancel(), "it is cancelled")] {
        again(&handle.task());
        let runnable = queue.try_recv().expect("scheduled");
        assert!(queue.try_recv().is_err(), "once");
        elsewhere(move || drop(runnable));
    }
    handle.cancel();
    assert!(matches!(home.run_once(queue.try_recv().expect("scheduled")), Ok(LocalRun::Complete)));
    assert_eq!(*lock(&dropped.0), [thread::current().id()]);
    assert!(handle.task().is_complete());
    assert_eq!(Pin::new(&mut handle).poll(&mut context), Poll::Ready(Err(JoinError::Cancelled)));
}

/// A hook that drops the last handle of a task is not called for ever.
#[test]
fn the_joiner_has_the_same_answer_however_often_runnables_are_dropped() {
    let home = Home::new();
    let (dropped, _, runnable, mut handle, queue) = waits(&home, 1);
    let task = handle.task();
    drop(runnable);
    for _ in 0..3 {
        task.wake_by_ref();
        assert!(task.is_cancelled() && task.state().is_scheduled());
        assert_eq!(task.state().handles(), 3, "the runnable, the join handle, this");
        drop(queue.try_recv().expect("scheduled"));
        assert!(handle.is_finished() && !task.is_complete());
        assert_eq!(task.state().handles(), 2);
    }
    assert!(matches!(handle.try_take(), Some(Err(JoinError::Cancelled))));
    assert!(lock(&dropped.0).is_empty(), "the body waits for its home");
    task.wake_by_ref();
    assert!(matches!(home.run(queue.try_recv().expect("scheduled")), Ok(Ran::Complete)));
    assert_eq!(lock(&dropped.0).len(), 1);
}

#[test]
fn a_hook_that_drops_is_called_once_for_the_last_handle() {
    struct Drops(Arc<Mutex<u32>>);
    impl Schedule<AtHome> for Drops {
        fn schedule(&self, runnable: LocalRunnable<Self>) {
            *lock(&self.0) += 1;
            drop(that_may_leak_local(runnable));
        }
    }
    impl Schedule for Drops {
        fn schedule(&self, runnable: Runnable<Self>) {
            *lock(&self.0) += 1;
            drop(runnable);
        }
    }
    let kept: Arc<Mutex<Option<Waker>>> = Arc::default();
    let body = || {
        let kept = Arc::clone(&kept);
        poll_fn(move |context| {
            *lock(&kept) = Some(context.waker().clone());
            Poll::<()>::Pending
        })
    };
    let take = || {
        let waker = lock(&kept).take();
        waker.expect("it was polled")
    };
    for by_wake in [false, true] {
        let home = Home::new();
        let calls = Arc::default();
        let runnable = home.spawn_detached(body(), Drops(Arc::clone(&calls)));
        assert!(matches!(home.run_once(runnable), Ok(LocalRun::Pending)));
        if by_wake {
            take().wake();
        } else {
            drop(take());
        }
        // One for the wake, one when its count turned out to be the last.
        assert_eq!(*lock(&calls), if by_wake { 2 } else { 1 });
        assert_eq!(Arc::strong_count(&calls), 1, "the body leaks, and not the header");

        let calls = Arc::default();
        assert!(matches!(spawn_detached(body(), Drops(Arc::clone(&calls))).run_once(), Run::Pending));
        if by_wake {
            take().wake();
        } else {
            drop(take());
        }
        assert_eq!((*lock(&calls), Arc::strong_count(&calls)), (1, 1), "that which may be dropped anywhere is");
    }
}

/// A hook may also run what it is given, where it is at home.
#[test]
fn a_hook_may_run_the_task_at_once() {
    thread_local! {
        static HOME: Home = Home::new();
    }
    struct Inline;
    impl Schedule<AtHome> for Inline {
        fn schedule(&self, runnable: LocalRunnable<Self>) {
            HOME.with(|home| drop(home.run_once(runnable)));
        }
    }
    let rc = Rc::new(7);
    let weak = Rc::downgrade(&rc);
    let (runnable, handle) = HOME.with(|home| home.spawn(async move { *rc }, Inline));
    runnable.schedule();
    assert_eq!(futures::executor::block_on(handle), Ok(7));
    assert_eq!(weak.strong_count(), 0);
}

#[test]
fn an_output_that_is_not_send_is_dropped_at_home() {
    let home = Home::new();
    let (sender, queue) = channel();
    let dropped = Where::default();
    let output = Sited(dropped.clone(), Rc::default());
    let (runnable, handle) = home.spawn(async move { output }, ToQueue(sender));
    let task = handle.task();
    elsewhere(move || runnable.schedule());
    assert!(matches!(home.run_once(queue.recv().expect("scheduled")), Ok(LocalRun::Complete)));
    elsewhere(move || {
        task.wake_by_ref();
        drop(task);
    });
    assert!(lock(&dropped.0).is_empty(), "the handle has it");
    drop(handle);
    assert_eq!(*lock(&dropped.0), [thread::current().id()]);
}

/// A body of another thread that a waker elsewhere is the last to know: `Send` bodies too die in a run alone.
#[test]
fn a_body_never_dies_inside_the_drop_of_a_waker() {
    let (sender, queue) = channel();
    let dropped = Where::default();
    let kept: Arc<Mutex<Option<Waker>>> = Arc::default();
    let body = {
        let (kept, sited) = (Arc::clone(&kept), SendSited(dropped.clone()));
        poll_fn(move |context| {
            let _whole = &sited;
            *lock(&kept) = Some(context.waker().clone());
            Poll::<()>::Pending
        })
    };
    let hook = move |(): &(), runnable| sender.send(runnable).expect("the queue is there");
    let (runnable, handle) = Task::new(body, ()).hook(hook).spawn();
    assert!(matches!(runnable.run_once(), Run::Pending));
    drop(handle);
    elsewhere(move || drop(lock(&kept).take()));
    assert!(lock(&dropped.0).is_empty());
    assert!(matches!(queue.try_recv().expect("scheduled").run_once(), Run::Complete));
    assert_eq!(*lock(&dropped.0), [thread::current().id()]);
}

struct SendSited(Where);

impl Drop for SendSited {
    fn drop(&mut self) {
        lock(&self.0.0).push(thread::current().id());
    }
}

/// What a joiner does with its handle when it is woken.
struct Woken<F>(Mutex<Option<(JoinHandle<Output, Header>, F)>>);

impl<F: FnOnce(JoinHandle<Output, Header>) + Send> Wake for Woken<F> {
    fn wake(self: Arc<Self>) {
        let told = lock(&self.0).take();
        let (handle, act) = told.expect("it is woken once");
        act(handle);
    }
}

/// Drops the runnable of a local task whose joiner does that when it is told. The answer is what happened.
fn drop_with_joiner(home: &Home, act: impl FnOnce(JoinHandle<Output, Header>) + Send + 'static) -> String {
    let log = Log::new();
    let (runnable, mut handle) = home.spawn(Body(log.clone()), Header(log.clone()));
    let joiner = Arc::new(Woken(Mutex::new(None)));
    let waker = Waker::from(Arc::clone(&joiner));
    assert!(Pin::new(&mut handle).poll(&mut Context::from_waker(&waker)).is_pending());
    *lock(&joiner.0) = Some((handle, act));
    drop(that_may_leak_local(runnable));
    let events = log.events();
    drop(log.pop());
    events
}

#[test]
fn a_joiner_may_give_up_its_handle_when_it_is_told() {
    let home = Home::new();
    assert_eq!(
        drop_with_joiner(&home, drop),
        "s",
        "its handle is the last: the scheduler hears of the body once more"
    );
}

thread_local! {
    static AT_HOME: Home = Home::new();
}

#[test]
fn a_joiner_may_have_the_body_dropped_when_it_is_told() {
    let happened = AT_HOME.with(|home| {
        drop_with_joiner(home, |handle| {
            handle.cancel();
            let log = Arc::clone(&handle.header().0);
            let ticket = log.pop().expect("scheduled");
            assert!(AT_HOME.with(|home| matches!(ticket.run(home), TicketRun::Complete)));
            drop(handle);
            assert_eq!(log.events(), "sbf", "the runnable that is being dropped counts no more");
        })
    });
    assert_eq!(happened, "");
}
