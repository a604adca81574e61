//! The schedule function.

use crate::Runnable;

/// What the task knows about why it is scheduled.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct ScheduleInfo {
    /// It was woken while it ran.
    pub woken_while_running: bool,
}

impl ScheduleInfo {
    pub(crate) const fn new(woken_while_running: bool) -> Self {
        Self { woken_while_running }
    }
}

mod sealed {
    use super::{Runnable, ScheduleInfo, WithInfo};

    pub trait Sealed<M> {}

    impl<M: 'static, F: Fn(Runnable<M>)> Sealed<M> for F {}
    impl<M: 'static, F: Fn(Runnable<M>, ScheduleInfo)> Sealed<M> for WithInfo<F> {}
}

/// A schedule function: a closure that takes the runnable, or [`WithInfo`] of one that takes a [`ScheduleInfo`] too.
pub trait Schedule<M: 'static = ()>: sealed::Sealed<M> {
    /// Puts `runnable` where it will be run.
    fn schedule(&self, runnable: Runnable<M>, info: ScheduleInfo);
}

impl<M: 'static, F: Fn(Runnable<M>)> Schedule<M> for F {
    #[inline]
    fn schedule(&self, runnable: Runnable<M>, _info: ScheduleInfo) {
        self(runnable);
    }
}

/// A schedule function that is told more.
#[derive(Debug)]
pub struct WithInfo<F>(pub F);

impl<F> From<F> for WithInfo<F> {
    fn from(schedule: F) -> Self {
        Self(schedule)
    }
}

impl<M: 'static, F: Fn(Runnable<M>, ScheduleInfo)> Schedule<M> for WithInfo<F> {
    #[inline]
    fn schedule(&self, runnable: Runnable<M>, info: ScheduleInfo) {
        (self.0)(runnable, info);
    }
}
