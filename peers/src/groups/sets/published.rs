//! The sets that others published.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::Stream;

use super::Set;

pub(super) use futures::stream::FuturesUnordered as Unordered;
pub(super) use futures_buffered::FuturesUnorderedBounded as Buffered;
pub(super) use futures_concurrency::future::FutureGroup as Group;
pub(super) use unicycle::FuturesUnordered as Unicycle;

impl<F: Future + 'static> Set<F> for Unordered<F> {
    const NAME: &'static str = "FuturesUnordered";

    fn with(_: usize) -> Self {
        Self::new()
    }

    fn push(&mut self, future: F) {
        Self::push(self, future);
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<F::Output>> {
        Pin::new(self).poll_next(context)
    }
}

impl<F: Future + 'static> Set<F> for Buffered<F> {
    const NAME: &'static str = "futures-buffered";

    fn with(capacity: usize) -> Self {
        Self::new(capacity)
    }

    fn push(&mut self, future: F) {
        Self::push(self, future);
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<F::Output>> {
        Pin::new(self).poll_next(context)
    }
}

impl<F: Future + 'static> Set<F> for Unicycle<F> {
    const NAME: &'static str = "unicycle";

    fn with(_: usize) -> Self {
        Self::new()
    }

    fn push(&mut self, future: F) {
        Self::push(self, future);
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<F::Output>> {
        unicycle::PollNext::poll_next(Pin::new(self), context)
    }
}

impl<F: Future + Unpin + 'static> Set<F> for Group<F> {
    const NAME: &'static str = "futures-concurrency";

    fn with(capacity: usize) -> Self {
        Self::with_capacity(capacity)
    }

    fn push(&mut self, future: F) {
        self.insert(future);
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<F::Output>> {
        Pin::new(self).poll_next(context)
    }
}
