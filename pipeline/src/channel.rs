//! Channels between stages: eight items, and the wakers of those who wait.

use std::collections::VecDeque;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

/// How many items a channel holds.
pub const CAPACITY: usize = 8;

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
    waiting: VecDeque<Waker>,
}

/// An end that sends. It keeps the waker of its task.
#[derive(Debug)]
pub struct Sender<T> {
    channel: Arc<Channel<T>>,
    waker: Waker,
    /// Whether `waker` was left with the channel; it may have been taken since.
    waited: bool,
}

/// An end that receives. It keeps the waker of its task.
#[derive(Debug)]
pub struct Receiver<T> {
    channel: Arc<Channel<T>>,
    waker: Waker,
    /// Whether `waker` was left with the channel; it may have been taken since.
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

    /// An end for the task of `waker`.
    #[must_use]
    pub fn sender(self: &Arc<Self>, waker: Waker) -> Sender<T> {
        self.lock().senders.ends += 1;
        let channel = self.clone();
        Sender { channel, waker, waited: false }
    }

    /// An end for the task of `waker`.
    #[must_use]
    pub fn receiver(self: &Arc<Self>, waker: Waker) -> Receiver<T> {
        self.lock().receivers.ends += 1;
        let channel = self.clone();
        Receiver { channel, waker, waited: false }
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Side {
    /// Leaves `waker` to be woken. Wakers of one table are told apart exactly, so this is once per task.
    fn wait(&mut self, waker: &Waker) {
        if !self.waiting.iter().any(|waiting| waiting.will_wake(waker)) {
            self.waiting.push_back(waker.clone());
        }
    }

    /// Takes `waker` back. The caller drops it once the channel is unlocked: its last count may free a task.
    fn forget(&mut self, waker: &Waker) -> Option<Waker> {
        let place = self.waiting.iter().position(|waiting| waiting.will_wake(waker))?;
        self.waiting.remove(place)
    }
}

/// Wakes, with the channel unlocked.
fn wake(waiting: impl IntoIterator<Item = Waker>) {
    for waker in waiting {
        waker.wake();
    }
}

impl<T> Sender<T> {
    /// Sends the item, which is taken, if there is room; else the task waits, and its waker is woken when there is.
    ///
    /// # Errors
    ///
    /// If nobody can receive it.
    pub fn send(&mut self, item: &mut Option<T>) -> Poll<Result<(), Closed>> {
        let mut state = self.channel.lock();
        if state.receivers.ends == 0 {
            return Poll::Ready(Err(Closed));
        }
        if state.items.len() == CAPACITY {
            state.senders.wait(&self.waker);
            self.waited = true;
            return Poll::Pending;
        }
        state.items.extend(item.take());
        let other = state.receivers.waiting.pop_front();
        let own = mem::take(&mut self.waited).then(|| state.senders.forget(&self.waker));
        drop(state);
        drop(own);
        wake(other);
        Poll::Ready(Ok(()))
    }
}

impl<T> Receiver<T> {
    /// An item, or `None` once there will be no more. Else the task waits, and its waker is woken when there is one.
    pub fn receive(&mut self) -> Poll<Option<T>> {
        let mut state = self.channel.lock();
        let item = state.items.pop_front();
        if item.is_none() && state.senders.ends > 0 {
            state.receivers.wait(&self.waker);
            self.waited = true;
            return Poll::Pending;
        }
        let other = item.is_some().then(|| state.senders.waiting.pop_front()).flatten();
        let own = mem::take(&mut self.waited).then(|| state.receivers.forget(&self.waker));
        drop(state);
        drop(own);
        wake(other);
        Poll::Ready(item)
    }
}

/// The last sender lets all receivers know. One that was woken for room and did not use it passes that on.
impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        let mut state = self.channel.lock();
        state.senders.ends -= 1;
        let own = state.senders.forget(&self.waker);
        let receivers =
            if state.senders.ends == 0 { mem::take(&mut state.receivers.waiting) } else { VecDeque::new() };
        let room = state.items.len() < CAPACITY;
        let other = room.then(|| state.senders.waiting.pop_front()).flatten();
        drop(state);
        drop(own);
        wake(receivers);
        wake(other);
    }
}

/// The last receiver lets all senders know. One that was woken for an item and did not take it passes that on.
impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        let mut state = self.channel.lock();
        state.receivers.ends -= 1;
        let own = state.receivers.forget(&self.waker);
        let last = state.receivers.ends == 0;
        let senders = if last { mem::take(&mut state.senders.waiting) } else { VecDeque::new() };
        // Nobody will take them; they go now, so that what they hold does not outlive the stage.
        let items = if last { mem::take(&mut state.items) } else { VecDeque::new() };
        let more = !state.items.is_empty();
        let other = more.then(|| state.receivers.waiting.pop_front()).flatten();
        drop(state);
        drop((own, items));
        wake(senders);
        wake(other);
    }
}
