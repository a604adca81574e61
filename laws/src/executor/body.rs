//! The futures that the kit hands out.

use std::cell::Cell;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, TryLockError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

thread_local! {
    /// This thread is inside of a call, by the kit, on a waker.
    static CALLING: Cell<bool> = const { Cell::new(false) };
}

/// Marks what `call` does as done inside of a call on a waker.
pub(super) fn calling<T>(call: impl FnOnce() -> T) -> T {
    struct Leave(bool);

    impl Drop for Leave {
        fn drop(&mut self) {
            CALLING.set(self.0);
        }
    }

    let _leave = Leave(CALLING.replace(true));
    call()
}

/// What was seen of a future.
#[derive(Debug, Default, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is seen alone")]
pub(super) struct Life {
    /// Polls that began, and that returned.
    pub(super) polls: usize,
    pub(super) returned: usize,
    pub(super) drops: usize,
    pub(super) ready: bool,
    pub(super) polled_after_ready: bool,
    pub(super) polled_twice_at_once: bool,
    pub(super) polled_in_call: bool,
    pub(super) dropped_in_call: bool,
}

/// The kit's view of a future.
#[derive(Default)]
pub(super) struct Watched {
    life: Mutex<Life>,
    changed: Condvar,
}

impl Watched {
    pub(super) fn life(&self) -> Life {
        self.lock().clone()
    }

    /// Waits until `enough` is true of it, for `limit` at most; whether it became so.
    pub(super) fn wait(&self, limit: Duration, mut enough: impl FnMut(&Life) -> bool) -> bool {
        let start = Instant::now();
        let mut life = self.lock();
        while !enough(&life) {
            let Some(left) = limit.checked_sub(start.elapsed()) else { return false };
            life = self.changed.wait_timeout(life, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    fn lock(&self) -> MutexGuard<'_, Life> {
        self.life.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut Life)) {
        change(&mut self.lock());
        self.changed.notify_all();
    }
}

type Act = dyn FnMut(usize, &mut Context<'_>) -> Poll<()> + Send;

/// A future of the kit's: notes its polls and its drop.
pub struct Body {
    watched: Arc<Watched>,
    act: Arc<Mutex<Box<Act>>>,
    end: Option<Box<dyn FnOnce() + Send>>,
    over: Option<Box<dyn FnOnce() + Send>>,
    /// A twin's drop is not the future's.
    twin: bool,
}

impl Body {
    /// A future whose `n`th poll, from 1 on, does `act(n, …)`.
    pub(super) fn new(act: impl FnMut(usize, &mut Context<'_>) -> Poll<()> + Send + 'static) -> Self {
        Self { watched: Arc::default(), act: Arc::new(Mutex::new(Box::new(act))), end: None, over: None, twin: false }
    }

    /// Its destructor does `end`.
    pub(super) fn ending(mut self, end: impl FnOnce() + Send + 'static) -> Self {
        self.end = Some(Box::new(end));
        self
    }

    /// Does `over` when it is ready, or dropped before.
    pub(super) fn over(mut self, over: impl FnOnce() + Send + 'static) -> Self {
        self.over = Some(Box::new(over));
        self
    }

    pub(super) fn watched(&self) -> Arc<Watched> {
        self.watched.clone()
    }

    /// The same future once more: what safe code cannot have of another's, for subjects that are wrong on purpose.
    #[doc(hidden)]
    #[must_use]
    pub fn twin(&self) -> Self {
        Self { watched: self.watched.clone(), act: self.act.clone(), end: None, over: None, twin: true }
    }

    /// Whether a poll runs now, for the same subjects.
    #[doc(hidden)]
    #[must_use]
    pub fn in_poll(&self) -> bool {
        let life = self.watched.life();
        life.polls > life.returned
    }
}

impl Future for Body {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut number = 0;
        self.watched.change(|life| {
            life.polled_after_ready |= life.ready;
            life.polled_twice_at_once |= life.polls > life.returned;
            life.polled_in_call |= CALLING.get();
            life.polls += 1;
            number = life.polls;
        });
        // Returned, also by a panic.
        let watched = self.watched.clone();
        let _returned = Returned(&watched);
        if watched.life().ready {
            return Poll::Ready(());
        }
        let answer = match self.act.try_lock() {
            Ok(mut act) => act(number, cx),
            Err(TryLockError::Poisoned(act)) => act.into_inner()(number, cx),
            Err(TryLockError::WouldBlock) => return Poll::Pending, // another poll runs, which was noted
        };
        if answer.is_ready() {
            watched.change(|life| life.ready = true);
            if let Some(over) = self.over.take() {
                over();
            }
        }
        answer
    }
}

struct Returned<'a>(&'a Watched);

impl Drop for Returned<'_> {
    fn drop(&mut self) {
        self.0.change(|life| life.returned += 1);
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        if self.twin {
            return;
        }
        self.watched.change(|life| {
            life.drops += 1;
            life.dropped_in_call |= CALLING.get();
        });
        if let Some(over) = self.over.take() {
            over();
        }
        if let Some(end) = self.end.take() {
            end();
        }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body").field("life", &self.watched.life()).finish_non_exhaustive()
    }
}
