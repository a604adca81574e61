//! Stands where the published crate tells a console of its tasks; here nothing is told.

use std::future::Future;

/// What a console would be told of a task.
#[derive(Debug, Clone, Copy)]
pub struct SpawnMeta;

impl SpawnMeta {
    /// The caller's place in the source.
    #[inline]
    pub fn capture() -> Self {
        Self
    }

    /// The same with a name.
    #[inline]
    #[must_use]
    pub fn named(self, _name: &'static str) -> Self {
        self
    }

    /// What is told to nobody.
    #[inline]
    pub fn untracked() -> Self {
        Self
    }
}

/// A function that is to block.
#[doc(hidden)]
pub fn instrument_blocking<T, F: FnOnce() -> T>(_meta: SpawnMeta, job: F) -> impl FnOnce() -> T {
    job
}

/// A future that is blocked on.
#[doc(hidden)]
pub fn instrument_block_on<F: Future>(_meta: SpawnMeta, future: F) -> impl Future<Output = F::Output> {
    future
}

/// A future that another runtime polls.
#[doc(hidden)]
pub fn instrument_execute<F: Future>(_meta: SpawnMeta, future: F) -> impl Future<Output = F::Output> {
    future
}
