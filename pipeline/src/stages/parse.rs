//! `etl/parse@v1` and `etl/parse@v2`: from texts to counted words.

use std::sync::Arc;

use hashbrown::HashTable;

use crate::channel::{Receiver, Sender};
use crate::parsed::Parsed;
use crate::scheduler::turn;
use crate::stop::Stop;
use crate::text::Text;
use crate::wiring::Wiring;
use crate::words::Splitter;

/// Parses texts of a half until there are no more, or nobody takes the words. Several share the texts.
pub(crate) async fn parse<S: Splitter>(
    wiring: Arc<Wiring>,
    mut texts: Receiver<Text>,
    mut shards: Vec<Sender<Arc<Parsed>>>,
    stop: Arc<Stop>,
) {
    // The terms of the file at hand by hash; kept for its memory.
    let mut table = HashTable::new();
    while let Some(text) = texts.receive().await {
        let parsed = Arc::new(Parsed::new::<S>(text, shards.len(), &mut table, &stop));
        if stop.asked() {
            return;
        }
        wiring.progress.inc(1);
        for (shard, sender) in shards.iter_mut().enumerate() {
            let has_words = parsed.terms(shard).next().is_some();
            if has_words && sender.send(parsed.clone()).await.is_err() {
                return;
            }
        }
        turn().await;
    }
}
