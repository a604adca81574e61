//! Sets over `WakerSet`, as a user writes them.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use waker_tables::WakerSet;

use super::Set;
use crate::report::Side;

/// Children that may move, in a `Vec`.
pub(super) struct InPlace<F> {
    children: Vec<Option<F>>,
    free: Vec<usize>,
    set: WakerSet,
}

impl<F: Future + Unpin + 'static> Set<F> for InPlace<F> {
    const NAME: &'static str = "waker_tables WakerSet";
    const SIDE: Side = Side::Own;

    fn with(capacity: usize) -> Self {
        Self { children: Vec::with_capacity(capacity), free: Vec::new(), set: WakerSet::new(capacity) }
    }

    fn push(&mut self, future: F) {
        let index = self.free.pop().unwrap_or(self.children.len());
        if index == self.children.len() {
            self.set.grow(index + 1).expect("there is memory");
            self.children.push(None);
        }
        self.children[index] = Some(future);
        self.set.mark(index);
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<F::Output>> {
        self.set.register(context.waker());
        for index in self.set.drain() {
            let Some(child) = &mut self.children[index] else { continue };
            let waker = self.set.waker_ref(index);
            if let Poll::Ready(output) = Pin::new(child).poll(&mut Context::from_waker(&waker)) {
                self.children[index] = None;
                self.free.push(index);
                return Poll::Ready(Some(output));
            }
        }
        if self.free.len() == self.children.len() { Poll::Ready(None) } else { Poll::Pending }
    }
}

/// Each child in a box.
pub(super) struct Boxed<F>(InPlace<Pin<Box<F>>>);

impl<F: Future + 'static> Set<F> for Boxed<F> {
    const NAME: &'static str = "waker_tables WakerSet, boxed";
    const SIDE: Side = Side::Own;

    fn with(capacity: usize) -> Self {
        Self(InPlace::with(capacity))
    }

    fn push(&mut self, future: F) {
        self.0.push(Box::pin(future));
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<F::Output>> {
        self.0.poll(context)
    }
}
