//! `search/merge@v1`: from the halves of a shard to the shard.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use crate::channel::Receiver;
use crate::index::HalfShard;
use crate::wiring::{HALVES, Wiring};

/// Waits for both halves of its shard, whichever comes first, then joins them.
pub(crate) async fn merge(wiring: Arc<Wiring>, shard: usize, mut inputs: [Receiver<HalfShard>; HALVES]) {
    let mut halves = [const { None }; HALVES];
    poll_fn(|context| {
        for (input, half) in inputs.iter_mut().zip(&mut halves).filter(|(_, half)| half.is_none()) {
            if let Poll::Ready(received) = input.poll_receive(context) {
                *half = Some(received);
            }
        }
        if halves.iter().all(Option::is_some) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    // An indexer that ended without its half was stopped.
    if let [Some(Some(left)), Some(Some(right))] = halves {
        wiring.deliver(shard, left.merge(&right));
    }
}
