//! One poll of a body, and its end.

use core::future::Future;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::pin::Pin;
use core::ptr::NonNull;
use core::task::{Context, Poll};

use super::cell::{Cell, Memory, Stage};
use super::header::{self, AnyTask, Head, Ptr, Ran, WAKERS};
use super::joiner::{Join, take_joiner};
use super::state::{CANCELLED, Ended, OUTPUT, PANICKED, Pause, State};
use crate::sync;

/// A body whose poll has begun, with the count of the runnable that was run. Dropped, it ends the task; if a panic of
/// the body does that, the body is dropped first, and a second panic ends the process.
pub(super) struct Body<H, J: Join<F::Output>, P, F: Future, M: Memory<Cell<H, J, P, F>>> {
    cell: NonNull<Cell<H, J, P, F>>,
    alive: bool,
    result: usize,
    memory: PhantomData<M>,
}

impl<H, J: Join<F::Output>, P, F: Future, M: Memory<Cell<H, J, P, F>>> Body<H, J, P, F, M> {
    /// # Safety
    ///
    /// The caller has begun a poll of `cell`, whose memory is `M`, with the count of the runnable that it gives up.
    #[inline]
    pub(super) unsafe fn new(cell: NonNull<Cell<H, J, P, F>>) -> Self {
        Self { cell, alive: true, result: PANICKED, memory: PhantomData }
    }

    #[inline]
    fn state(&self) -> &State {
        // SAFETY: the count is `self`'s.
        unsafe { header::state(self.cell.cast()) }
    }

    #[inline]
    fn stage(&self) -> &sync::Cell<Stage<F, J::Kept>> {
        // SAFETY: the count is `self`'s, and keeps the cell alive.
        unsafe { &(*self.cell.as_ptr()).stage }
    }

    /// Polls the future once.
    #[inline]
    pub(super) fn poll(mut self) -> Ran {
        // SAFETY: the count is lent by `self`, which outlives the result; `ManuallyDrop` never gives it up.
        let task = ManuallyDrop::new(unsafe { AnyTask::from_ptr(self.cell.cast()) });
        let waker = WAKERS.waker_ref(&task);
        let mut context = Context::from_waker(&waker);
        let polled = self.stage().with_mut(|stage| {
            // SAFETY: the stage holds the future, which a poll has exclusively (invariant 1 of the cell).
            let future = unsafe { &mut *stage.cast::<F>() };
            // SAFETY: it is never moved (invariant 3 of the cell).
            unsafe { Pin::new_unchecked(future) }.poll(&mut context)
        });
        let Poll::Ready(output) = polled else {
            return match self.state().pause() {
                Pause::Over => self.cancel(),
                Pause::Woken => self.leave(Ran::Woken),
                Pause::Idle => self.leave(Ran::Pending),
            };
        };
        self.drop_future();
        let kept = J::keep(output);
        if J::JOINED {
            // SAFETY: the future is gone; the stage is this poll's until the task is complete.
            self.stage().with_mut(|stage| unsafe { stage.cast::<J::Kept>().write(kept) });
            self.result = OUTPUT;
        } else {
            self.result = 0;
        }
        Ran::Complete
    }

    /// Drops the future of a task that was cancelled.
    #[inline]
    pub(super) fn cancel(mut self) -> Ran {
        self.drop_future();
        self.result = CANCELLED;
        Ran::Complete
    }

    /// The poll is over and the task is not.
    #[inline]
    fn leave(self, ran: Ran) -> Ran {
        let _ = ManuallyDrop::new(self);
        ran
    }

    #[inline]
    fn drop_future(&mut self) {
        self.alive = false;
        // SAFETY: the stage holds the future, exclusively, which is not used again.
        self.stage().with_mut(|stage| unsafe { stage.cast::<F>().drop_in_place() });
    }
}

impl<H, J: Join<F::Output>, P, F: Future, M: Memory<Cell<H, J, P, F>>> Drop for Body<H, J, P, F, M> {
    #[inline]
    fn drop(&mut self) {
        if self.alive {
            self.drop_future();
        }
        let task = self.cell.cast::<Head>();
        match self.state().complete(self.result) {
            Ended::Counted => {}
            // SAFETY: the only count was `self`'s, and the body is gone.
            Ended::Last => unsafe { M::free(self.cell) },
            Ended::Joiner => {
                // SAFETY: a joined task with this header data, whose slot was lent; the count is `self`'s.
                let joiner = unsafe { take_joiner::<H>(task) };
                // First, so that who is told of the end does not find the run holding the header still. Should this be the
                // last count, and the header's destructor unwind, the handle is gone, and nobody waits.
                // SAFETY: the count is `self`'s, and ends here.
                unsafe { header::release(task) };
                joiner.wake();
            }
            Ended::Output => {
                let _release = Release(task);
                // SAFETY: the stage holds an output that nobody else will fetch.
                self.stage().with_mut(|stage| unsafe { stage.cast::<J::Kept>().drop_in_place() });
            }
        }
    }
}

/// A run's count, which is given up also where an output's destructor unwinds.
struct Release(Ptr);

impl Drop for Release {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: the count is `self`'s.
        if unsafe { header::state(self.0) }.release_owned() {
            // SAFETY: it was the last one.
            unsafe { header::last(self.0) }
        }
    }
}
