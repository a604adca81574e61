//! What `TaskState` says after each call: `s` scheduled, `r` running, `c` complete, `x` cancelled, and how many handles.

use std::cell::Cell;
use std::future::poll_fn;
use std::sync::mpsc::{Sender, channel};
use std::task::{Poll, Waker};

use waker_tables::{JoinHandle, Ran, Runnable, Schedule, TaskRef, spawn, spawn_detached};

struct ToQueue(Sender<Runnable<Self>>);

impl Schedule for ToQueue {
    fn schedule(&self, runnable: Runnable<Self>) {
        drop(self.0.send(runnable));
    }
}

fn says(task: &TaskRef<ToQueue>) -> String {
    let state = task.state();
    let letters = [
        (state.is_scheduled(), 's'),
        (state.is_running(), 'r'),
        (state.is_complete(), 'c'),
        (state.is_cancelled(), 'x'),
    ];
    let letters: String = letters.iter().filter(|(is, _)| *is).map(|(_, letter)| letter).collect();
    format!("{letters}{}", state.handles())
}

/// The task of the waker that a body is polled with.
fn own(waker: &Waker) -> TaskRef<ToQueue> {
    TaskRef::from_waker(waker).expect("its own")
}

#[test]
fn while_it_is_scheduled() {
    let (sender, queue) = channel();
    let (runnable, handle) = spawn(async {}, ToQueue(sender));
    let task = handle.task();
    assert_eq!(says(&task), "s3", "the runnable, the join handle, this");
    for _ in 0..3 {
        task.wake_by_ref();
        assert_eq!(says(&task), "s3");
        task.clone().wake();
        assert_eq!(says(&task), "s3", "a wake by value is a handle less");
    }
    runnable.schedule();
    let runnable = queue.try_recv().expect("handed over");
    assert!(queue.try_recv().is_err(), "nothing else was");
    for first in [true, false] {
        assert_eq!(task.cancel(), first);
        assert_eq!(says(&task), "sx3");
        task.wake_by_ref();
        task.clone().wake();
        assert_eq!(says(&task), "sx3");
    }
    assert_eq!(runnable.run(), Ran::Complete);
    assert_eq!(says(&task), "cx2");
    task.clone().wake();
    task.wake_by_ref();
    assert!(!task.cancel());
    assert_eq!(says(&task), "cx2");
    drop(handle);
    assert_eq!(says(&task), "cx1");
    assert!(queue.try_recv().is_err());
}

#[test]
fn while_it_runs_and_waits() {
    let (sender, queue) = channel();
    let mut polls = 0;
    let body = poll_fn(move |context| {
        polls += 1;
        let task = own(context.waker());
        let handles = if polls == 1 { ["r4", "s4"] } else { ["r3", "s3"] };
        assert_eq!(says(&task), handles[0], "the run's, the join handle, the test's if it has one, this");
        if polls == 3 {
            return Poll::Ready(());
        }
        if polls == 1 {
            for _ in 0..2 {
                task.wake_by_ref();
                assert_eq!(says(&task), handles[1], "neither running nor waiting: it is to run again");
                task.clone().wake();
                assert_eq!(says(&task), handles[1]);
            }
        }
        Poll::Pending
    });
    let (runnable, handle) = spawn(body, ToQueue(sender));
    let task = handle.task();
    assert_eq!(runnable.run(), Ran::Woken);
    assert_eq!(says(&task), "s3");
    drop(task);
    let next = || queue.try_recv().expect("scheduled");
    assert_eq!(next().run(), Ran::Pending);
    let task = handle.task();
    assert_eq!(says(&task), "2", "it waits");
    task.wake();
    let task = handle.task();
    assert_eq!(says(&task), "s3", "the runnable took over the handle that was woken by value");
    drop(task);
    assert_eq!(next().run(), Ran::Complete);
    let task = handle.task();
    assert_eq!(says(&task), "c2");
    assert!(!task.cancel());
    assert_eq!(says(&task), "c2");
    assert!(queue.try_recv().is_err());
}

#[test]
fn while_it_waits_and_is_cancelled() {
    let (sender, queue) = channel();
    let runnable = spawn_detached(std::future::pending::<()>(), ToQueue(sender));
    let task = runnable.task();
    assert_eq!(runnable.run(), Ran::Pending);
    assert_eq!(says(&task), "1");
    task.wake_by_ref();
    assert_eq!(says(&task), "s2");
    assert_eq!(queue.try_recv().expect("scheduled").run(), Ran::Pending);
    assert!(task.cancel());
    assert_eq!(says(&task), "sx2");
    assert!(!task.cancel());
    assert_eq!(says(&task), "sx2");
    assert_eq!(queue.try_recv().expect("scheduled").run(), Ran::Complete);
    assert_eq!(says(&task), "cx1");
    assert!(queue.try_recv().is_err());
}

#[test]
fn while_its_last_handle_goes() {
    thread_local! {
        static HANDLES: Cell<usize> = const { Cell::new(0) };
    }

    struct Looks;

    impl Schedule for Looks {
        fn schedule(&self, runnable: Runnable<Self>) {
            let state = runnable.task().state();
            assert!(state.is_scheduled() && state.is_cancelled() && !state.is_complete() && !state.is_running());
            HANDLES.set(state.handles());
        }
    }

    let runnable = spawn_detached(std::future::pending::<()>(), Looks);
    let waker = runnable.task().to_waker();
    assert_eq!(runnable.run(), Ran::Pending);
    drop(waker);
    assert_eq!(HANDLES.get(), 3, "the runnable, the call's own, the hook's");
}

#[test]
fn while_it_is_joined() {
    let (sender, queue) = channel();
    let (runnable, mut handle): (_, JoinHandle<u8, _>) = spawn(async { 7 }, ToQueue(sender));
    let task = handle.task();
    runnable.run();
    assert_eq!(says(&task), "c2");
    assert_eq!(handle.try_take(), Some(Ok(7)));
    assert_eq!(says(&task), "c2");
    drop(handle);
    assert_eq!(says(&task), "c1");
    assert!(queue.try_recv().is_err());
}
