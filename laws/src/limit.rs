//! A check with an end, and what is found by it.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use crate::law::{Broken, Fault, Found, Law, Verdict};
use crate::tried::Steps;

/// What kit code panics with: no message is printed, and the kit knows its own. Its drop closes the channel.
struct KitPanic(#[expect(dead_code, reason = "dropped")] Option<Sender<()>>);

/// Panics without a message on the terminal.
pub(crate) fn panic_quietly() -> ! {
    resume_unwind(Box::new(KitPanic(None)))
}

/// The same, where what becomes of the panic is waited for: until then the process may still end by it.
pub(crate) fn panic_with(sender: Sender<()>) -> ! {
    resume_unwind(Box::new(KitPanic(Some(sender))))
}

/// What a panic said.
pub(crate) fn message(payload: &(dyn Any + Send)) -> String {
    if payload.is::<KitPanic>() {
        return "the panic that the kit began".into();
    }
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic without a text".into())
}

/// Runs `check` on a thread of its own, which has the law's name, for `limit` at most.
///
/// The thread is joined if it ends. One that hangs is left behind.
pub(crate) fn verdict(
    law: Law,
    unpromised: Option<&'static str>,
    limit: Duration,
    check: impl FnOnce() -> Found + Send + 'static,
) -> Verdict {
    match (within(law, limit, check), unpromised) {
        (Ok(()), _) => Verdict::Holds,
        (Err(Fault::Untried(why)), _) => Verdict::Untried(why),
        (Err(Fault::Broken(broken)), Some(why)) => Verdict::Unpromised(broken, why),
        (Err(Fault::Broken(broken)), None) => Verdict::Broken(broken),
    }
}

fn within(law: Law, limit: Duration, check: impl FnOnce() -> Found + Send + 'static) -> Found {
    let (sender, receiver) = channel();
    let steps = Steps::default();
    let its = steps.clone();
    let broken = |steps: &Steps, saw| Err(Fault::Broken(Broken { steps: steps.take(), saw }));
    let thread = thread::Builder::new().name(format!("law {}", law.number)).spawn(move || {
        its.enter();
        let found = catch_unwind(AssertUnwindSafe(check))
            .unwrap_or_else(|panic| broken(&its, format!("it panicked: {}", message(&*panic))));
        drop(sender.send(found));
    });
    let thread = thread.expect("a thread");
    match receiver.recv_timeout(limit) {
        Ok(found) => {
            // What the thread's own destructors panic with is not the law's business.
            drop(thread.join());
            found
        }
        Err(RecvTimeoutError::Timeout) => {
            broken(&steps, format!("it had not ended after {limit:?}: a deadlock, or a lost wake"))
        }
        Err(RecvTimeoutError::Disconnected) => broken(&steps, "its thread ended without an answer".into()),
    }
}
