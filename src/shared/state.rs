//! The word on which all handles of a shared task agree: flags, and above them the count. Beside it, what a subscriber hears.
//!
//! Each function is one step of the protocol, tells what its caller has to do next, and says what became of the
//! caller's count. None runs any other code.

mod end;
mod place;

use core::fmt;

pub(super) use self::end::{Answer, Ended, Slot};
pub(super) use self::place::Found;
use super::trace::Trace;
use crate::sync::{AtomicUsize, Ordering, abort};

/// A poll is asked for: there is a runnable or, while the body is being polled, there will be one.
const SCHEDULED: usize = 1;
/// Somebody has the right to the body: the runnable, or the poll under way. Whether it is the one or the other is known to
/// whoever has it, and to nobody else; so a poll that was woken becomes a runnable without a change of the word.
const ACTIVE: usize = 1 << 1;
/// The body is gone. Set once, and then neither of the above.
const COMPLETE: usize = 1 << 2;
/// The body must not be polled any more; with `COMPLETE`: it was not.
pub(super) const CANCELLED: usize = 1 << 3;
/// With `COMPLETE`: a panic ended the body.
pub(super) const PANICKED: usize = 1 << 4;
/// With `COMPLETE`: the output is there, and belongs to the join handle, for as long as there is one. Without: whoever ends
/// the task is taking the joiner's waker out of its slot.
pub(super) const OUTPUT: usize = 1 << 5;
/// There is a join handle.
const HANDLE: usize = 1 << 6;
/// The joiner's waker is in its slot, and belongs to whoever clears this flag.
const JOINER: usize = 1 << 7;
/// A local runnable was dropped: the joiner has its answer, though the body is alive.
const ABANDONED: usize = 1 << 8;
/// The last handle has gone once and left the body alive.
const ORPHANED: usize = 1 << 9;

const SHIFT: u32 = 10;
/// One count: of a runnable, of the poll under way, of a `TaskRef` or waker, of the join handle.
const ONE: usize = 1 << SHIFT;

/// For `only`: the holder of the one count that there is may store.
pub(super) const ALONE: usize = 1;
/// For `only`: it may not, because its count is shared, or because a walk through the task's list may add one.
pub(super) const NEVER: usize = 0;

/// # Invariants
///
/// 1. The word is changed by holders of a count, and by who walks through the list that the task is in, who takes one, but
///    none where there is none. One who holds its count exclusively (by value, or by `&mut`; what its former holders did
///    happens before that), of a task that is in no list, and reads a count of one is the only one there is, and may
///    store: `only` below is the count at which the caller may. No count is 0 while it is held.
/// 2. There is one runnable or one poll where `ACTIVE` stands, and none elsewhere. A runnable has `SCHEDULED` beside it.
/// 3. The change that publishes the end of a body gives up the count of its run, which does not touch the task again.
pub(super) struct State(AtomicUsize, Trace);

/// What a wake by value asks for.
pub(super) enum Wake {
    /// Hand a runnable to the hook. It has a count; the caller still has its own if it asked to keep it.
    Schedule,
    /// Nothing; the caller's count is given up.
    Known,
    /// Nothing; the caller has its count.
    Complete,
}

/// What a poll that was pending leads to.
pub(super) enum Pause {
    /// Nothing; the count is given up.
    Idle,
    /// There is a runnable again, with the count of the old one.
    Woken,
    /// The body is to be dropped, because the task was cancelled. The count is the caller's.
    Cancelled,
    /// The body is to be dropped, because nobody is left who could wake it. The count is the caller's.
    Lost,
}

/// What becomes of a task whose last count is gone.
pub(super) enum Fate {
    Free,
    /// The body is alive, and nobody has told its scheduler: the caller now has two counts, one of them a runnable's.
    Schedule,
    /// The body is alive, and its scheduler has been told before.
    Leak,
}

const fn counts(word: usize) -> usize {
    word >> SHIFT
}

impl State {
    /// A scheduled task, with a count for its runnable and one for its join handle if it has one.
    #[inline]
    pub(super) fn new(joined: bool) -> Self {
        let handle = if joined { HANDLE + ONE } else { 0 };
        Self(AtomicUsize::new((ACTIVE | SCHEDULED | ONE) + handle), Trace::new(false))
    }

