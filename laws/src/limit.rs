//! A check with an end.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use crate::law::{Fault, Found, broken};

/// What kit code panics with: no message is printed, and the kit knows its own.
pub(crate) struct KitPanic;

/// Panics without a message on the terminal.
pub(crate) fn panic_quietly() -> ! {
    std::panic::resume_unwind(Box::new(KitPanic))
}

/// What a panic said.
pub(crate) fn message(payload: &(dyn Any + Send)) -> String {
    if payload.is::<KitPanic>() {
        return "the panic that the kit began".into();
    }
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic without a text".into())
}

/// Runs `check` on a thread of its own, for `limit` at most.
///
/// The thread is joined if it ends. One that hangs is left behind.
pub(crate) fn within(limit: Duration, check: impl FnOnce() -> Found + Send + 'static) -> Found {
    let (sender, receiver) = channel();
    let thread = thread::spawn(move || {
        let found = catch_unwind(AssertUnwindSafe(check))
            .unwrap_or_else(|panic| Err(broken(["the scene"], format!("it panicked: {}", message(&*panic)))));
        drop(sender.send(found));
    });
    match receiver.recv_timeout(limit) {
        Ok(found) => {
            // What the thread's own destructors panic with is not the law's business.
            drop(thread.join());
            found
        }
        Err(RecvTimeoutError::Timeout) => {
            Err(broken(["the scene"], format!("it had not ended after {limit:?}: a deadlock, or a lost wake")))
        }
        Err(RecvTimeoutError::Disconnected) => Err(Fault::Untried("its thread ended without an answer")),
    }
}
