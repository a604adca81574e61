//! A counted handle of a task whose header data may be of any type.

use core::fmt;
use core::task::Waker;

use super::handle::{Handle, WAKERS};
use super::header;
use super::state::TaskState;

/// A [`TaskRef`](crate::TaskRef) without the type of the header data: for lists of tasks of several schedulers. One word, with
/// a niche; the same costs.
pub struct AnyTask(Handle);

impl AnyTask {
    #[inline]
    pub(super) const fn new(task: Handle) -> Self {
        Self(task)
    }

    #[inline]
    pub(super) const fn as_handle(&self) -> &Handle {
        &self.0
    }

    #[inline]
    pub(super) fn into_handle(self) -> Handle {
        self.0
    }

    /// The task behind `waker`, if that is a shared task's. Costs: one address comparison and one locked instruction.
    #[must_use]
    pub fn from_waker(waker: &Waker) -> Option<Self> {
        WAKERS.get_pointer(waker).map(Self)
    }

    /// As [`TaskRef::wake_by_ref`](crate::TaskRef::wake_by_ref).
    #[inline]
    pub fn wake_by_ref(&self) {
        self.0.wake_by_ref();
    }

    /// As [`TaskRef::to_waker`](crate::TaskRef::to_waker).
    #[inline]
    #[must_use]
    pub fn to_waker(&self) -> Waker {
        WAKERS.waker(self.0.clone())
    }

    /// As [`TaskRef::cancel`](crate::TaskRef::cancel).
    #[inline]
    #[allow(clippy::must_use_candidate, reason = "ignoring the answer is right")]
    pub fn cancel(&self) -> bool {
        self.0.cancel()
    }

    /// As [`TaskRef::state`](crate::TaskRef::state).
    #[inline]
    #[must_use]
    pub fn state(&self) -> TaskState {
        self.0.state().snapshot()
    }

    /// The name of the future's type, for people.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        (self.0.table().name)()
    }
}

impl Clone for AnyTask {
    #[inline]
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl fmt::Debug for AnyTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // SAFETY: the count is `self`'s.
        unsafe { header::debug(f, "AnyTask", self.0.as_ptr(), |_| {}) }
    }
}
