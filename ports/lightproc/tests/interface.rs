//! The port's own tests: what the published ones do not look at. Those come on top, from `run.sh`.

use std::future::{Future, pending, poll_fn};
use std::mem::replace;
use std::pin::pin;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use lightproc::prelude::{LightProc, ProcStack};

type Log = Arc<Mutex<Vec<String>>>;

fn queue() -> (impl Fn(LightProc) + Send + Sync + 'static, Receiver<LightProc>) {
    let (sender, queue) = channel();
    (move |process| drop(sender.send(process)), queue)
}

fn poll<F: Future>(future: F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// A stack whose state is a word, with callbacks that write it down.
fn logged() -> (ProcStack, Log) {
    let log = Log::default();
    let write = |step: &'static str| {
        let log = log.clone();
        move |word: &mut &'static str| log.lock().unwrap().push(format!("{step} {word}"))
    };
    let stack = ProcStack::default().with_pid(7).with_state("it").with_before_start(write("starts"));
    let stack = stack.with_after_complete(write("completes")).with_after_panic(write("panics"));
    (stack, log)
}

#[test]
fn callbacks_follow_the_runs() {
    let (schedule, queue) = queue();
    let (stack, log) = logged();
    let mut woken = false;
    let future = poll_fn(move |context| {
        context.waker().wake_by_ref();
        if replace(&mut woken, true) { Poll::Ready(5) } else { Poll::Pending }
    });
    let (process, mut handle) = LightProc::build(future, schedule, stack);
    assert_eq!((process.stack().get_pid(), process.stack().get_state::<&str>()), (7, "it"));
    process.run();
    assert!(handle.state().is_scheduled() && handle.state().is_pending());
    queue.recv().unwrap().run();
    assert!(handle.state().is_completed() && !handle.state().is_closed());
    assert_eq!(*log.lock().unwrap(), ["starts it", "starts it", "completes it"]);
    assert_eq!((poll(&mut handle), poll(&mut handle)), (Poll::Ready(Some(5)), Poll::Ready(None)));
    assert!(handle.state().is_closed());
}

#[test]
fn a_panic_is_told_to_the_handle_that_can_recover() {
    let (schedule, queue) = queue();
    let (stack, log) = logged();
    let (process, handle) = LightProc::recoverable(async { panic!("on purpose") }, schedule, stack);
    process.schedule();
    queue.recv().unwrap().run();
    assert_eq!(poll::<lightproc::prelude::RecoverableHandle<()>>(handle), Poll::Ready(None));
    assert_eq!(*log.lock().unwrap(), ["starts it", "completes it", "panics it"]);
}

#[test]
fn a_cancelled_process_starts_and_completes_nothing() {
    for by_handle in [true, false] {
        let (schedule, queue) = queue();
        let (stack, log) = logged();
        let (process, handle) = LightProc::build(pending::<()>(), schedule, stack);
        if by_handle {
            handle.cancel();
        } else {
            process.cancel();
        }
        process.schedule();
        queue.recv().unwrap().run();
        assert!(handle.state().is_closed() && !handle.state().is_completed());
        assert_eq!(poll(handle), Poll::Ready(None));
        assert!(log.lock().unwrap().is_empty());
    }
}

#[test]
#[should_panic = "type of state"]
fn a_callback_for_another_state_is_refused() {
    let stack = ProcStack::default().with_state(7_u8).with_before_start(|_: &mut u16| {});
    LightProc::build(async {}, |_| {}, stack).0.run();
}
