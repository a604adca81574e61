//! A `WakeableTask` as a shared task: its `poll` is called and, where it did not come to its end, its `close`.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::Poll;

use waker_tables::*;

use super::world::{Ends, Log, lock};

/// Notes `p` for a poll, `w` for its own wake, `c` for close and `b` for its destructor.
struct Told(Arc<Log>);

impl WakeableTask for Told {
    fn poll(&mut self) -> Poll<()> {
        self.0.note('p');
        let ends = *lock(&self.0.ends);
        match ends {
            Ends::Ready => Poll::Ready(()),
            Ends::Panic => panic!("told to"),
            Ends::Pending | Ends::Silent => Poll::Pending,
        }
    }
    fn wake(&self) {
        self.0.note('w');
    }
    fn close(&mut self) {
        self.0.note('c');
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        self.0.note('b');
    }
}

type ToldTask = (Arc<Log>, Runnable<()>, JoinHandle<(), ()>);

fn told(ends: Ends) -> ToldTask {
    let log = Log::new();
    *lock(&log.ends) = ends;
    let (runnable, handle) = Task::new(TaskFuture::new(Told(log.clone())), ()).hook(|(), _| ()).spawn();
    (log, runnable, handle)
}

#[test]
fn one_that_is_ready_is_not_closed() {
    let (log, runnable, handle) = told(Ends::Ready);
    assert!(matches!(runnable.run_once(), Run::Complete));
    assert_eq!(log.events(), "pb");
    assert_eq!(futures::executor::block_on(handle), Ok(()));
}

#[test]
fn one_that_is_cancelled_is_closed_and_then_dropped() {
    let (log, runnable, handle) = told(Ends::Pending);
    runnable.task().wake_by_ref();
    handle.cancel();
    assert_eq!(log.events(), "", "neither the wake nor the cancel reaches it");
    assert!(matches!(runnable.run_once(), Run::Complete));
    assert_eq!(log.events(), "cb");

    let (log, runnable, _handle) = told(Ends::Pending);
    drop(runnable);
    assert_eq!(log.events(), "cb");
}

#[test]
fn one_that_nobody_can_wake_is_closed() {
    let (log, runnable, handle) = told(Ends::Pending);
    drop(handle);
    assert!(matches!(runnable.run_once(), Run::Lost));
    assert_eq!(log.events(), "pcb");
}

#[test]
fn one_whose_poll_panics_is_closed() {
    let (log, runnable, handle) = told(Ends::Panic);
    assert!(catch_unwind(AssertUnwindSafe(|| runnable.run_once())).is_err());
    assert_eq!(log.events(), "pcb");
    assert_eq!(futures::executor::block_on(handle), Err(JoinError::Panicked));
}

/// Whose close panics is dropped all the same.
#[test]
fn one_whose_close_panics_is_dropped() {
    let (log, runnable, handle) = told(Ends::Pending);
    log.panic_at("c");
    assert!(catch_unwind(AssertUnwindSafe(|| drop(runnable))).is_err());
    assert_eq!(log.events(), "cb");
    assert_eq!(futures::executor::block_on(handle), Err(JoinError::Panicked));
}
