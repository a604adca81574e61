//! The work of one poll: a multiplication and six additions or exclusive ors, others for each type.

use std::pin::Pin;
use std::task::{Context, Poll};

use waker_tables::WakeableTask;

/// A job of one of many types. It is never over: now and then its poll is `Ready`, which is what proves the work.
#[derive(Debug, Clone, Copy)]
pub(in crate::groups) struct Job<const KIND: usize> {
    state: u64,
    seed: u64,
}

impl<const KIND: usize> Job<KIND> {
    pub(in crate::groups) fn new(seed: u64) -> Self {
        Self { state: seed, seed }
    }

    /// About the same cost for every type, and other steps: types that differ in constants alone would let an enum's
    /// `match` become a table of constants, which no program's own types do.
    #[inline]
    pub(in crate::groups) fn step(&mut self) -> Poll<()> {
        let mut state = self.state.wrapping_mul(0x5851_F42D_4C95_7F2D);
        let mut bit = 0;
        while bit < 6 {
            let part = self.seed >> bit | 1;
            state = if KIND >> bit & 1 == 0 { state.wrapping_add(part) } else { state ^ part };
            bit += 1;
        }
        self.state = state;
        if state >> 60 == 0 { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl<const KIND: usize> WakeableTask for Job<KIND> {
    fn poll(&mut self) -> Poll<()> {
        self.step()
    }
}

/// What a user would write instead of a table.
pub(in crate::groups) trait Task {
    /// One poll.
    fn poll(&mut self) -> Poll<()>;
}

impl<const KIND: usize> Task for Job<KIND> {
    fn poll(&mut self) -> Poll<()> {
        self.step()
    }
}

impl<const KIND: usize> Future for Job<KIND> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        self.step()
    }
}

// SAFETY: the three are safe functions in disguise, good in any order and number.
unsafe impl<const KIND: usize> waker_tables_04::UnsafeWakeableTask for Job<KIND> {
    unsafe fn poll(&mut self) -> Poll<()> {
        self.step()
    }

    unsafe fn wake(&self) {}

    unsafe fn drop_in_place(&mut self) {}
}
