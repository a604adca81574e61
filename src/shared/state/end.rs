//! How a body ends, and what the joiner hears of it.

use super::{
    ABANDONED, ACTIVE, ALONE, CANCELLED, COMPLETE, HANDLE, JOINER, ONE, OUTPUT, PANICKED, SCHEDULED, State, counts,
};
use crate::sync::Ordering;

/// What the end of a body, or of a join handle, leads to.
pub(in crate::shared) enum Ended {
    /// Nothing; the count is given up.
    Counted,
    /// Nobody else has a count: free the task, or look after its body.
    Last,
    /// The caller has its count and the joiner's waker; it takes that out of its slot. Who ends a body asks again then.
    Joiner,
    /// The caller has its count, and the output, which nobody will fetch. Who ends a body drops it and asks again.
    Output,
}

/// What the joiner finds in the state of its slot.
pub(in crate::shared) enum Slot {
    /// The slot is the joiner's, and empty.
    Empty,
    /// The slot is the joiner's, and its former waker in it.
    Full,
    /// Whoever ends the task is taking the waker out.
    Taken,
    /// There is an answer already.
    Over,
}

/// What the joiner can have.
pub(in crate::shared) enum Answer {
    Output,
    Panicked,
    Cancelled,
    /// The output has been fetched.
    Nothing,
}

/// Whether an output is there.
const fn has_output(word: usize) -> bool {
    word & (COMPLETE | OUTPUT) == COMPLETE | OUTPUT
}

impl State {
    /// Ends the body, which is gone, of a task that is in no list any more. `result` is `OUTPUT`, `CANCELLED`, `PANICKED`,
    /// or nothing for an output that was not kept.
    ///
    /// `Counted` and `Last` end the task; the others have not yet, and are to be seen to first.
    #[inline]
    pub(in crate::shared) fn complete(&self, result: usize) -> Ended {
        self.change(ALONE, |word| {
            if word & JOINER != 0 {
                Ok(((word - JOINER) | OUTPUT, Ended::Joiner))
            } else if result == OUTPUT && word & HANDLE == 0 {
                Err(Ended::Output)
            } else if counts(word) == 1 {
                Err(Ended::Last)
            } else {
                let kept = word & !(SCHEDULED | ACTIVE | CANCELLED | OUTPUT);
                Ok(((kept | COMPLETE | result) - ONE, Ended::Counted))
            }
        })
    }

    /// Gives up a local runnable with its body alive. `Last`: nobody can ever reach the body again. `Counted`, `Joiner`
    /// as when a body ends.
    pub(in crate::shared) fn abandon(&self) -> Ended {
        self.change_shared(|word| {
            if word & JOINER != 0 {
                return Ok(((word - JOINER) | OUTPUT, Ended::Joiner));
            }
            let kept = word & !(SCHEDULED | ACTIVE | OUTPUT);
            let ended = if counts(word) == 1 { Ended::Last } else { Ended::Counted };
            Ok(((kept | CANCELLED | ABANDONED) - ONE, ended))
        })
    }

    /// What the joiner can have, if anything yet.
    #[inline]
    pub(in crate::shared) fn answer(&self) -> Option<Answer> {
        let word = self.0.load(Ordering::Acquire);
        if has_output(word) {
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
    pub(in crate::shared) fn lend_joiner(&self) -> bool {
        self.change_shared(
            |word| {
                if word & (COMPLETE | ABANDONED) == 0 { Ok((word | JOINER, true)) } else { Err(false) }
            },
        )
    }

    /// Takes the joiner's slot back.
    pub(in crate::shared) fn recall_joiner(&self) -> Slot {
        self.change_shared(|word| {
            if word & (COMPLETE | ABANDONED) != 0 {
                Err(Slot::Over)
            } else if word & OUTPUT != 0 {
                Err(Slot::Taken)
            } else if word & JOINER != 0 {
                Ok((word - JOINER, Slot::Full))
            } else {
                Err(Slot::Empty)
            }
        })
    }

    /// Notes that the output has been fetched, by the join handle.
    #[inline]
    pub(in crate::shared) fn fetched(&self) {
        // The task is complete, so that it is in no list.
        self.change(ALONE, |word| Ok((word & !OUTPUT, ())));
    }

    /// Gives up the join handle. `Joiner`: the slot is the caller's again, `Output`: so is the output; it has its count
    /// in both cases. In `Last` it does not matter whether it has.
    #[inline]
    pub(in crate::shared) fn detach(&self, only: usize) -> Ended {
        self.change(only, |word| {
            if has_output(word) {
                Err(Ended::Output)
            } else if word & JOINER != 0 {
                Ok((word & !(HANDLE | JOINER), Ended::Joiner))
            } else {
                let ended = if counts(word) == 1 { Ended::Last } else { Ended::Counted };
                Ok(((word & !HANDLE) - ONE, ended))
            }
        })
    }
}
