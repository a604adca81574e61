//! One attempt at a job: from bytes to a task to its end.

use std::any::Any;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use waker_tables::{BuildError, KeyBuf};

use crate::plan::Plan;
use crate::slot::{Context, Slot};

/// Results of more bytes fail.
const LARGEST: usize = 16 << 20;

/// How an attempt ended.
#[derive(Debug)]
pub enum Ended {
    /// With a result.
    Done(Vec<u8>),
    /// With a failure of the job: it was refused, panicked, took too long, or said so itself.
    Failed(String),
    /// It is given back.
    Released,
    /// The lease was lost. Somebody else has the job, or will.
    Lost,
}

/// Why a running attempt is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Close {
    /// Not at all.
    No,
    /// Its lease is lost.
    Lost,
    /// The worker stops.
    Release,
}

/// Builds the task and polls it until it is ready, or is to be closed. Each poll has a thread of its own and a time
/// limit: one that takes longer fails the job, and keeps that thread until it ends.
pub async fn run(
    plan: &Plan,
    key: Arc<KeyBuf>,
    bytes: Vec<u8>,
    (context, slot): (Context, Arc<Slot>),
    mut close: watch::Receiver<Close>,
) -> Ended {
    let (registry, limit) = (plan.registry, plan.poll_limit);
    let first = move || registry.build(key.key_ref(), &bytes, &context).map(|mut task| (task.poll(), task));
    let (mut polled, mut task) = match step(limit, first).await {
        Ok(Ok(first)) => first,
        Ok(Err(BuildError::Factory { error, .. })) => return Ended::Failed(format!("it was refused: {error}")),
        // The registry changed since the job was leased: it is another worker's.
        Ok(Err(_)) => return Ended::Released,
        Err(reason) => return Ended::Failed(reason),
    };
    while polled.is_pending() {
        let why = tokio::select! {
            () = slot.woken() => Close::No,
            why = close.wait_for(|why| *why != Close::No) => why.map_or(Close::Release, |why| *why),
        };
        let next = move || {
            if why == Close::No {
                return (task.poll(), task);
            }
            task.close();
            (Poll::Ready(()), task)
        };
        (polled, task) = match step(limit, next).await {
            Ok(next) => next,
            Err(reason) => return Ended::Failed(reason),
        };
        match why {
            Close::No => {}
            Close::Lost => return Ended::Lost,
            Close::Release => return Ended::Released,
        }
    }
    match slot.take() {
        Some(Ok(bytes)) if bytes.len() > LARGEST => {
            Ended::Failed(format!("its result has {} bytes, more than {LARGEST}", bytes.len()))
        }
        Some(Ok(bytes)) => Ended::Done(bytes),
        Some(Err(reason)) => Ended::Failed(reason),
        None => Ended::Failed("it ended without a result".into()),
    }
}

/// One call into a task, on a thread that may block.
async fn step<T: Send + 'static>(limit: Duration, call: impl FnOnce() -> T + Send + 'static) -> Result<T, String> {
    match timeout(limit, spawn_blocking(call)).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(match error.try_into_panic() {
            Ok(panic) => format!("it panicked: {}", message(&*panic)),
            Err(error) => error.to_string(),
        }),
        Err(_) => Err(format!("a poll took longer than {limit:?}")),
    }
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no text")
}
