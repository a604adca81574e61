//! `FuturesUnordered` with the interface of futures-util 0.3, without `unsafe`: its wakers are a `WakerSet`'s.
//!
//! A future stands in a box of its own, since it must not move, and what is pushed through `&self` waits beside the set
//! until the next poll.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};

use futures_core::stream::{FusedStream, Stream};
use futures_task::{FutureObj, LocalFutureObj, LocalSpawn, Spawn, SpawnError};
use waker_tables::WakerSet;

mod iter;
mod pushed;

pub use iter::{IntoIter, Iter, IterMut, IterPinMut, IterPinRef};
use pushed::Pushed;

/// A set of futures which may complete in any order.
#[must_use = "streams do nothing unless polled"]
pub struct FuturesUnordered<Fut> {
    children: Vec<Option<Pin<Box<Fut>>>>,
    /// The indices of `children` without a future.
    free: Vec<usize>,
    /// Used through `&mut self` alone: the mutex makes `Sync` of `Send`, and is never locked.
    set: Mutex<WakerSet>,
    pushed: Pushed<Pin<Box<Fut>>>,
    is_terminated: AtomicBool,
}

impl<Fut> FuturesUnordered<Fut> {
    /// An empty set.
    pub fn new() -> Self {
        Self {
            children: Vec::new(),
            free: Vec::new(),
            set: Mutex::new(WakerSet::new(0)),
            pushed: Pushed::new(),
            is_terminated: AtomicBool::new(false),
        }
    }

    /// How many futures there are.
    pub fn len(&self) -> usize {
        self.children.len() - self.free.len() + self.pushed.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds a future, which is polled for the first time when the set is.
    pub fn push(&self, future: Fut) {
        self.is_terminated.store(false, Ordering::Relaxed);
        self.pushed.push(Box::pin(future));
    }

    /// Removes all futures.
    pub fn clear(&mut self) {
        *self = Self::new();
    }

    /// All futures.
    pub fn iter(&self) -> Iter<'_, Fut>
    where
        Fut: Unpin,
    {
        Iter(Pin::new(self).iter_pin_ref())
    }

    /// All futures, pinned.
    pub fn iter_pin_ref(self: Pin<&Self>) -> IterPinRef<'_, Fut> {
        let this = self.get_ref();
        let all: Vec<_> = this.children.iter().flatten().chain(this.pushed.iter()).map(Pin::as_ref).collect();
        IterPinRef(all.into_iter())
    }

    /// All futures, to be changed.
    pub fn iter_mut(&mut self) -> IterMut<'_, Fut>
    where
        Fut: Unpin,
    {
        IterMut(Pin::new(self).iter_pin_mut())
    }

    /// All futures, pinned, to be changed.
    pub fn iter_pin_mut(self: Pin<&mut Self>) -> IterPinMut<'_, Fut> {
        let this = self.get_mut();
        this.take_pushed();
        let all: Vec<_> = this.children.iter_mut().flatten().map(Pin::as_mut).collect();
        IterPinMut(all.into_iter())
    }

    /// Gives each that was pushed an index, and marks it as woken.
    fn take_pushed(&mut self) {
        let Self { children, free, set, pushed, .. } = self;
        let set = set.get_mut().unwrap_or_else(PoisonError::into_inner);
        pushed.take(|future| {
            let index = free.pop().unwrap_or(children.len());
            if index == children.len() {
                set.grow(index + 1).unwrap_or_else(|error| panic!("{error}"));
                children.push(None);
            }
            children[index] = Some(future);
            set.mark(index);
        });
    }
}

impl<Fut: Future> Stream for FuturesUnordered<Fut> {
    type Item = Fut::Output;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Fut::Output>> {
        let this = self.get_mut();
        this.take_pushed();
        let len = this.len();
        let set = this.set.get_mut().unwrap_or_else(PoisonError::into_inner);
        set.register(context.waker());
        let (mut polled, mut yielded) = (0, 0);
        for index in set.drain() {
            // Out of its place, so that one that panics is gone.
            let Some(mut child) = this.children[index].take() else { continue };
            this.free.push(index);
            let waker = set.waker_ref(index);
            if let Poll::Ready(output) = child.as_mut().poll(&mut Context::from_waker(&waker)) {
                return Poll::Ready(Some(output));
            }
            this.free.pop();
            this.children[index] = Some(child);
            // As the published one: two that woke themselves, or all of them, are enough for one turn.
            polled += 1;
            yielded += usize::from(set.is_woken(index));
            if yielded >= 2 || polled == len {
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
        }
        if this.is_empty() {
            *this.is_terminated.get_mut() = true;
            return Poll::Ready(None);
        }
        Poll::Pending
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.len(), Some(self.len()))
    }
}

impl<Fut: Future> FusedStream for FuturesUnordered<Fut> {
    fn is_terminated(&self) -> bool {
        self.is_terminated.load(Ordering::Relaxed)
    }
}

impl Spawn for FuturesUnordered<FutureObj<'_, ()>> {
    fn spawn_obj(&self, future: FutureObj<'static, ()>) -> Result<(), SpawnError> {
        self.push(future);
        Ok(())
    }
}

impl LocalSpawn for FuturesUnordered<LocalFutureObj<'_, ()>> {
    fn spawn_local_obj(&self, future: LocalFutureObj<'static, ()>) -> Result<(), SpawnError> {
        self.push(future);
        Ok(())
    }
}

impl<Fut> Default for FuturesUnordered<Fut> {
    fn default() -> Self {
        Self::new()
    }
}

impl<Fut> Extend<Fut> for FuturesUnordered<Fut> {
    fn extend<I: IntoIterator<Item = Fut>>(&mut self, futures: I) {
        for future in futures {
            self.push(future);
        }
    }
}

impl<Fut> FromIterator<Fut> for FuturesUnordered<Fut> {
    fn from_iter<I: IntoIterator<Item = Fut>>(futures: I) -> Self {
        let mut all = Self::new();
        all.extend(futures);
        all
    }
}

impl<Fut> fmt::Debug for FuturesUnordered<Fut> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FuturesUnordered").finish_non_exhaustive()
    }
}
