//! The port's own tests: what a runtime relies on. The published tests come on top, from `run.sh`.
#![cfg(feature = "std")]

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::mem::replace;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use async_task::{Builder, FallibleTask, Runnable, ScheduleInfo, Task, WithInfo};

fn queue<M: Send + Sync>() -> (impl Fn(Runnable<M>) + Send + Sync + 'static, Receiver<Runnable<M>>) {
    let (sender, queue) = channel();
    (move |runnable| drop(sender.send(runnable)), queue)
}

fn poll<F: Future>(future: F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// Pending once, and woken meanwhile.
async fn turn() {
    let mut gave = false;
    poll_fn(|context| {
        if replace(&mut gave, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[test]
fn output_is_given_once() {
    let (schedule, queue) = queue();
    let (runnable, task) = async_task::spawn(async { 6 * 7 }, schedule);
    runnable.schedule();
    let mut task = task.fallible();
    assert_eq!(poll(&mut task), Poll::Pending);
    assert!(!task.is_finished());
    assert!(!queue.recv().unwrap().run());
    assert!(task.is_finished());
    assert_eq!(poll(&mut task), Poll::Ready(Some(42)));
    assert_eq!(poll(&mut task), Poll::Ready(None));
}

#[test]
fn dropped_task_is_cancelled_and_detached_is_not() {
    for detached in [false, true] {
        let (schedule, queue) = queue();
        let polls = Arc::new(AtomicUsize::new(0));
        let counted = polls.clone();
        let (runnable, task) = async_task::spawn(async move { counted.fetch_add(1, Ordering::Relaxed) }, schedule);
        runnable.schedule();
        if detached {
            task.detach();
        } else {
            drop(task);
        }
        queue.recv().unwrap().run();
        assert_eq!(polls.load(Ordering::Relaxed), usize::from(detached));
        assert_eq!(Arc::strong_count(&polls), 1, "the future is gone");
    }
}

#[test]
fn cancel_waits_for_the_future_and_drops_a_late_output() {
    let (schedule, queue) = queue();
    let (runnable, task) = async_task::spawn(async {}, schedule);
    let mut cancel = pin!(task.cancel());
    assert_eq!(poll(&mut cancel), Poll::Pending);
    runnable.run();
    assert_eq!(poll(&mut cancel), Poll::Ready(None));
    assert!(queue.try_recv().is_err());

    let (runnable, task) = async_task::spawn(async { 1 }, |_| unreachable!("it is not woken"));
    runnable.run();
    assert_eq!(poll(task.cancel()), Poll::Ready(Some(1)), "it was finished before");
}

#[test]
fn cancel_during_the_last_poll_is_in_time() {
    type Cancel = Pin<Box<dyn Future<Output = Option<Arc<()>>> + Send>>;

    let cancel: Arc<Mutex<Option<Cancel>>> = Arc::default();
    let output = Arc::new(());
    let (slot, given) = (cancel.clone(), output.clone());
    let future = async move {
        assert_eq!(poll(slot.lock().unwrap().as_mut().unwrap()), Poll::Pending);
        given
    };
    let (runnable, task) = async_task::spawn(future, |_| unreachable!("it is not woken"));
    *cancel.lock().unwrap() = Some(Box::pin(task.cancel()));
    runnable.run();
    let cancelled = cancel.lock().unwrap().take().unwrap();
    assert_eq!(poll(cancelled), Poll::Ready(None));
    assert_eq!(Arc::strong_count(&output), 1, "what came too late is gone");
}

#[test]
fn propagated_panic_leaves_the_task_and_another_the_run() {
    for propagate in [true, false] {
        let (runnable, mut task) = Builder::new()
            .propagate_panic(propagate)
            .spawn(|()| async { panic_any(7_u8) }, |_| unreachable!("it is not woken"));
        let ran = catch_unwind(|| runnable.run());
        let awaited = catch_unwind(AssertUnwindSafe(|| poll::<&mut Task<()>>(&mut task)));
        let payload = if propagate { awaited.map(drop).unwrap_err() } else { ran.map(drop).unwrap_err() };
        assert_eq!(payload.downcast_ref(), Some(&7_u8));
    }
}

#[test]
fn schedule_is_told_of_a_wake_during_the_run() {
    let (sender, queue) = channel();
    let schedule = move |runnable, info: ScheduleInfo| sender.send((runnable, info.woken_while_running)).unwrap();
    let future = async {
        turn().await;
        let mut waited = false;
        poll_fn(|_| if replace(&mut waited, true) { Poll::Ready(()) } else { Poll::Pending }).await;
    };
    let (runnable, task) = async_task::spawn(future, WithInfo(schedule));
    let waker = runnable.waker();
    runnable.schedule();
    let mut told = Vec::new();
    while let Ok((runnable, woken_while_running)) = queue.try_recv() {
        told.push((woken_while_running, runnable.run()));
        if told.len() == 2 {
            waker.wake_by_ref();
        }
    }
    assert_eq!(told, [(false, true), (true, false), (false, false)]);
    assert_eq!(poll(task), Poll::Ready(()));
}

#[test]
fn future_borrows_the_metadata_that_the_handles_see() {
    let (schedule, queue) = queue::<AtomicUsize>();
    let make = |counter| async move {
        for _ in 0..3 {
            AtomicUsize::fetch_add(counter, 1, Ordering::Relaxed);
            turn().await;
        }
    };
    // SAFETY: the future and the schedule function are `Send`, and the one borrows the metadata alone.
    let (runnable, task) = unsafe { Builder::new().metadata(AtomicUsize::new(10)).spawn_unchecked(make, schedule) };
    assert_eq!(runnable.metadata().load(Ordering::Relaxed), 10, "it was made, and not polled");
    runnable.schedule();
    while let Ok(runnable) = queue.try_recv() {
        runnable.run();
    }
    assert_eq!(task.metadata().load(Ordering::Relaxed), 13);
    assert_eq!(poll(task), Poll::Ready(()));
}

#[test]
fn making_that_panics_leaves_nothing() {
    for propagate in [true, false] {
        let metadata = Arc::new(1);
        let count = metadata.clone();
        let made = catch_unwind(AssertUnwindSafe(|| {
            let make = |_: &Arc<i32>| -> std::future::Ready<()> { panic_any(7_u8) };
            let builder = Builder::new().propagate_panic(propagate).metadata(metadata);
            builder.spawn(make, |_| unreachable!("it is not woken")).1.detach();
        }));
        assert_eq!(made.unwrap_err().downcast_ref(), Some(&7_u8), "it is the caller's");
        assert_eq!(Arc::strong_count(&count), 1);
    }
}

#[test]
fn local_task_runs_where_it_was_made() {
    let (schedule, queue) = queue();
    let number = Rc::new(Cell::new(0));
    let shared = number.clone();
    let (runnable, task) = async_task::spawn_local(async move { shared.set(1) }, schedule);
    runnable.schedule();
    queue.recv().unwrap().run();
    assert_eq!((number.get(), poll(task)), (1, Poll::Ready(())));
}

#[test]
fn borrowed_schedule_function_and_future() {
    let (runs, number) = (Cell::new(0), Cell::new(0));
    let kept = Cell::new(None);
    let schedule = |runnable| {
        runs.set(runs.get() + 1);
        kept.set(Some(runnable));
    };
    // SAFETY: all of it stays on this thread, and ends before what it borrows.
    let (runnable, task) = unsafe { async_task::spawn_unchecked(async { number.set(5) }, schedule) };
    runnable.schedule();
    while let Some(runnable) = kept.take() {
        runnable.run();
    }
    assert_eq!((poll(task), runs.get(), number.get()), (Poll::Ready(()), 1, 5));
}

#[test]
fn raw_word_comes_back_and_wakers_know_their_task() {
    let (schedule, queue) = queue();
    let (runnable, task) = async_task::spawn(async {}, schedule);
    // SAFETY: the word is this task's, and used once.
    let runnable = unsafe { Runnable::<()>::from_raw(runnable.into_raw()) };
    let waker = runnable.waker();
    assert!(waker.will_wake(&runnable.waker()));
    waker.wake();
    assert!(queue.try_recv().is_err(), "it is scheduled already");
    runnable.run();
    assert_eq!(poll(task), Poll::Ready(()));
}

#[test]
fn handles_are_words_and_send_as_published() {
    const fn sync<T: Sync>() {}
    const fn send<T: Send>() {}
    const {
        send::<Runnable<u8>>();
        sync::<Runnable<u8>>();
        send::<Task<u8, u8>>();
        sync::<Task<Rc<u8>, u8>>();
        sync::<FallibleTask<Cell<u8>>>();
    }
    assert_eq!(size_of::<Option<Runnable>>(), size_of::<usize>());
    assert_eq!(size_of::<Option<Task<String>>>(), size_of::<usize>());
}
