//! A run queue that allocates nothing.

use core::fmt;
use core::marker::PhantomData;
use core::ops::Deref;
use core::ptr::{self, NonNull};

use super::header;
use super::runnable::{Runnable, Schedule};
use crate::sync::{AtomicPtr, AtomicUsize, Ordering};

/// Header data with a link for [`Queue`] in front of it: what a task in a queue without allocation carries.
///
/// The link is private, so that nobody can put a task into two queues, or twice into one: only a [`Runnable`] goes in,
/// and a task has one at the most. One word more than `U`.
pub struct Linked<U> {
    next: AtomicPtr<()>,
    data: U,
}

/// [`Schedule`] for the data of a [`Linked`] header.
pub trait ScheduleLinked: Send + Sync + Sized + 'static {
    /// As [`Schedule::schedule`].
    fn schedule(&self, runnable: Runnable<Linked<Self>>);
}

impl<U> Linked<U> {
    /// Header data that is in no queue.
    #[cfg(not(loom))]
    pub const fn new(data: U) -> Self {
        Self { next: AtomicPtr::new(ptr::null_mut()), data }
    }

    /// Header data that is in no queue.
    #[cfg(loom)]
    pub fn new(data: U) -> Self {
        Self { next: AtomicPtr::new(ptr::null_mut()), data }
    }
}

impl<U: ScheduleLinked> Schedule for Linked<U> {
    #[inline]
    fn schedule(&self, runnable: Runnable<Self>) {
        self.data.schedule(runnable);
    }
}

impl<U> Deref for Linked<U> {
    type Target = U;

    #[inline]
    fn deref(&self) -> &U {
        &self.data
    }
}

impl<U: fmt::Debug> fmt::Debug for Linked<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Linked").field(&self.data).finish()
    }
}

/// A queue of runnables, first in, first out: many threads push, one at a time takes. Four words; it never allocates.
///
/// Pushing is two locked instructions and waits for nobody, so it is for interrupts too. Taking is a plain read, and for
/// each batch that was pushed meanwhile one locked instruction and a turn of the batch. (New ones go to a list that is
/// last in, first out, which the taker takes as a whole and turns.)
///
/// Dropping the queue drops its runnables, and so cancels their tasks. An `Arc<Queue<U>>` inside `U` keeps the queue
/// alive for as long as a task is in it: drain it.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use waker_tables::{Linked, Queue, Run, Runnable, ScheduleLinked, spawn_detached};
///
/// struct InQueue(Arc<Queue<Self>>);
///
/// impl ScheduleLinked for InQueue {
///     fn schedule(&self, runnable: Runnable<Linked<Self>>) {
///         self.0.push(runnable);
///     }
/// }
///
/// let queue = Arc::new(Queue::new());
/// for _ in 0..3 {
///     queue.push(spawn_detached(async {}, Linked::new(InQueue(queue.clone()))));
/// }
/// let mut taker = queue.taker().unwrap();
/// let mut runs = 0;
/// while let Some(runnable) = taker.pop() {
///     assert!(matches!(runnable.run(), Run::Complete));
///     runs += 1;
/// }
/// assert_eq!(runs, 3);
/// ```
///
/// # Invariants
///
/// 1. A word in the lists is a runnable's, from `into_raw`, and the list its only owner. Its link leads to the next one, or
///    is one of the two marks while its push is under way; what is behind it is reachable through that link alone.
/// 2. `taken`, `turning` and the links of what the taker has are used by the taker alone, or by `&mut self`; but for the
///    link of `turning`, which its pusher may still have to write.
pub struct Queue<U: ScheduleLinked> {
    /// Last in, first out.
    pushed: AtomicPtr<()>,
    /// First in, first out; while a batch is being turned, what is turned of it.
    taken: AtomicPtr<()>,
    /// What of a batch is still to be turned.
    turning: AtomicPtr<()>,
    takers: AtomicUsize,
    /// Invariant: what is pushed through one type must not be taken through another.
    data: PhantomData<fn(U) -> U>,
}

impl<U: ScheduleLinked> Queue<U> {
    /// An empty queue.
    #[cfg(not(loom))]
    #[must_use]
    pub const fn new() -> Self {
        Self {
            pushed: AtomicPtr::new(ptr::null_mut()),
            taken: AtomicPtr::new(ptr::null_mut()),
            turning: AtomicPtr::new(ptr::null_mut()),
            takers: AtomicUsize::new(0),
            data: PhantomData,
        }
    }

    /// An empty queue.
    #[cfg(loom)]
    #[must_use]
    pub fn new() -> Self {
        Self {
            pushed: AtomicPtr::new(ptr::null_mut()),
            taken: AtomicPtr::new(ptr::null_mut()),
            turning: AtomicPtr::new(ptr::null_mut()),
            takers: AtomicUsize::new(0),
            data: PhantomData,
        }
    }

    /// Puts `runnable` behind all others, from any thread.
    ///
    /// The answer is whether the taker may have found nothing since the last push: if it sleeps then, this is the push to
    /// wake it.
    pub fn push(&self, runnable: Runnable<Linked<U>>) -> bool {
        let word = runnable.into_raw().as_ptr();
        // SAFETY: the word is this call's until it is in the list, and the taker does not go past it before its link is
        // there.
        let link = unsafe { link::<U>(word) };
        link.store(mark(&PUSHING), Ordering::Relaxed);
        // A swap and not a compare-and-swap: that could take a new task for an old one at the same address.
        let before = self.pushed.swap(word, Ordering::AcqRel);
        let found = link.swap(before, Ordering::AcqRel);
        before.is_null() || ptr::eq(found, mark(&AWAITED))
    }

