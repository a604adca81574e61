//! A run queue that allocates nothing.

use core::fmt;
use core::marker::PhantomData;
use core::ptr::{self, NonNull};

use super::header;
use super::kind::{Anywhere, Kind};
use super::linked::Linked;
use super::runnable::Runnable;
use crate::sync::{AtomicPtr, AtomicUsize, Ordering, const_fn};

/// A queue of runnables, first in, first out: many threads push, one at a time takes. Five words; it never allocates.
///
/// Pushing is one locked instruction where nothing was pushed since the taker looked, else two, and waits for nobody, so it
/// is for interrupts too. Taking is a plain read, and for each batch that was pushed meanwhile one locked instruction and a
/// turn of the batch. (New ones go to a list that is last in, first out, which the taker takes as a whole and turns.)
///
/// # One taker after another
///
/// Several threads may serve one queue, one at a time. A thread that finds no [`taker`](Self::taker) and sleeps relies on the one
/// that has it; so who gives it up by [`Taker::release`](crate::Taker::release) before sleeping is told whether to look again. With one
/// thread that serves the queue, none of this matters.
///
/// # The end
///
/// Dropping the queue drops its runnables, and so cancels their tasks. But an `Arc<Queue<U>>` inside `U` keeps the queue
/// alive for as long as a task is in it: [`close`](crate::Taker::close) it and drain it first.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use waker_tables::{Anywhere, Linked, Queue, Ran, Runnable, Schedule, spawn_detached};
///
/// struct InQueue(Arc<Queue<Self>>);
///
/// impl Schedule<Anywhere, Linked<Self>> for InQueue {
///     fn schedule(&self, runnable: Runnable<Linked<Self>>) {
///         let _ = self.0.push(runnable); // once it is closed, this cancels the task
///     }
/// }
///
/// let queue = Arc::new(Queue::new());
/// for _ in 0..3 {
///     spawn_detached(async {}, Linked::new(InQueue(queue.clone()))).schedule();
/// }
/// let mut taker = queue.taker().unwrap();
/// let mut runs = 0;
/// while let Some(runnable) = taker.pop() {
///     assert_eq!(runnable.run(), Ran::Complete);
///     runs += 1;
/// }
/// assert_eq!(runs, 3);
/// ```
///
/// # Invariants
///
/// 1. A word in the lists is a runnable's, from `into_raw`, and the list its only owner. Its link leads to the next one, or
///    is one of the two marks while its push is under way; what is behind it is reachable through that link alone.
/// 2. `taken`, `turning`, `turned` and the links of what the taker has are used by the taker alone, or by `&mut self`; but for
///    the links of `turning`, which their pushers may still have to write.
/// 3. A closed queue's `pushed` is odd, and nobody but the taker changes it.
pub struct Queue<U: 'static, K: Kind = Anywhere> {
    /// Last in, first out; one more than the address, or than null, if the queue is closed.
    pub(super) pushed: AtomicPtr<()>,
    /// First in, first out.
    taken: AtomicPtr<()>,
    /// What of a batch is still to be turned, while one of its pushes is half done. `taken` is null then.
    turning: AtomicPtr<()>,
    /// What of that batch is turned: first in, first out.
    turned: AtomicPtr<()>,
    /// 0: nobody takes; 1: somebody does; 2: and somebody else asked meanwhile.
    pub(super) taker: AtomicUsize,
    /// Invariant: what is pushed through one type must not be taken through another.
    data: PhantomData<Invariant<U, K>>,
}

type Invariant<U, K> = fn(U, K) -> (U, K);

