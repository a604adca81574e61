//! One operation of a sequence.

use std::fmt;

/// An operation on one of the wakers of a sequence, by its place, or on one of the two targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Make(usize),
    Clone(usize),
    CloneFrom(usize, usize),
    Wake(usize),
    WakeByRef(usize),
    Drop(usize),
    /// Drop the target's handle.
    End(usize),
}

/// So many wakers at once at most.
pub(super) const WAKERS: usize = 3;

/// Every operation.
pub(super) fn all() -> Vec<Step> {
    let mut steps = Vec::new();
    for place in 0..WAKERS {
        steps.extend([Step::Wake(place), Step::WakeByRef(place), Step::Clone(place), Step::Drop(place)]);
        steps.extend((0..WAKERS).filter(|&from| from != place).map(|from| Step::CloneFrom(place, from)));
    }
    for target in 0..2 {
        steps.extend([Step::Make(target), Step::End(target)]);
    }
    steps
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Make(target) => write!(f, "make a waker of target {target}"),
            Self::Clone(place) => write!(f, "waker {place}: clone"),
            Self::CloneFrom(into, from) => write!(f, "waker {into}: clone_from waker {from}"),
            Self::Wake(place) => write!(f, "waker {place}: wake"),
            Self::WakeByRef(place) => write!(f, "waker {place}: wake_by_ref"),
            Self::Drop(place) => write!(f, "waker {place}: drop"),
            Self::End(target) => write!(f, "drop the handle of target {target}"),
        }
    }
}
