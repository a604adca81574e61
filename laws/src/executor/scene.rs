//! Where a future stands, and threads that are joined.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Waker;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::ExecutorSubject;
use super::body::{Body, Watched};
use super::flag::Flag;
use crate::law::{Fault, Found};
use crate::limit::message;

/// Where a future stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Main,
    Task,
}

impl Place {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Main => "run this as the main future:",
            Self::Task => "spawn this as a task, and wait for its end in the main future:",
        }
    }
}

/// The places that the subject has.
pub(super) fn places<S: ExecutorSubject>(subject: &S) -> &'static [Place] {
    if subject.spawns() { &[Place::Main, Place::Task] } else { &[Place::Main] }
}

/// Runs `body` in its place, to its end.
pub(super) fn run<S: ExecutorSubject>(subject: &S, place: Place, body: Body) {
    match place {
        Place::Main => subject.live(body, Vec::new()),
        Place::Task => {
            let over = Flag::default();
            let its = over.clone();
            let main = over.body();
            subject.live(main, vec![body.over(move || its.set())]);
        }
    }
}

/// For a law about tasks.
pub(super) fn needs_tasks<S: ExecutorSubject>(subject: &S) -> Found {
    if subject.spawns() { Ok(()) } else { Err(Fault::Untried("it spawns nothing")) }
}

/// What the panic said that came out of `run`.
pub(super) fn caught(run: impl FnOnce()) -> Result<(), String> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|panic| message(&*panic))
}

/// Threads that are joined at the end of their scene.
#[derive(Clone, Default)]
pub(super) struct Threads(Arc<Mutex<Vec<JoinHandle<()>>>>);

impl Threads {
    pub(super) fn start(&self, run: impl FnOnce() + Send + 'static) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(thread::spawn(run));
    }

    /// Calls `call` with the waker on another thread, after the poll that has this number has returned.
    pub(super) fn after_poll(
        &self,
        watched: &Arc<Watched>,
        poll: usize,
        limit: Duration,
        call: impl FnOnce() + Send + 'static,
    ) {
        let watched = watched.clone();
        self.start(move || {
            if watched.wait(limit, |life| life.returned >= poll) {
                call();
            }
        });
    }

    /// Joins them all, then lets out the first panic of one.
    pub(super) fn join(&self) {
        loop {
            let Some(thread) = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop() else { return };
            if let Err(panic) = thread.join() {
                resume_unwind(panic);
            }
        }
    }
}

/// A place for a waker.
#[derive(Clone, Default)]
pub(super) struct Kept(Arc<Mutex<Vec<Waker>>>);

impl Kept {
    pub(super) fn keep(&self, waker: &Waker) {
        let waker = waker.clone();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(waker);
    }

    pub(super) fn take(&self) -> Vec<Waker> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
