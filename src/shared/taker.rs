//! The right to take from a queue.

use core::marker::PhantomData;
use core::mem::ManuallyDrop;

use super::kind::{Anywhere, Kind};
use super::linked::Linked;
use super::queue::{Queue, closed};
use super::runnable::Runnable;
use crate::sync::Ordering;

/// The right to take from a [`Queue`]. Dropped, it leaves the rest to the next taker.
#[derive(Debug)]
pub struct Taker<'q, U: 'static, K: Kind = Anywhere> {
    queue: &'q Queue<U, K>,
}

impl<U: 'static, K: Kind> Taker<'_, U, K> {
    /// Takes the runnable that was pushed first, if there is one. Where its push is still under way there is none yet, and
    /// that push answers that the taker is to be woken.
    ///
    /// A loop that pops until `None` need not end: tasks that wake themselves are pushed meanwhile. See
    /// [`batch`](Self::batch).
    pub fn pop(&mut self) -> Option<Runnable<Linked<U>, K>> {
        // SAFETY: one taker exists, and this call has it exclusively.
        unsafe { self.queue.pop(true) }
    }

    /// What is in the queue now, and not what comes meanwhile. If this is dropped too early, what is left is the next batch,
    /// and what was pushed meanwhile comes after it.
    pub fn batch(&mut self) -> Batch<'_, U, K> {
        let batch = Batch { queue: self.queue, taker: PhantomData };
        // SAFETY: one taker exists, and this call has it exclusively.
        unsafe { batch.queue.take() };
        batch
    }

    /// Closes the queue: from now on a push gives its runnable back. What is in it comes out as before; `pop` until `None`
    /// ends, but for pushes under way, each of which answers that the taker is to be woken.
    pub fn close(&mut self) {
        let close = |head| Some(closed(head));
        let _ = self.queue.pushed.fetch_update(Ordering::Relaxed, Ordering::Relaxed, close);
    }

    /// Gives up the right to take. The answer is whether to look again before sleeping: somebody asked for it meanwhile,
    /// who sleeps now and may know of a push that this taker did not see.
    #[must_use = "who sleeps in spite of `true` may miss a push"]
    pub fn release(self) -> bool {
        ManuallyDrop::new(self).queue.taker.swap(0, Ordering::AcqRel) == 2
    }
}

/// Ends where the queue is empty, and goes on when something was pushed.
impl<U: 'static, K: Kind> Iterator for Taker<'_, U, K> {
    type Item = Runnable<Linked<U>, K>;

    fn next(&mut self) -> Option<Self::Item> {
        self.pop()
    }
}

impl<U: 'static, K: Kind> Drop for Taker<'_, U, K> {
    fn drop(&mut self) {
        self.queue.taker.store(0, Ordering::Release);
    }
}

/// What was in a [`Queue`] when [`Taker::batch`] was called.
#[derive(Debug)]
pub struct Batch<'t, U: 'static, K: Kind = Anywhere> {
    queue: &'t Queue<U, K>,
    taker: PhantomData<&'t mut ()>,
}

impl<U: 'static, K: Kind> Iterator for Batch<'_, U, K> {
    type Item = Runnable<Linked<U>, K>;

    fn next(&mut self) -> Option<Self::Item> {
        // SAFETY: the taker is borrowed, exclusively.
        unsafe { self.queue.pop(false) }
    }
}

impl<U: 'static, K: Kind> Queue<U, K> {
    /// The right to take, unless somebody has it, who then hears of this call. Costs: one locked instruction.
    #[must_use]
    pub fn taker(&self) -> Option<Taker<'_, U, K>> {
        // Written also where somebody has it: who gives it up must see what this caller knows of.
        let ask = |taker| Some(if taker == 0 { 1 } else { 2 });
        let before = self.taker.fetch_update(Ordering::AcqRel, Ordering::Relaxed, ask);
        (before == Ok(0)).then(|| Taker { queue: self })
    }
}
