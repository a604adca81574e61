//! A scheduler that only counts, and bodies that do as they are told.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use waker_tables::{JoinError, JoinHandle, Runnable, Schedule, spawn, spawn_detached};

/// What happened, by count.
#[derive(Default)]
pub struct Log {
    pub queue: Mutex<VecDeque<Runnable<Header>>>,
    pub scheduled: AtomicUsize,
    pub polled: AtomicUsize,
    pub bodies_dropped: AtomicUsize,
    pub outputs_dropped: AtomicUsize,
    pub headers_dropped: AtomicUsize,
}

impl Log {
    pub fn scheduled(&self) -> usize {
        self.scheduled.load(Ordering::SeqCst)
    }
    pub fn polled(&self) -> usize {
        self.polled.load(Ordering::SeqCst)
    }
    pub fn bodies_dropped(&self) -> usize {
        self.bodies_dropped.load(Ordering::SeqCst)
    }
    pub fn outputs_dropped(&self) -> usize {
        self.outputs_dropped.load(Ordering::SeqCst)
    }
    pub fn headers_dropped(&self) -> usize {
        self.headers_dropped.load(Ordering::SeqCst)
    }
    pub fn pop(&self) -> Option<Runnable<Header>> {
        self.queue.lock().unwrap().pop_front()
    }
}

/// Queues what it gets.
pub struct Header(pub Arc<Log>);

impl Schedule for Header {
    fn schedule(&self, runnable: Runnable<Self>) {
        self.0.scheduled.fetch_add(1, Ordering::SeqCst);
        self.0.queue.lock().unwrap().push_back(runnable);
    }
}

impl Drop for Header {
    fn drop(&mut self) {
        self.0.headers_dropped.fetch_add(1, Ordering::SeqCst);
    }
}

/// An output that counts its end.
pub struct Output(pub Arc<Log>, pub u32);

impl Drop for Output {
    fn drop(&mut self) {
        self.0.outputs_dropped.fetch_add(1, Ordering::SeqCst);
    }
}

/// A body that polls `step` and counts its end.
pub struct Body<S> {
    log: Arc<Log>,
    step: S,
}

impl<S> Drop for Body<S> {
    fn drop(&mut self) {
        self.log.bodies_dropped.fetch_add(1, Ordering::SeqCst);
    }
}

impl<S: FnMut(&mut Context<'_>) -> Poll<u32> + Unpin> Future for Body<S> {
    type Output = Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Output> {
        self.log.polled.fetch_add(1, Ordering::SeqCst);
        let log = self.log.clone();
        (self.step)(context).map(|number| Output(log, number))
    }
}

pub fn body<S: FnMut(&mut Context<'_>) -> Poll<u32> + Send + Unpin + 'static>(
    log: &Arc<Log>,
    step: S,
) -> impl Future<Output = Output> + Send + use<S> {
    Body { log: log.clone(), step }
}

pub type Joined = (Runnable<Header>, JoinHandle<Output, Header>);

pub fn joined(step: impl FnMut(&mut Context<'_>) -> Poll<u32> + Send + Unpin + 'static) -> (Arc<Log>, Joined) {
    let log = Arc::new(Log::default());
    let task = spawn(body(&log, step), Header(log.clone()));
    (log, task)
}

pub fn detached(
    step: impl FnMut(&mut Context<'_>) -> Poll<u32> + Send + Unpin + 'static,
) -> (Arc<Log>, Runnable<Header>) {
    let log = Arc::new(Log::default());
    let task = spawn_detached(body(&log, step), Header(log.clone()));
    (log, task)
}

/// A waker that counts.
#[derive(Default)]
pub struct Count(pub AtomicUsize);

impl Count {
    pub fn get(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// Polls `handle` once with a waker that does nothing.
pub fn join_now<T, H: 'static>(handle: &mut JoinHandle<T, H>) -> Poll<Result<T, JoinError>> {
    Pin::new(handle).poll(&mut Context::from_waker(Waker::noop()))
}

/// Pending for ever, and its waker goes to `slot` at each poll.
pub fn keeps_waker(slot: &Arc<Mutex<Option<Waker>>>) -> impl FnMut(&mut Context<'_>) -> Poll<u32> + Send + use<> {
    let slot = slot.clone();
    move |context| {
        *slot.lock().unwrap() = Some(context.waker().clone());
        Poll::Pending
    }
}

pub fn yield_now() -> impl Future<Output = ()> {
    let mut yielded = false;
    poll_fn(move |context| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
}
