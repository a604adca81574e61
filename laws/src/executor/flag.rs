//! Something that a future waits for.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use super::body::Body;

#[derive(Default)]
struct State {
    set: bool,
    wakers: Vec<Waker>,
}

/// Set once; whoever waits is woken.
#[derive(Clone, Default)]
pub(super) struct Flag(Arc<Mutex<State>>);

impl Flag {
    pub(super) fn set(&self) {
        let wakers = {
            let mut state = self.lock();
            state.set = true;
            std::mem::take(&mut state.wakers)
        };
        for waker in wakers {
            waker.wake();
        }
    }

    pub(super) fn is_set(&self) -> bool {
        self.lock().set
    }

    /// Whether it is set; if not, the context's waker is woken when it is.
    pub(super) fn poll(&self, cx: &Context<'_>) -> Poll<()> {
        let mut state = self.lock();
        if state.set {
            return Poll::Ready(());
        }
        // Once each: a wake too many would stand in for one that was lost.
        if !state.wakers.iter().any(|known| known.will_wake(cx.waker())) {
            state.wakers.push(cx.waker().clone());
        }
        Poll::Pending
    }

    /// A future that is ready when the flag is set.
    pub(super) fn body(&self) -> Body {
        let flag = self.clone();
        Body::new(move |_, cx| flag.poll(cx))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
