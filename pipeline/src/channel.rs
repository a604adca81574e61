//! Channels between stages: eight items, and the wakers of those who wait.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::scheduler::{TURN, wake};

/// How many items a channel holds.
pub const CAPACITY: usize = 8;

const _: () =
    assert!(CAPACITY < TURN, "a stage that is ahead comes to wait for the other side, and not just to its turn");

/// A queue of at most [`CAPACITY`] items, for many senders and many receivers.
///
/// It is closed for receivers once all senders are gone and it is empty, and for senders once all receivers are gone.
#[derive(Debug)]
pub struct Channel<T>(Mutex<State<T>>);

#[derive(Debug)]
struct State<T> {
    items: VecDeque<T>,
    senders: Side,
    receivers: Side,
}

/// One side of a channel.
///
/// An end waits at most once, and an end that got what it waited for waits no longer: otherwise a wake goes to one
/// that does not need it, and the one that does is left asleep.
#[derive(Debug, Default)]
struct Side {
    ends: usize,
    /// How many ends there ever were: the number of the next.
    numbers: usize,
    waiting: VecDeque<(usize, Waker)>,
}

/// An end that sends.
#[derive(Debug)]
pub struct Sender<T> {
    channel: Arc<Channel<T>>,
    number: usize,
    /// Whether a waker was left with the channel; it may have been taken since.
    waited: bool,
}

/// An end that receives.
#[derive(Debug)]
pub struct Receiver<T> {
    channel: Arc<Channel<T>>,
    number: usize,
    /// Whether a waker was left with the channel; it may have been taken since.
    waited: bool,
}

/// All receivers are gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed;

impl<T> Channel<T> {
    /// An empty channel without ends.
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(State {
            items: VecDeque::with_capacity(CAPACITY),
            senders: Side::default(),
            receivers: Side::default(),
        })))
    }

    /// An end for a task.
    #[must_use]
    pub fn sender(self: &Arc<Self>) -> Sender<T> {
        let number = self.lock().senders.add();
        Sender { channel: self.clone(), number, waited: false }
    }

    /// An end for a task.
    #[must_use]
    pub fn receiver(self: &Arc<Self>) -> Receiver<T> {
        let number = self.lock().receivers.add();
        Receiver { channel: self.clone(), number, waited: false }
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Side {
    fn add(&mut self) -> usize {
        self.ends += 1;
        self.numbers += 1;
        self.numbers
    }

    /// Leaves the waker of an end's task, to be woken. Once per end: one that is there already is of the same task.
    fn wait(&mut self, number: usize, waker: &Waker) {
        if !self.waiting.iter().any(|(waiting, _)| *waiting == number) {
            self.waiting.push_back((number, waker.clone()));
        }
    }

    /// Takes the waker of an end back. The caller drops it once the channel is unlocked: its last count may free a task.
    fn forget(&mut self, number: usize) -> Option<Waker> {
        let place = self.waiting.iter().position(|(waiting, _)| *waiting == number)?;
        self.waiting.remove(place).map(|(_, waker)| waker)
    }

    /// The waker of the end that has waited longest.
    fn next(&mut self) -> Option<Waker> {
        self.waiting.pop_front().map(|(_, waker)| waker)
    }

    fn all(&mut self) -> impl Iterator<Item = Waker> + use<> {
        mem::take(&mut self.waiting).into_iter().map(|(_, waker)| waker)
    }
}

impl<T> Sender<T> {
    /// Sends the item once there is room.
    ///
    /// # Errors
    ///
    /// If nobody can receive it.
    pub async fn send(&mut self, item: T) -> Result<(), Closed> {
        let mut item = Some(item);
        poll_fn(|context| self.poll_send(context, &mut item)).await
    }

    /// Sends the item, which is taken, if there is room; else the task waits, and is woken when there is.
    ///
    /// # Errors
    ///
    /// If nobody can receive it.
    pub fn poll_send(&mut self, context: &mut Context<'_>, item: &mut Option<T>) -> Poll<Result<(), Closed>> {
        let mut state = self.channel.lock();
        if state.receivers.ends == 0 {
            return Poll::Ready(Err(Closed));
        }
        if state.items.len() == CAPACITY {
            state.senders.wait(self.number, context.waker());
            self.waited = true;
            return Poll::Pending;
        }
        state.items.extend(item.take());
        let other = state.receivers.next();
        let own = mem::take(&mut self.waited).then(|| state.senders.forget(self.number));
        drop(state);
        drop(own);
        other.into_iter().for_each(wake);
        Poll::Ready(Ok(()))
    }
}

impl<T> Receiver<T> {
    /// The next item, or `None` once there will be no more.
    pub async fn receive(&mut self) -> Option<T> {
        poll_fn(|context| self.poll_receive(context)).await
    }

    /// An item, or `None` once there will be no more. Else the task waits, and is woken when there is one.
    pub fn poll_receive(&mut self, context: &mut Context<'_>) -> Poll<Option<T>> {
        let mut state = self.channel.lock();
        let item = state.items.pop_front();
        if item.is_none() && state.senders.ends > 0 {
            state.receivers.wait(self.number, context.waker());
            self.waited = true;
            return Poll::Pending;
        }
        let other = item.is_some().then(|| state.senders.next()).flatten();
        let own = mem::take(&mut self.waited).then(|| state.receivers.forget(self.number));
        drop(state);
        drop(own);
        other.into_iter().for_each(wake);
        Poll::Ready(item)
    }
}

/// The last sender lets all receivers know. One that was woken for room and did not use it passes that on.
impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        let mut state = self.channel.lock();
        state.senders.ends -= 1;
        let own = state.senders.forget(self.number);
        let receivers = (state.senders.ends == 0).then(|| state.receivers.all());
        let room = state.items.len() < CAPACITY;
        let other = room.then(|| state.senders.next()).flatten();
        drop(state);
        drop(own);
        receivers.into_iter().flatten().chain(other).for_each(wake);
    }
}

/// The last receiver lets all senders know. One that was woken for an item and did not take it passes that on.
impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        let mut state = self.channel.lock();
        state.receivers.ends -= 1;
        let own = state.receivers.forget(self.number);
        let last = state.receivers.ends == 0;
        let senders = last.then(|| state.senders.all());
        // Nobody will take them; they go now, so that what they hold does not outlive the stage.
        let items = if last { mem::take(&mut state.items) } else { VecDeque::new() };
        let more = !state.items.is_empty();
        let other = more.then(|| state.receivers.next()).flatten();
        drop(state);
        drop((own, items));
        senders.into_iter().flatten().chain(other).for_each(wake);
    }
}
