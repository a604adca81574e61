//! `search/merge@v1`: from the halves of a shard to the shard.

use std::sync::Arc;
use std::task::Poll;

use waker_tables::WakeableTask;

use crate::channel::Receiver;
use crate::index::HalfShard;
use crate::wiring::{Context, HALVES, Wiring};

/// Waits for both halves of its shard, then joins them. It waits at two channels, so it keeps no waker beside theirs.
#[derive(Debug)]
pub struct Merge {
    wiring: Arc<Wiring>,
    shard: usize,
    inputs: [Input; HALVES],
}

#[derive(Debug)]
struct Input {
    halves: Receiver<HalfShard>,
    /// The half, once it has come.
    half: Option<HalfShard>,
}

impl Merge {
    pub(crate) fn new(context: &Context, shard: usize) -> Self {
        let inputs = context
            .wiring
            .halves
            .each_ref()
            .map(|halves| Input { halves: halves[shard].receiver(context.waker.clone()), half: None });
        let wiring = context.wiring.clone();
        Self { wiring, shard, inputs }
    }
}

impl WakeableTask for Merge {
    fn poll(&mut self) -> Poll<()> {
        for input in &mut self.inputs {
            if input.half.is_none() {
                // An indexer that ended without its half was stopped, and then so is this.
                if let Poll::Ready(half) = input.halves.receive() {
                    let Some(half) = half else { return Poll::Ready(()) };
                    input.half = Some(half);
                }
            }
        }
        let [left, right] = &mut self.inputs;
        if left.half.is_none() || right.half.is_none() {
            return Poll::Pending;
        }
        if let (Some(left), Some(right)) = (left.half.take(), right.half.take()) {
            self.wiring.deliver(self.shard, left.merge(&right));
        }
        Poll::Ready(())
    }
}
