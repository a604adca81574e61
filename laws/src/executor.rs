//! Laws of executors.
//!
//! A subject runs futures that the kit makes; [`judge`] tries all laws on it. The laws about wakes are tried on every
//! script of [`Plan::length`] acts or fewer, one act a poll, each as the main future and as a task. The others are
//! scenes with a fixed order.
//!
//! ```
//! use std::future::Future;
//! use std::pin::pin;
//! use std::sync::Arc;
//! use std::sync::atomic::{AtomicBool, Ordering};
//! use std::task::{Context, Wake};
//! use std::thread::{self, Thread};
//! use waker_laws::Plan;
//! use waker_laws::executor::{Body, ExecutorSubject, judge};
//!
//! struct Unpark(Thread, AtomicBool);
//!
//! impl Wake for Unpark {
//!     fn wake(self: Arc<Self>) {
//!         self.1.store(true, Ordering::SeqCst);
//!         self.0.unpark();
//!     }
//! }
//!
//! struct Parking;
//!
//! impl ExecutorSubject for Parking {
//!     fn live(&self, main: Body, _: Vec<Body>) {
//!         let unpark = Arc::new(Unpark(thread::current(), AtomicBool::new(false)));
//!         let (mut main, waker) = (pin!(main), unpark.clone().into());
//!         while main.as_mut().poll(&mut Context::from_waker(&waker)).is_pending() {
//!             while !unpark.1.swap(false, Ordering::SeqCst) {
//!                 thread::park();
//!             }
//!         }
//!     }
//!
//!     fn spawns(&self) -> bool {
//!         false
//!     }
//! }
//!
//! judge(Parking, &Plan::default()).assert();
//! ```

mod act;
mod body;
mod clean;
mod flag;
mod inside;
mod late;
mod panics;
mod scene;
mod script;
mod share;

use std::sync::Arc;

pub use body::Body;

use crate::law::{Found, Law, Verdict};
use crate::limit::verdict;
use crate::plan::Plan;
use crate::report::Report;
use act::Act;

/// An executor to be judged.
pub trait ExecutorSubject: Send + Sync + 'static {
    /// One executor's whole life: makes one, spawns `tasks` in their order, runs `main` to its end, shuts down, and
    /// returns when the shutdown is over. Panics if the executor lets a panic out.
    ///
    /// `tasks` is empty unless [`spawns`](Self::spawns). It may be called inside of a poll of another life.
    fn live(&self, main: Body, tasks: Vec<Body>);

    /// Whether it can spawn. By default it can.
    fn spawns(&self) -> bool {
        true
    }

    /// Why the law of this number was never promised, if it was not. By default all are.
    fn unpromised(&self, law: &str) -> Option<&'static str> {
        let _ = law;
        None
    }
}

/// How a law is tried on a subject.
type Check<S> = fn(&Arc<S>, &Plan) -> Found;

/// The numbers, sentences and sources, in order.
#[must_use]
pub fn laws() -> Vec<Law> {
    checks::<Nobody>().into_iter().map(|(law, _)| law).collect()
}

/// Tries every law.
pub fn judge<S: ExecutorSubject>(subject: S, plan: &Plan) -> Report {
    let subject = Arc::new(subject);
    let verdicts = checks::<S>().into_iter().map(|(law, check)| (law, found(&subject, law, check, plan))).collect();
    Report { plan: plan.clone(), verdicts }
}

/// Tries the law of this number, or answers `None` if there is none.
pub fn judge_law<S: ExecutorSubject>(subject: S, number: &str, plan: &Plan) -> Option<Verdict> {
    let (law, check) = checks::<S>().into_iter().find(|(law, _)| law.number == number)?;
    Some(found(&Arc::new(subject), law, check, plan))
}

fn found<S: ExecutorSubject>(subject: &Arc<S>, law: Law, check: Check<S>, plan: &Plan) -> Verdict {
    let (its, plan_of_thread) = (subject.clone(), plan.clone());
    verdict(law, subject.unpromised(law.number), plan.limit, move || check(&its, &plan_of_thread))
}

