//! `search/index@v1`: from counted words to the index of one shard of a half.

use std::sync::Arc;

use crate::channel::{Receiver, Sender};
use crate::index::{Builder, HalfShard};
use crate::lists::Posting;
use crate::parsed::Parsed;
use crate::scheduler::turn;

/// Indexes one shard of all files of a half, then sends it off.
pub(crate) async fn index(shard: usize, mut parsed: Receiver<Arc<Parsed>>, mut halves: Sender<HalfShard>) {
    let mut builder = Builder::default();
    while let Some(parsed) = parsed.receive().await {
        for (word, term) in parsed.terms(shard) {
            builder.add(word, term.hash, Posting { file: parsed.file, count: term.count });
        }
        turn().await;
    }
    // If nobody takes it, everybody was stopped.
    let _ = halves.send(builder.finish()).await;
}
