//! `etl/read@v1`: from files to texts.

use std::sync::Arc;

use crate::channel::Sender;
use crate::document;
use crate::scheduler::turn;
use crate::stop::Stop;
use crate::text::Text;
use crate::wiring::Wiring;

/// Reads files of a half until there are no more, or nobody takes the texts. Several share the files.
pub(crate) async fn read(wiring: Arc<Wiring>, half: usize, mut texts: Sender<Text>, stop: Arc<Stop>) {
    while let Some((file, path)) = wiring.next_file(half) {
        let (outcome, text) = document::load(path, &stop);
        if stop.asked() {
            return;
        }
        wiring.record(file, outcome);
        if let Some(text) = text {
            if texts.send(Text { file, text }).await.is_err() {
                return;
            }
        } else {
            wiring.progress.inc(1);
        }
        turn().await;
    }
}