    /// The right to take, unless somebody has it. Costs: one locked instruction.
    #[must_use]
    pub fn taker(&self) -> Option<Taker<'_, U>> {
        let free = self.takers.compare_exchange(0, 1, Ordering::Acquire, Ordering::Relaxed).is_ok();
        free.then(|| Taker { queue: self })
    }

    /// Takes the first one out.
    ///
    /// # Safety
    ///
    /// The caller is the only one who takes.
    unsafe fn pop(&self) -> Option<Runnable<Linked<U>>> {
        let mut first = self.taken.load(Ordering::Relaxed);
        let mut turning = self.turning.load(Ordering::Relaxed);
        if first.is_null() && turning.is_null() {
            // Most looks at an empty queue end here, without a locked instruction.
            if self.pushed.load(Ordering::Relaxed).is_null() {
                return None;
            }
            turning = self.pushed.swap(ptr::null_mut(), Ordering::Acquire);
        }
        while !turning.is_null() {
            // SAFETY: the batch is the taker's now.
            let link = unsafe { link::<U>(turning) };
            let Some(next) = arrived(link) else {
                self.taken.store(first, Ordering::Relaxed);
                self.turning.store(turning, Ordering::Relaxed);
                return None;
            };
            link.store(first, Ordering::Relaxed);
            (first, turning) = (turning, next);
        }
        self.turning.store(turning, Ordering::Relaxed);
        let first = NonNull::new(first)?;
        // SAFETY: a word in the taker's list.
        let next = unsafe { link::<U>(first.as_ptr()) }.load(Ordering::Relaxed);
        self.taken.store(next, Ordering::Relaxed);
        // SAFETY: the word is a runnable's of this type (invariant 1, and the type is invariant), and in no list now.
        Some(unsafe { Runnable::from_raw(first) })
    }
}

/// A link whose push has put its runnable into the list, and does not know yet what was there.
static PUSHING: u8 = 0;
/// The same, and the taker has found it so.
static AWAITED: u8 = 1;

/// A mark is a static's address, which is no task's.
fn mark(of: &'static u8) -> *mut () {
    ptr::from_ref(of).cast_mut().cast()
}

/// What stands in the link, once its push has written it. If it has not, it will tell its caller to wake the taker.
fn arrived(link: &AtomicPtr<()>) -> Option<*mut ()> {
    let mut next = link.load(Ordering::Acquire);
    if ptr::eq(next, mark(&PUSHING)) {
        match link.compare_exchange(next, mark(&AWAITED), Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => return None,
            Err(now) => next = now,
        }
    }
    (!ptr::eq(next, mark(&AWAITED))).then_some(next)
}

/// The link of the task that `word` is a runnable of.
///
/// # Safety
///
/// The header data is a `Linked<U>`, and the runnable's count is held for `'a`.
#[inline]
unsafe fn link<'a, U: 'static>(word: *mut ()) -> &'a AtomicPtr<()> {
    // SAFETY: words of runnables are no null pointers.
    let task = unsafe { NonNull::new_unchecked(word) };
    // SAFETY: the caller's promise.
    &unsafe { header::data::<Linked<U>>(task.cast()) }.next
}

impl<U: ScheduleLinked> Drop for Queue<U> {
    fn drop(&mut self) {
        /// Goes on where a body's destructor unwinds.
        struct Drain<'a, U: ScheduleLinked>(&'a mut Queue<U>);

        impl<U: ScheduleLinked> Drop for Drain<'_, U> {
            fn drop(&mut self) {
                // SAFETY: `&mut` excludes all others.
                while unsafe { self.0.pop() }.is_some() {}
            }
        }

        let drain = Drain(self);
        // SAFETY: `&mut` excludes all others.
        while unsafe { drain.0.pop() }.is_some() {}
    }
}

impl<U: ScheduleLinked> Default for Queue<U> {
    fn default() -> Self {
        Self::new()
    }
}

impl<U: ScheduleLinked> fmt::Debug for Queue<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let empty =
            [&self.pushed, &self.taken, &self.turning].iter().all(|list| list.load(Ordering::Relaxed).is_null());
        f.debug_struct("Queue").field("empty", &empty).finish_non_exhaustive()
    }
}

/// The right to take from a [`Queue`]. Dropped, it leaves the rest to the next taker.
pub struct Taker<'q, U: ScheduleLinked> {
    queue: &'q Queue<U>,
}

impl<U: ScheduleLinked> Taker<'_, U> {
    /// Takes the runnable that was pushed first, if there is one. Where its push is still under way there is none yet, and
    /// that push answers that the taker is to be woken.
    #[inline]
    pub fn pop(&mut self) -> Option<Runnable<Linked<U>>> {
        // SAFETY: one taker exists, and this call has it exclusively.
        unsafe { self.queue.pop() }
    }
}

/// Ends where the queue is empty, and goes on when something was pushed.
impl<U: ScheduleLinked> Iterator for Taker<'_, U> {
    type Item = Runnable<Linked<U>>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.pop()
    }
}

impl<U: ScheduleLinked> Drop for Taker<'_, U> {
    fn drop(&mut self) {
        self.queue.takers.store(0, Ordering::Release);
    }
}

impl<U: ScheduleLinked> fmt::Debug for Taker<'_, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Taker").field(self.queue).finish()
    }
}