    /// What stands in the task for its subscriber.
    #[inline]
    pub(super) fn trace(&self) -> &Trace {
        &self.1
    }

    /// Changes the word to what `next` makes of it, once; `next` may answer without a change instead. `only` is that of
    /// invariant 1.
    #[inline]
    fn change<A>(&self, only: usize, next: impl FnMut(usize) -> Result<(usize, A), A>) -> A {
        self.change_if(|word| only != NEVER && counts(word) == only, next)
    }

    /// [`change`](Self::change) by a caller that shares its count.
    #[inline]
    fn change_shared<A>(&self, next: impl FnMut(usize) -> Result<(usize, A), A>) -> A {
        self.change_if(|_| false, next)
    }

    // The three have the attribute, though they are generic: without it this is called, with its closure in memory.
    #[inline]
    fn change_if<A>(
        &self,
        stores: impl Fn(usize) -> bool,
        mut next: impl FnMut(usize) -> Result<(usize, A), A>,
    ) -> A {
        let mut word = self.0.load(Ordering::Acquire);
        loop {
            let (new, answer) = match next(word) {
                Ok(change) => change,
                Err(answer) => return answer,
            };
            if stores(word) {
                self.0.store(new, Ordering::Release);
                return answer;
            }
            match self.0.compare_exchange_weak(word, new, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return answer,
                Err(now) => word = now,
            }
        }
    }

    /// Asks for a poll. The answer is whether to hand a runnable to the hook; its count has been added.
    ///
    /// At most one locked instruction; none on a complete task.
    #[inline]
    pub(super) fn wake_by_ref(&self) -> bool {
        self.change_shared(|word| {
            if word & COMPLETE != 0 {
                return Err(false);
            }
            let idle = word & ACTIVE == 0;
            // Written also where nothing changes: the poll to come must see what this caller wrote.
            Ok(((word | SCHEDULED) + if idle { ACTIVE + ONE } else { 0 }, idle))
        })
    }

    /// Asks for a poll and gives up the caller's count, which the runnable takes over unless the caller is to `keep` it.
    #[inline]
    pub(super) fn wake(&self, keep: bool, only: usize) -> Wake {
        let next = |word| {
            if word & COMPLETE != 0 {
                Err(Wake::Complete)
            } else if word & ACTIVE == 0 {
                Ok(((word | ACTIVE | SCHEDULED) + if keep { ONE } else { 0 }, Wake::Schedule))
            } else {
                // Not the last count: the runnable has one, or the poll under way.
                Ok(((word | SCHEDULED) - ONE, Wake::Known))
            }
        };
        // Not `change`: what `only` is, is not known while compiling, and no count is `NEVER`.
        self.change_if(|word| counts(word) == only, next)
    }

    /// Uses up the runnable and begins a poll; the wake that made it is used up *before* the poll, so that one which
    /// comes during the poll is not lost. The answer is whether the body may be polled; if not, it is to be dropped.
    #[inline]
    pub(super) fn begin(&self, only: usize) -> bool {
        if only != NEVER {
            let word = self.0.load(Ordering::Acquire);
            if counts(word) == only {
                self.0.store(word - SCHEDULED, Ordering::Release);
                return word & CANCELLED == 0;
            }
        }
        self.0.fetch_sub(SCHEDULED, Ordering::AcqRel) & CANCELLED == 0
    }

    /// Ends a poll that was pending.
    #[inline]
    pub(super) fn pause(&self, only: usize) -> Pause {
        self.change(only, |word| {
            if word & CANCELLED != 0 {
                Err(Pause::Cancelled)
            } else if word & SCHEDULED != 0 {
                // The next poll sees what this one did by the way on which the runnable comes to it.
                Err(Pause::Woken)
            } else if counts(word) == 1 {
                // Written, so that a walk which takes a count from now on finds that this is decided.
                Ok((word | CANCELLED, Pause::Lost))
            } else {
                Ok((word - ACTIVE - ONE, Pause::Idle))
            }
        })
    }

    /// Forbids further polls. The answer: whether this call did, and whether to hand a runnable to the hook, so that the
    /// body is dropped; its count has been added. A body that is being polled is dropped after the poll.
    pub(super) fn cancel(&self) -> (bool, bool) {
        self.change_shared(|word| {
            let (idle, first) = (word & ACTIVE == 0, word & CANCELLED == 0);
            if word & COMPLETE != 0 || !(first || idle) {
                return Err((false, false));
            }
            let scheduled = if idle { ACTIVE + SCHEDULED + ONE } else { 0 };
            Ok(((word | CANCELLED) + scheduled, (first, idle)))
        })
    }

