//! One poll of a body, and its end.

use core::future::Future;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::pin::Pin;
use core::ptr::NonNull;
use core::task::{Context, Poll, Waker};

use super::cell::{Cell, Stage};
use super::header::{self, Ran};
use super::joined::Join;
use super::joiner::take_joiner;
use super::member::Member;
use super::memory::ReleaseTask;
use super::state::{CANCELLED, Ended, OUTPUT, PANICKED, Pause, State};
use crate::sync;

/// A body whose poll has begun, with the count of the runnable that was run. Dropped, it ends the task; if a panic of
/// the body does that, the body is dropped first, and a second panic ends the process.
pub(super) struct Body<H: 'static, J: Join, K, S, L: Member<H>, F: Future, R: ReleaseTask> {
    cell: NonNull<Cell<H, J, K, S, L, F>>,
    alive: bool,
    result: usize,
    memory: PhantomData<R>,
}

impl<H: 'static, J: Join, K, S, L: Member<H>, F: Future, R: ReleaseTask> Body<H, J, K, S, L, F, R> {
    /// # Safety
    ///
    /// The caller has begun a poll of `cell`, whose memory is `R`, with the count of the runnable that it gives up.
    #[inline]
    pub(super) unsafe fn new(cell: NonNull<Cell<H, J, K, S, L, F>>) -> Self {
        Self { cell, alive: true, result: PANICKED, memory: PhantomData }
    }

    #[inline]
    fn state(&self) -> &State {
        // SAFETY: the count is `self`'s.
        unsafe { header::state(self.cell.cast()) }
    }

    #[inline]
    fn stage(&self) -> &sync::Cell<Stage<F, J::Kept<F::Output>>> {
        // SAFETY: the count is `self`'s, and keeps the cell alive.
        unsafe { Cell::stage(self.cell) }
    }

    /// Polls the future once, in its span if it is `SEEN`, which is open then.
    #[inline]
    pub(super) fn poll<const SEEN: bool>(mut self) -> Ran {
        // SAFETY: the functions are for this word. The count is lent by `self`, which outlives the waker.
        let waker = unsafe { Waker::new(self.cell.as_ptr().cast_const().cast(), L::WAKERS) };
        // It gives up no count.
        let waker = ManuallyDrop::new(waker);
        let mut context = Context::from_waker(&waker);
        let polled = self.stage().with_mut(|stage| {
            // SAFETY: the stage holds the future, which a poll has exclusively (invariant 1 of the cell).
            let future = unsafe { &mut *stage.cast::<F>() };
            // SAFETY: it is never moved (invariant 3 of the cell).
            let future = unsafe { Pin::new_unchecked(future) };
            let poll = || future.poll(&mut context);
            if !SEEN {
                return poll();
            }
            // SAFETY: the body is `self`'s.
            unsafe { self.state().trace().in_span(poll) }
        });
        let Poll::Ready(output) = polled else {
            return match self.state().pause(L::ONLY) {
                Pause::Idle => self.keep(Ran::Pending),
                Pause::Woken => self.keep(Ran::Woken),
                Pause::Cancelled => self.cancel(Ran::Complete),
                Pause::Lost => self.cancel(Ran::Lost),
            };
        };
        self.drop_future();
        let kept = J::keep(output);
        if J::JOINED {
            // SAFETY: the future is gone; the stage is this poll's until the task is complete.
            self.stage().with_mut(|stage| unsafe { stage.cast::<J::Kept<F::Output>>().write(kept) });
            self.result = OUTPUT;
        } else {
            self.result = 0;
        }
        Ran::Complete
    }

    /// Drops the future of a task that was cancelled.
    #[inline]
    pub(super) fn cancel(mut self, ran: Ran) -> Ran {
        self.drop_future();
        self.result = CANCELLED;
        ran
    }

    /// The poll is over and the task is not.
    #[inline]
    fn keep(self, ran: Ran) -> Ran {
        let _ = ManuallyDrop::new(self);
        ran
    }

    #[inline]
    fn drop_future(&mut self) {
        self.alive = false;
        // SAFETY: the stage holds the future, exclusively, which is not used again.
        let drop = || self.stage().with_mut(|stage| unsafe { stage.cast::<F>().drop_in_place() });
        // SAFETY: the body is `self`'s.
        unsafe { self.state().trace().end_after(drop) }
    }

    /// Publishes the end of the body and gives up the count, in one change, which is the last use of the task here.
    #[inline]
    fn publish(&self, result: usize) {
        match self.state().complete(result) {
            Ended::Counted => {}
            // SAFETY: nobody else can reach the task, and the body is gone. Its memory is `R`.
            Ended::Last => unsafe { Cell::free::<R>(self.cell) },
            // SAFETY: a joined task with this header data, whose slot was lent; the count is `self`'s.
            Ended::Joiner => self.publish_to(unsafe { take_joiner::<H>(self.cell.cast()) }, result),
            Ended::Output => self.drop_output(),
        }
    }

    /// [`publish`](Self::publish), and wakes the joiner then. It may have come back meanwhile with another waker.
    #[cold]
    fn publish_to(&self, joiner: Waker, result: usize) {
        self.publish(result);
        joiner.wake();
    }

    /// Drops the output, which nobody will fetch since the join handle is gone, and [publishes](Self::publish) the end.
    #[cold]
    fn drop_output(&self) {
        /// Also where the output's destructor unwinds.
        struct Publish<F: FnMut()>(F);

        impl<F: FnMut()> Drop for Publish<F> {
            fn drop(&mut self) {
                (self.0)();
            }
        }

        let _publish = Publish(|| self.publish(0));
        // SAFETY: the stage holds an output that nobody else will fetch.
        self.stage().with_mut(|stage| unsafe { stage.cast::<J::Kept<F::Output>>().drop_in_place() });
    }
}

impl<H: 'static, J: Join, K, S, L: Member<H>, F: Future, R: ReleaseTask> Drop for Body<H, J, K, S, L, F, R> {
    #[inline]
    fn drop(&mut self) {
        if self.alive {
            self.drop_future();
        }
        // SAFETY: it is on its list for as long as it is alive, and the count is `self`'s.
        unsafe { Cell::leave(self.cell) };
        self.publish(self.result);
    }
}
