//! The port's own tests: what the published ones do not look at. Those come on top, from `run.sh`.
#![cfg(not(loom))]

use std::cell::{Cell, RefCell};
use std::future::{Future, pending, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;

use compio_executor::{Executor, ExecutorConfig, JoinError, JoinHandle, ResumeUnwind};

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn poll<F: Future>(future: F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

fn run_all(executor: &Executor) {
    while executor.tick() {}
}

/// Says in `0` that it was dropped.
struct Dropped(Rc<Cell<u32>>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}

/// A task that counts its polls and waits, and whose waker is kept.
fn waits(executor: &Executor, body: Dropped) -> (JoinHandle<()>, Rc<RefCell<Option<Waker>>>) {
    let slot = Rc::new(RefCell::new(None));
    let left = slot.clone();
    let handle = executor.spawn(poll_fn(move |context| {
        let _body = &body;
        *left.borrow_mut() = Some(context.waker().clone());
        Poll::Pending
    }));
    run_all(executor);
    (handle, slot)
}

#[test]
fn all_bodies_end_at_home_whatever_wakers_are_kept() {
    let dropped = Rc::new(Cell::new(0));
    let executor = Executor::new();
    let (waiting, slot) = waits(&executor, Dropped(dropped.clone()));
    let (detached, other) = waits(&executor, Dropped(dropped.clone()));
    detached.detach();
    let body = Dropped(dropped.clone());
    let unpolled = executor.spawn(async move { drop(body) });
    let waker = slot.take().unwrap();
    thread::spawn(move || waker.wake()).join().unwrap();
    drop(executor);
    assert_eq!(dropped.get(), 3);
    let waker = other.take().unwrap();
    thread::spawn(move || waker.wake()).join().unwrap();
    assert!(matches!(poll(waiting), Poll::Ready(Err(JoinError::Cancelled))));
    assert!(matches!(poll(unpolled), Poll::Ready(Err(JoinError::Cancelled))));
}

#[test]
fn the_driver_is_woken_from_another_thread_and_once_for_several() {
    let driver = Arc::new(Wakes::default());
    let config = ExecutorConfig { waker: Some(driver.clone().into()), ..ExecutorConfig::default() };
    let executor = Executor::with_config(config);
    let dropped = Rc::new(Cell::new(0));
    let tasks = [(); 3].map(|()| waits(&executor, Dropped(dropped.clone())));
    let before = driver.0.load(Ordering::Relaxed);
    let wakers: Vec<Waker> = tasks.iter().map(|(_, slot)| slot.take().unwrap()).collect();
    thread::spawn(|| wakers.into_iter().for_each(Waker::wake)).join().unwrap();
    assert!(executor.has_task());
    assert_eq!(driver.0.load(Ordering::Relaxed) - before, 1);
    run_all(&executor);
    assert!(tasks.iter().all(|(_, slot)| slot.borrow().is_some()), "all were polled again");
}

#[test]
fn a_task_may_turn_the_loop_and_clear_it() {
    let executor = Rc::new(Executor::new());
    let dropped = Rc::new(Cell::new(0));
    let (_waiting, _slot) = waits(&executor, Dropped(dropped.clone()));
    let (inner, seen) = (executor.clone(), dropped.clone());
    let task = executor.spawn(async move {
        let mut task = pin!(inner.spawn(async { 7 }));
        while poll(task.as_mut()).is_pending() {
            inner.tick();
        }
        inner.clear();
        seen.get()
    });
    executor.tick();
    assert!(matches!(poll(task), Poll::Ready(Ok(1))), "the task that waits was dropped, the one that runs was not");
    let after = executor.spawn(async { 3 });
    run_all(&executor);
    assert!(matches!(poll(after), Poll::Ready(Ok(3))), "it is not closed");
}

#[test]
fn a_handle_that_is_dropped_elsewhere_cancels() {
    let dropped = Rc::new(Cell::new(0));
    let executor = Executor::new();
    let (handle, slot) = waits(&executor, Dropped(dropped.clone()));
    thread::spawn(move || drop(handle)).join().unwrap();
    assert_eq!(dropped.get(), 0);
    run_all(&executor);
    assert_eq!(dropped.get(), 1);
    drop(slot);
}

#[test]
fn a_cancelled_task_is_finished_at_once_and_over_later() {
    let executor = Executor::new();
    let handle = executor.spawn(pending::<()>());
    assert!(!handle.is_finished());
    let mut cancel = pin!(handle.cancel());
    assert!(poll(cancel.as_mut()).is_pending());
    run_all(&executor);
    assert_eq!(poll(cancel), Poll::Ready(None));

    let handle = executor.spawn(async { 1 });
    run_all(&executor);
    assert!(handle.is_finished());
    assert_eq!(poll(handle.cancel()), Poll::Ready(Some(1)), "it was too late");
}

#[test]
fn a_panic_is_resumed_by_who_joins() {
    let executor = Executor::new();
    let handle = executor.spawn(async { std::panic::panic_any(7_u8) });
    run_all(&executor);
    let Poll::Ready(output) = poll::<JoinHandle<()>>(handle) else { panic!("it is over") };
    let payload = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| output.resume_unwind())).unwrap_err();
    assert_eq!(payload.downcast_ref(), Some(&7_u8));
}

#[test]
fn handles_are_send_as_published() {
    const fn send<T: Send>() {}
    const fn sync<T: Sync>() {}
    const {
        send::<JoinHandle<u8>>();
        sync::<JoinHandle<Rc<u8>>>();
    }
}