/// Every law beside its check.
#[rustfmt::skip]
fn checks<S: ExecutorSubject>() -> [(Law, Check<S>); 25] {
    const POLL: &str = "std, `Waker::wake`: each call guarantees at least one poll, as long as the executor runs and the task is not finished";
    let law = |number, sentence, source| Law { number, sentence, source };
    [
        (law("E1", "A wake during a poll, from inside of it, leads to another poll.", POLL),
            |subject, plan| script::scripts(subject, plan, &[Act::InPoll, Act::CloneInPoll])),
        (law("E2", "A wake from another thread, after the poll, leads to another poll.", POLL),
            |subject, plan| script::scripts(subject, plan, &[Act::Later, Act::CloneLater])),
        (law("E3", "A wake from another thread before the poll returns leads to another poll.", POLL),
            |subject, plan| script::scripts(subject, plan, &[Act::FromThreadInPoll])),
        (law("E4", "Many wakes between two polls lead to at least one.", POLL),
            |subject, plan| script::scripts(subject, plan, &[Act::ManyLater, Act::ManyInPoll])),
        (law("E5", "No poll without a wake.",
            "std, `Future::poll`: \"not called repeatedly in a tight loop\", only when the future indicates that it is ready"),
            script::no_poll_without_a_wake),
        (law("E6", "A waker that is kept past its future's end may be woken, cloned and dropped.",
            "std, `Waker::wake`: the task may be finished"),
            late::past_completion),
        (law("E7", "A waker that is kept past the executor's end may be woken, cloned and dropped.",
            "std, `Waker` is `'static`; async-executor issue 163"),
            late::past_shutdown),
        (law("E8", "No poll after ready, also not when the future woke itself in its last poll.",
            "std, `Future`: \"once a future has finished, clients should not poll it again\""),
            inside::no_poll_after_ready),
        (law("E9", "No two polls of a future at once.",
            "std, `Future::poll` takes `Pin<&mut Self>`"),
            share::no_two_polls),
        (law("E10", "A future that is over is dropped, once, with the executor at the latest, also while a waker of it is kept.",
            "std, `Pin`: its drop guarantee; futures issue 853"),
            clean::done_is_dropped),
        (law("E11", "A future that is not over is dropped with the executor, polled or not.",
            "tokio, `Runtime`: tasks are dropped at shutdown; futures issue 853"),
            clean::pending_is_dropped),
        (law("E12", "The same while a waker of it is kept elsewhere.",
            "futures issue 853: wakers kept a task's state; no clean shutdown"),
            clean::pending_with_a_waker_is_dropped),
        (law("E13", "The same when it was woken just before.",
            "tokio issue 542: leaks of futures with a pending notification; tokio pull request 3978"),
            clean::pending_and_woken_is_dropped),
        (law("E14", "A future is not polled inside of a wake.",
            "tokio pull request 1972: calls to tasks should not be nested: the waker's owner may hold a lock"),
            inside::no_poll_inside_a_wake),
        (law("E15", "A future is not dropped inside of a wake or of the drop of a waker.",
            "tokio issues 1886 and 1929: a task that was dropped in a call of `wake` met its own lock"),
            inside::no_drop_inside_a_wake),
        (law("E16", "A panic in a poll comes out of the run or stays in its task: nothing hangs, and all futures are dropped.",
            "tokio, `JoinError`; async-task, `Runnable::run`"),
            panics::panic_in_poll),
        (law("E17", "A panic in a future's destructor comes out of the run or stays in its task: nothing hangs.",
            "tokio, `JoinError`; async-task, `Runnable::run`"),
            panics::panic_in_drop),
        (law("E18", "A run inside of a poll ends, or refuses with a panic.",
            "futures issue 2386 (it refuses); async-std pull request 358 (it hung)"),
            share::nested_run),
        (law("E19", "A run inside of a poll takes no wake of the outer one.",
            "async-std pull request 358: the inner run took the outer one's token"),
            share::nested_run_takes_no_wakes),
        (law("E20", "A future that owns its own waker is dropped with the executor all the same.",
            "futures issue 853: wakers that keep the task, and the task its waker"),
            clean::own_waker_is_dropped),
        (law("E21", "A future's destructor may wake other tasks at shutdown, and drop its own last waker.",
            "tokio issue 2046: a deadlock at shutdown, since the lock was held"),
            clean::destructors_that_wake),
        (law("E22", "A future that always wakes itself does not keep the others from running.",
            "futures issue 2047: a set polled its ready futures for ever"),
            share::no_starvation),
        (law("E23", "The wakers of one future's polls are the same by `will_wake`.",
            "std, `Waker::will_wake`, best effort: futures that keep a waker compare it with the new one"),
            script::same_waker),
        (law("E24", "Wakes from other threads while the executor ends are harmless, and the futures are dropped.",
            "async-executor issue 163: a wake during the executor's drop used freed memory"),
            late::wakes_race_the_shutdown),
        (law("E25", "A panic in a future's destructor at shutdown comes out of it or is lost: nothing hangs, and the others are dropped.",
            "tokio issue 1584: a shutdown that never returned after a destructor's panic"),
            panics::panic_at_shutdown),
    ]
}

/// Lets [`laws`] name the laws without a subject.
struct Nobody;

impl ExecutorSubject for Nobody {
    fn live(&self, _: Body, _: Vec<Body>) {}
}