impl<U: 'static, K: Kind> Queue<U, K> {
    const_fn! {
        /// An empty queue.
        #[must_use]
        pub fn new() -> Self {
            Self {
                pushed: AtomicPtr::new(ptr::null_mut()),
                taken: AtomicPtr::new(ptr::null_mut()),
                turning: AtomicPtr::new(ptr::null_mut()),
                turned: AtomicPtr::new(ptr::null_mut()),
                taker: AtomicUsize::new(0),
                data: PhantomData,
            }
        }
    }

    /// Puts `runnable` behind all others, from any thread.
    ///
    /// The answer is whether the taker may have found nothing since the last push: if it sleeps then, this is the push to
    /// wake it.
    ///
    /// # Errors
    ///
    /// The runnable is given back if the queue is closed. (Dropped, it cancels its task.)
    pub fn push(&self, runnable: Runnable<Linked<U>, K>) -> Result<bool, Runnable<Linked<U>, K>> {
        let word = runnable.into_raw();
        // SAFETY: the word is a runnable's, and in no list.
        let Some(before) = (unsafe { self.begin_push(word) }) else {
            // SAFETY: as above.
            return Err(unsafe { Runnable::from_raw(word) });
        };
        if before.is_null() {
            return Ok(true);
        }
        // SAFETY: this push has put the word into the list, behind which nobody goes before its link is there.
        let found = unsafe { link::<U>(word.as_ptr()) }.swap(before, Ordering::Release);
        Ok(ptr::eq(found, AWAITED))
    }

    /// Puts `word` in front of the list, unless that is closed. The answer is what was there: if that is not null, the link
    /// does not lead there yet.
    ///
    /// # Safety
    ///
    /// `word` is a runnable's, from `into_raw`, and in no list.
    unsafe fn begin_push(&self, word: NonNull<()>) -> Option<*mut ()> {
        let mut head = self.pushed.load(Ordering::Relaxed);
        while !is_closed(head) {
            let next = if head.is_null() { head } else { PUSHING };
            // SAFETY: the caller's promise.
            unsafe { link::<U>(word.as_ptr()) }.store(next, Ordering::Relaxed);
            match self.pushed.compare_exchange_weak(head, word.as_ptr(), Ordering::Release, Ordering::Relaxed) {
                // What was there, and not what was read before: that may be another task at the same address.
                Ok(before) => return Some(before),
                Err(now) => head = now,
            }
        }
        None
    }

    /// Whether nothing is in it now; another thread's push may come in between.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        [&self.taken, &self.turning, &self.pushed].iter().all(|list| opened(list.load(Ordering::Relaxed)).is_null())
    }

    /// Whether it was [closed](crate::Taker::close).
    #[must_use]
    pub fn is_closed(&self) -> bool {
        is_closed(self.pushed.load(Ordering::Relaxed))
    }

    /// Takes what was pushed, if nothing is left of what was taken before.
    ///
    /// # Safety
    ///
    /// The caller is the only one who takes.
    pub(super) unsafe fn take(&self) {
        if !self.taken.load(Ordering::Relaxed).is_null() {
            return;
        }
        let (mut turned, mut turning) = (ptr::null_mut(), self.turning.load(Ordering::Relaxed));
        if turning.is_null() {
            let pushed = self.pushed.load(Ordering::Relaxed);
            if opened(pushed).is_null() {
                // Most looks at an empty queue end here, without a locked instruction.
                return;
            }
            // Whether it is closed, nobody else changes.
            turning = opened(self.pushed.swap(pushed.map_addr(|address| address & 1), Ordering::Acquire));
        } else {
            turned = self.turned.load(Ordering::Relaxed);
            self.turning.store(ptr::null_mut(), Ordering::Relaxed);
        }
        loop {
            // SAFETY: the batch is the taker's now, and not at its end.
            let link = unsafe { link::<U>(turning) };
            let mut next = link.load(Ordering::Acquire);
            if next.addr() & 1 != 0 {
                let Some(arrived) = awaited(link) else {
                    self.turned.store(turned, Ordering::Relaxed);
                    self.turning.store(turning, Ordering::Relaxed);
                    return;
                };
                next = arrived;
            }
            link.store(turned, Ordering::Relaxed);
            turned = turning;
            if next.is_null() {
                break;
            }
            turning = next;
        }
        self.taken.store(turned, Ordering::Relaxed);
    }

    /// Takes the first one out, of all or of what was taken already.
    ///
    /// # Safety
    ///
    /// The caller is the only one who takes.
    pub(super) unsafe fn pop(&self, all: bool) -> Option<Runnable<Linked<U>, K>> {
        if all {
            // SAFETY: the caller's promise.
            unsafe { self.take() };
        }
        let first = NonNull::new(self.taken.load(Ordering::Relaxed))?;
        // SAFETY: a word in the taker's list.
        let next = unsafe { link::<U>(first.as_ptr()) }.load(Ordering::Relaxed);
        self.taken.store(next, Ordering::Relaxed);
        // SAFETY: the word is a runnable's of this type (invariant 1, and the type is invariant), and in no list now.
        Some(unsafe { Runnable::from_raw(first) })
    }
}

