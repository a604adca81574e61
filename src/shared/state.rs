//! The word on which all handles of a shared task agree: nine flags, and above them the count.
//!
//! Each function is one step of the protocol, tells what its caller has to do next, and says what became of the
//! caller's count. None runs any other code.

use core::fmt;

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
/// With `COMPLETE`: the output is there, and belongs to the join handle.
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

/// # Invariants
///
/// 1. The word is changed by holders of a count alone. One who holds its count exclusively (by value, or by `&mut`; what
///    its former holders did happens before that) and reads a count of one is the only one there is, and may store;
///    `owned` below says so.
/// 2. There is one runnable or one poll where `ACTIVE` stands, and none elsewhere. A runnable has `SCHEDULED` beside it.
pub(super) struct State(AtomicUsize);

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
    /// The body is to be dropped: it was cancelled, or nobody is left who could wake it. The count is the caller's.
    Over,
}

/// What the end of a body leads to.
pub(super) enum Ended {
    /// Nothing; the count is given up.
    Counted,
    /// The caller has the only count: free the task.
    Last,
    /// The caller has its count, and the joiner's waker, which it is to wake.
    Joiner,
    /// The caller has its count, and the output, which nobody will fetch.
    Output,
}

/// What the joiner can have.
pub(super) enum Answer {
    Output,
    Panicked,
    Cancelled,
    /// The output has been fetched.
    Nothing,
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
        Self(AtomicUsize::new(if joined {
            ACTIVE | SCHEDULED | HANDLE | (2 * ONE)
        } else {
            ACTIVE | SCHEDULED | ONE
        }))
    }

    /// Changes the word to what `next` makes of it, once; `next` may answer without a change instead. `owned` is that of
    /// invariant 1.
    #[inline]
    fn change<A>(&self, owned: bool, mut next: impl FnMut(usize) -> Result<(usize, A), A>) -> A {
        let mut word = self.0.load(Ordering::Acquire);
        loop {
            let (new, answer) = match next(word) {
                Ok(change) => change,
                Err(answer) => return answer,
            };
            if owned && counts(word) == 1 {
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
        self.change(false, |word| {
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
    pub(super) fn wake(&self, keep: bool) -> Wake {
        self.change(true, |word| {
            if word & COMPLETE != 0 {
                Err(Wake::Complete)
            } else if word & ACTIVE == 0 {
                Ok(((word | ACTIVE | SCHEDULED) + if keep { ONE } else { 0 }, Wake::Schedule))
            } else {
                // Not the last count: the runnable has one, or the poll under way.
                Ok(((word | SCHEDULED) - ONE, Wake::Known))
            }
        })
    }

    /// Uses up the runnable and begins a poll; the wake that made it is used up *before* the poll, so that one which
    /// comes during the poll is not lost. The answer is whether the body may be polled; if not, it is to be dropped.
    #[inline]
    pub(super) fn begin(&self) -> bool {
        let word = self.0.load(Ordering::Acquire);
        let before = if counts(word) == 1 {
            self.0.store(word - SCHEDULED, Ordering::Release);
            word
        } else {
            self.0.fetch_sub(SCHEDULED, Ordering::AcqRel)
        };
        before & CANCELLED == 0
    }

    /// Ends a poll that was pending.
    #[inline]
    pub(super) fn pause(&self) -> Pause {
        self.change(true, |word| {
            let woken = word & SCHEDULED != 0;
            if word & CANCELLED != 0 || (counts(word) == 1 && !woken) {
                Err(Pause::Over)
            } else if woken {
                // The next poll sees what this one did by the way on which the runnable comes to it.
                Err(Pause::Woken)
            } else {
                Ok((word - ACTIVE - ONE, Pause::Idle))
            }
        })
    }

    /// Ends the body, which is gone. `result` is `OUTPUT`, `CANCELLED`, `PANICKED`, or nothing for an output that was
    /// not kept.
    #[inline]
    pub(super) fn complete(&self, result: usize) -> Ended {
        self.change(true, |word| {
            let new = (word & !(SCHEDULED | ACTIVE | CANCELLED | JOINER)) | COMPLETE | result;
            if result == OUTPUT && word & HANDLE == 0 {
                Ok((new - OUTPUT, Ended::Output))
            } else if word & JOINER != 0 {
                Ok((new, Ended::Joiner))
            } else if counts(word) == 1 {
                Err(Ended::Last)
            } else {
                Ok((new - ONE, Ended::Counted))
            }
        })
    }

    /// Forbids further polls. The answer is whether to hand a runnable to the hook, so that the body is dropped; its
    /// count has been added. A body that is being polled is dropped after the poll.
    pub(super) fn cancel(&self) -> bool {
        self.change(false, |word| {
            let idle = word & ACTIVE == 0;
            if word & COMPLETE != 0 || (word & CANCELLED != 0 && !idle) {
                return Err(false);
            }
            let scheduled = if idle { ACTIVE + SCHEDULED + ONE } else { 0 };
            Ok(((word | CANCELLED) + scheduled, idle))
        })
    }

    /// Gives up a local runnable with its body alive. `Last`: nobody can ever reach the body again. `Counted`, `Joiner`
    /// as when a body ends.
    pub(super) fn abandon(&self) -> Ended {
        self.change(true, |word| {
            let new = (word & !(SCHEDULED | ACTIVE | JOINER)) | CANCELLED | ABANDONED;
            if word & JOINER != 0 {
                Ok((new, Ended::Joiner))
            } else if counts(word) == 1 {
                Err(Ended::Last)
            } else {
                Ok((new - ONE, Ended::Counted))
            }
        })
    }

    /// One count more, taken from the caller's, which others may share.
    #[inline]
    pub(super) fn retain(&self) {
        // Relaxed: whoever uses the new count has it from the caller. The limit is as `Arc`'s: what is added elsewhere,
        // one count a runnable and one a call of the hook, cannot fill the other half of the range.
        if self.0.fetch_add(ONE, Ordering::Relaxed) > isize::MAX as usize {
            abort();
        }
    }

    /// One count more, taken from the caller's, which is exclusively the caller's.
    #[inline]
    pub(super) fn retain_owned(&self) {
        let word = self.0.load(Ordering::Acquire);
        if counts(word) == 1 {
            self.0.store(word + ONE, Ordering::Release);
        } else {
            self.retain();
        }
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

    /// [`release`](Self::release) of a count that is exclusively the caller's: no locked instruction if it is the only one.
    #[inline]
    pub(super) fn release_owned(&self) -> bool {
        counts(self.0.load(Ordering::Acquire)) == 1 || self.release()
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
            let kept = word & ABANDONED;
            self.0.store(kept | ACTIVE | SCHEDULED | CANCELLED | ORPHANED | (2 * ONE), Ordering::Release);
            Fate::Schedule
        }
    }

    /// What the joiner can have, if anything yet.
    #[inline]
    pub(super) fn answer(&self) -> Option<Answer> {
        let word = self.0.load(Ordering::Acquire);
        if word & OUTPUT != 0 {
            Some(Answer::Output)
        } else if word & ABANDONED != 0 || word & (COMPLETE | CANCELLED) == COMPLETE | CANCELLED {
            // An abandoned task has had this answer before, whatever its home made of it since.
            Some(Answer::Cancelled)
        } else if word & PANICKED != 0 {
            Some(Answer::Panicked)
        } else {
            (word & COMPLETE != 0).then_some(Answer::Nothing)
        }
    }

    /// Lends the joiner's slot, which has a waker in it, to whoever ends the body. Not if there is an answer already.
    pub(super) fn lend_joiner(&self) -> bool {
        self.change(
            false,
            |word| {
                if word & (COMPLETE | ABANDONED) == 0 { Ok((word | JOINER, true)) } else { Err(false) }
            },
        )
    }

    /// Takes the joiner's slot back. The answer is whether it was lent; none if there is an answer already, and the slot
    /// perhaps in another's hands.
    pub(super) fn recall_joiner(&self) -> Option<bool> {
        self.change(false, |word| {
            if word & (COMPLETE | ABANDONED) != 0 {
                Err(None)
            } else if word & JOINER != 0 {
                Ok((word - JOINER, Some(true)))
            } else {
                Err(Some(false))
            }
        })
    }

    /// Notes that the output has been fetched, by the join handle.
    #[inline]
    pub(super) fn fetched(&self) {
        self.change(true, |word| Ok((word & !OUTPUT, ())));
    }

    /// Gives up the join handle. `Joiner`: the slot is the caller's again, `Output`: so is the output; it has its count
    /// in both cases, and in `Last` too, where it is the only one.
    #[inline]
    pub(super) fn detach(&self) -> Ended {
        self.change(true, |word| {
            let new = word & !(HANDLE | JOINER | OUTPUT);
            if word & OUTPUT != 0 {
                Ok((new, Ended::Output))
            } else if word & JOINER != 0 {
                Ok((new, Ended::Joiner))
            } else if counts(word) == 1 {
                Err(Ended::Last)
            } else {
                Ok((new - ONE, Ended::Counted))
            }
        })
    }

    #[inline]
    pub(super) fn is_complete(&self) -> bool {
        self.0.load(Ordering::Acquire) & COMPLETE != 0
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = self.0.load(Ordering::Relaxed);
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
        let flags = names.iter().filter(|(flag, _)| word & flag != 0).map(|(_, name)| name);
        f.debug_set().entries(flags).entry(&counts(word)).finish()
    }
}