    /// One count more, taken from the caller's, which others may share.
    #[inline]
    pub(super) fn retain(&self) {
        // Relaxed: whoever uses the new count has it from the caller. The limit is as `Arc`'s: what is added elsewhere,
        // one count a runnable, one a call of the hook and one a walk, cannot fill the other half of the range.
        if self.0.fetch_add(ONE, Ordering::Relaxed) > isize::MAX as usize {
            abort();
        }
    }

    /// One count more, taken from the caller's, which is exclusively the caller's.
    #[inline]
    pub(super) fn retain_owned(&self, only: usize) {
        let word = self.0.load(Ordering::Acquire);
        if counts(word) == only {
            self.0.store(word + ONE, Ordering::Release);
        } else {
            self.retain();
        }
    }

    /// One count more for a caller that has none, but keeps the task from being freed; none where there is none.
    pub(super) fn retain_if_held(&self) -> bool {
        self.change_shared(|word| if counts(word) == 0 { Err(false) } else { Ok((word + ONE, true)) })
    }

    /// Gives up the caller's count. The answer is whether it was the last one.
    #[inline]
    pub(super) fn release(&self) -> bool {
        if counts(self.0.fetch_sub(ONE, Ordering::Release)) != 1 {
            return false;
        }
        // What the others did before they gave up theirs comes before what follows. A load and not a fence, which
        // ThreadSanitizer does not know.
        self.0.load(Ordering::Acquire);
        true
    }

    /// Decides over a task that nobody else can reach, whether or not the caller's count is given up already.
    #[inline]
    pub(super) fn last(&self) -> Fate {
        let word = self.0.load(Ordering::Acquire);
        if word & COMPLETE != 0 {
            Fate::Free
        } else if word & ORPHANED != 0 {
            Fate::Leak
        } else {
            self.0.store(ACTIVE | SCHEDULED | CANCELLED | ORPHANED | (2 * ONE), Ordering::Release);
            Fate::Schedule
        }
    }

    #[inline]
    pub(super) fn is_complete(&self) -> bool {
        self.0.load(Ordering::Acquire) & COMPLETE != 0
    }

    /// What the word says now.
    pub(super) fn snapshot(&self) -> TaskState {
        TaskState(self.0.load(Ordering::Acquire))
    }
}

/// What was known of a task at one moment: a plain value, which nothing keeps true.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TaskState(usize);

impl TaskState {
    /// Whether a poll was asked for: there was a runnable, or the task had been woken while it ran.
    #[must_use]
    pub const fn is_scheduled(self) -> bool {
        self.0 & SCHEDULED != 0
    }

    /// Whether the body was being polled and nothing had woken it since that poll began. (One that was woken is
    /// scheduled: whether it is being polled, only its run knows.)
    #[must_use]
    pub const fn is_running(self) -> bool {
        self.0 & (ACTIVE | SCHEDULED) == ACTIVE
    }

    /// Whether the body was gone.
    #[must_use]
    pub const fn is_complete(self) -> bool {
        self.0 & COMPLETE != 0
    }

    /// Whether further polls were forbidden; of a complete task: whether that is how it ended.
    #[must_use]
    pub const fn is_cancelled(self) -> bool {
        self.0 & CANCELLED != 0
    }

    /// How many handles there were: runnables, wakers, `TaskRef`s, the join handle, the poll under way.
    #[must_use]
    pub const fn handles(self) -> usize {
        counts(self.0)
    }
}

impl fmt::Debug for TaskState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = [
            (SCHEDULED, "scheduled"),
            (ACTIVE, "active"),
            (COMPLETE, "complete"),
            (CANCELLED, "cancelled"),
            (PANICKED, "panicked"),
            (OUTPUT, "output"),
            (HANDLE, "handle"),
            (JOINER, "joiner"),
            (ABANDONED, "abandoned"),
            (ORPHANED, "orphaned"),
        ];
        let flags = names.iter().filter(|(flag, _)| self.0 & flag != 0).map(|(_, name)| name);
        f.debug_set().entries(flags).entry(&self.handles()).finish()
    }
}