#[inline]
fn is_closed(head: *mut ()) -> bool {
    head.addr() & 1 != 0
}

/// The head of a closed queue. Tasks stand at even addresses.
#[inline]
pub(super) fn closed(head: *mut ()) -> *mut () {
    head.map_addr(|address| address | 1)
}

/// The head without the mark of a closed queue.
#[inline]
fn opened(head: *mut ()) -> *mut () {
    head.map_addr(|address| address & !1)
}

/// A link whose push has put its runnable into the list, and does not know yet what was there. No task's address is odd.
const PUSHING: *mut () = ptr::without_provenance_mut(1);
/// The same, and the taker has found it so.
const AWAITED: *mut () = ptr::without_provenance_mut(3);

/// What stands in a link whose push was half done, if it is not any more. If it is, it will tell its caller to wake the taker.
#[cold]
#[inline]
fn awaited(link: &AtomicPtr<()>) -> Option<*mut ()> {
    link.compare_exchange(PUSHING, AWAITED, Ordering::Relaxed, Ordering::Acquire).err().filter(|now| *now != AWAITED)
}

/// The link of the task that `word` is a runnable of.
///
/// # Safety
///
/// The header data is a `Linked<U>`, and the runnable's count is held for `'a`.
unsafe fn link<'a, U: 'static>(word: *mut ()) -> &'a AtomicPtr<()> {
    // SAFETY: words of runnables are no null pointers.
    let task = unsafe { NonNull::new_unchecked(word) };
    // SAFETY: the caller's promise.
    &unsafe { header::data::<Linked<U>>(task.cast()) }.next
}

impl<U: 'static, K: Kind> Drop for Queue<U, K> {
    fn drop(&mut self) {
        /// Goes on where a body's destructor unwinds.
        struct Drain<'a, U: 'static, K: Kind>(&'a Queue<U, K>);

        impl<U: 'static, K: Kind> Drop for Drain<'_, U, K> {
            fn drop(&mut self) {
                // SAFETY: the queue is borrowed exclusively, by its own destructor.
                while unsafe { self.0.pop(true) }.is_some() {}
            }
        }

        let _again = Drain(self);
        drop(Drain(self));
    }
}

impl<U: 'static, K: Kind> Default for Queue<U, K> {
    fn default() -> Self {
        Self::new()
    }
}

impl<U: 'static, K: Kind> fmt::Debug for Queue<U, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue").field("empty", &self.is_empty()).field("closed", &self.is_closed()).finish()
    }
}

#[cfg(all(test, feature = "alloc", not(loom)))]
mod tests {
    use super::{AWAITED, Linked, Ordering, Queue, link};
    use crate::shared::{Runnable, Task};

    fn task(number: u8) -> Runnable<Linked<u8>> {
        Task::new(core::future::ready(()), Linked::new(number)).hook(|_, _| {}).detached().spawn()
    }

    #[test]
    fn a_taker_that_meets_a_push_half_done_finds_nothing_and_is_woken_by_it() {
        let queue = Queue::<u8>::new();
        let mut taker = queue.taker().expect("nobody has it");
        assert!(queue.push(task(1)).expect("it is open"));
        let word = task(2).into_raw();
        // SAFETY: the word is a runnable's, and in no list.
        let before = unsafe { queue.begin_push(word) }.expect("it is open");
        assert!(!queue.push(task(3)).expect("it is open"));
        // The third one's link leads to the second one, whose own leads nowhere yet; so the first one is out of reach.
        assert!(taker.pop().is_none() && !queue.is_empty());
        assert!(taker.pop().is_none(), "nor is it found by a second look");
        assert!(taker.batch().next().is_none());
        // SAFETY: the word is in the list.
        let found = unsafe { link::<u8>(word.as_ptr()) }.swap(before, Ordering::AcqRel);
        assert!(core::ptr::eq(found, AWAITED), "the push answers that the taker is to be woken");
        let next = || taker.pop().map(|runnable| **runnable.header());
        assert!(core::iter::from_fn(next).eq(1..=3));
    }
}
