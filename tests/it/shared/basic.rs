use std::sync::{Arc, Mutex};
use std::task::Poll;

use waker_tables::{Run, TaskRef};

use super::world::*;

#[test]
fn a_joined_task_gives_its_output() {
    let (log, (runnable, mut handle)) = joined(|_| Poll::Ready(7));
    assert!(!handle.is_finished());
    assert!(matches!(runnable.run(), Run::Complete));
    assert!(handle.is_finished());
    assert_eq!((log.polled(), log.bodies_dropped(), log.headers_dropped()), (1, 1, 0));
    let Poll::Ready(Ok(output)) = join_now(&mut handle) else { panic!("no output") };
    assert_eq!(output.1, 7);
    drop(handle);
    assert_eq!((log.outputs_dropped(), log.headers_dropped()), (0, 1));
    drop(output);
    assert_eq!(Arc::strong_count(&log), 1);
}

#[test]
fn a_wake_during_a_poll_is_another_run() {
    let mut polls = 0;
    let (log, runnable) = detached(move |context| {
        polls += 1;
        context.waker().wake_by_ref();
        context.waker().wake_by_ref();
        if polls < 3 { Poll::Pending } else { Poll::Ready(0) }
    });
    let Run::Woken(runnable) = runnable.run() else { panic!("not woken") };
    let Run::Woken(runnable) = runnable.run() else { panic!("not woken") };
    assert!(matches!(runnable.run(), Run::Complete));
    assert_eq!((log.scheduled(), log.polled()), (0, 3));
    assert_eq!((log.bodies_dropped(), log.outputs_dropped(), log.headers_dropped()), (1, 1, 1));
}

#[test]
fn an_idle_task_is_scheduled_once() {
    let slot = Arc::new(Mutex::new(None));
    let (log, runnable) = detached(keeps_waker(&slot));
    assert!(matches!(runnable.run(), Run::Pending));
    let waker = slot.lock().unwrap().take().unwrap();
    waker.wake_by_ref();
    waker.wake_by_ref();
    waker.clone().wake();
    assert_eq!(log.scheduled(), 1);
    assert!(TaskRef::<Header>::from_waker(&waker).is_some());
    assert!(TaskRef::<u8>::from_waker(&waker).is_none());
    drop(waker);
    assert!(matches!(log.pop().unwrap().run(), Run::Pending));
    let waker = slot.lock().unwrap().take().unwrap();
    drop(waker);
    // The last handle: cancelled and scheduled, not dropped.
    assert_eq!((log.scheduled(), log.bodies_dropped()), (2, 0));
    assert!(matches!(log.pop().unwrap().run(), Run::Complete));
    assert_eq!((log.polled(), log.bodies_dropped(), log.headers_dropped()), (2, 1, 1));
}

#[test]
fn a_poll_after_which_nobody_can_wake_is_the_last() {
    let (log, runnable) = detached(|_| Poll::Pending);
    assert!(matches!(runnable.run(), Run::Complete));
    assert_eq!((log.polled(), log.bodies_dropped(), log.headers_dropped()), (1, 1, 1));
}
