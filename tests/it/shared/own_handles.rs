//! Bodies that hold handles of their own task, and use them also while they are dropped.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use waker_tables::*;

use super::world::{Ends, Header, Log, Output, Ticket, TicketRun, lock, panics};

type Handle = JoinHandle<Output, Header>;

/// Keeps its own waker from its first poll on, and its own join handle if it is given it; in its destructor it does with
/// them what it can.
struct Own {
    log: Arc<Log>,
    waker: Option<Waker>,
    handle: Arc<Mutex<Option<Handle>>>,
}

impl Future for Own {
    type Output = Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Output> {
        self.log.note('p');
        self.waker = Some(context.waker().clone());
        if let Some(handle) = lock(&self.handle).as_mut() {
            assert!(Pin::new(handle).poll(context).is_pending(), "it waits for itself");
        }
        let ends = *lock(&self.log.ends);
        match ends {
            Ends::Ready => Poll::Ready(Output(self.log.clone())),
            Ends::Panic => panic!("told to"),
            Ends::Pending | Ends::Silent => Poll::Pending,
        }
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        self.log.note('b');
        let Some(waker) = self.waker.take() else { return };
        waker.wake_by_ref();
        let task = TaskRef::<Header>::from_waker(&waker).expect("its own");
        task.cancel();
        assert!(!task.is_complete(), "not before this is over");
        waker.wake();
        drop(task);
        let handle = lock(&self.handle).take();
        if let Some(mut handle) = handle {
            assert!(Pin::new(&mut handle).poll(&mut Context::from_waker(Waker::noop())).is_pending());
        }
    }
}

/// Such a task, with its runnable; the handle is there for it to take.
fn own(home: Option<&Home>) -> (Arc<Log>, Ticket, Arc<Mutex<Option<Handle>>>) {
    let (log, own_handle) = (Log::new(), Arc::default());
    let body = Own { log: log.clone(), waker: None, handle: Arc::clone(&own_handle) };
    let header = Header(log.clone());
    let (ticket, handle) = match home {
        None => {
            let (runnable, handle) = spawn(body, header);
            (Ticket::Any(runnable), handle)
        }
        Some(home) => {
            let (runnable, handle) = home.spawn(body, header);
            (Ticket::Local(runnable), handle)
        }
    };
    *lock(&own_handle) = Some(handle);
    (log, ticket, own_handle)
}

#[test]
fn a_task_that_holds_its_own_handles_ends_in_every_way() {
    let home = Home::new();
    for place in [None, Some(&home)] {
        for (ends, by_itself, expected) in [
            (Ends::Ready, true, "pbof"),
            (Ends::Ready, false, "pbof"),
            (Ends::Panic, true, "pbf"),
            (Ends::Panic, false, "pbf"),
        ] {
            let (log, ticket, handle) = own(place);
            let elsewhere = if by_itself { None } else { lock(&handle).take() };
            *lock(&log.ends) = ends;
            match ends {
                Ends::Panic => panics(|| ticket.run(&home)),
                _ => assert!(matches!(ticket.run(&home), TicketRun::Complete)),
            }
            drop(elsewhere);
            assert_eq!(log.events(), expected, "{ends:?}, {by_itself}");
        }
    }
}

#[test]
fn a_task_that_holds_its_own_handles_is_cancelled() {
    let home = Home::new();
    for place in [None, Some(&home)] {
        let (log, ticket, _handle) = own(place);
        let task = ticket.task();
        assert!(matches!(ticket.run(&home), TicketRun::Pending), "it could wake itself");
        task.cancel();
        drop(task);
        assert!(matches!(log.pop().expect("scheduled").run(&home), TicketRun::Complete));
        assert_eq!(log.events(), "psbf", "the hook is not called for a body that is being dropped");
        assert!(log.pop().is_none());
    }
}

#[test]
fn a_runnable_that_is_dropped_drops_such_a_body() {
    let (log, ticket, _handle) = own(None);
    let task = ticket.task();
    assert!(matches!(ticket.run(&Home::new()), TicketRun::Pending));
    task.wake();
    drop(log.pop());
    assert_eq!(log.events(), "psbf");
}

/// A joiner that polls the handle at once, from inside its wake.
#[test]
fn a_joiner_may_fetch_the_output_inside_its_wake() {
    struct Fetches(Mutex<Option<Handle>>);
    impl std::task::Wake for Fetches {
        fn wake(self: Arc<Self>) {
            let handle = lock(&self.0).take();
            let mut handle = handle.expect("it waits once");
            let output = Pin::new(&mut handle).poll(&mut Context::from_waker(Waker::noop()));
            let Poll::Ready(Ok(output)) = output else { panic!("no output") };
            drop((handle, output));
        }
    }
    let log = Log::new();
    *lock(&log.ends) = Ends::Ready;
    let (runnable, mut handle) = spawn(super::world::Body(log.clone()), Header(log.clone()));
    let joiner = Arc::new(Fetches(Mutex::default()));
    let waker = Waker::from(Arc::clone(&joiner));
    assert!(Pin::new(&mut handle).poll(&mut Context::from_waker(&waker)).is_pending());
    *lock(&joiner.0) = Some(handle);
    assert!(matches!(runnable.run_once(), Run::Complete));
    assert_eq!(log.events(), "pbfo", "its handle is the last: the run has given up its count");
}

/// The last handle has gone, a new one comes from the runnable, and the body uses that while it is dropped.
#[test]
fn a_body_that_is_dropped_for_want_of_handles_may_wake_a_new_one() {
    struct Wakes(Arc<Mutex<Option<TaskRef<Header>>>>, Arc<Log>);
    impl Future for Wakes {
        type Output = ();
        fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
            *lock(&self.1.waker) = Some(context.waker().clone());
            Poll::Pending
        }
    }
    impl Drop for Wakes {
        fn drop(&mut self) {
            let task = lock(&self.0).take();
            let task = task.expect("it was given one");
            task.wake_by_ref();
            task.cancel();
            task.wake();
            self.1.note('b');
        }
    }
    for woken in [false, true] {
        let (log, given) = (Log::new(), Arc::default());
        let runnable = spawn_detached(Wakes(Arc::clone(&given), log.clone()), Header(log.clone()));
        assert!(matches!(runnable.run_once(), Run::Pending));
        drop(log.take_waker());
        let ticket = log.pop().expect("scheduled");
        let task = ticket.task();
        if woken {
            task.wake_by_ref();
        }
        *lock(&given) = Some(task);
        assert!(matches!(ticket.run(&Home::new()), TicketRun::Complete));
        assert_eq!(log.events(), "sbf", "once");
        assert!(log.pop().is_none());
    }
}
