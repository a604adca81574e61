//! `etl/parse@v1` and `etl/parse@v2`: from texts to counted words.

use std::ops::Range;
use std::sync::Arc;

use hashbrown::HashTable;

use super::read::Text;
use crate::channel::{Receiver, Sender};
use crate::scheduler::turn;
use crate::wiring::Wiring;
use crate::words::{self, Splitter};

/// One file's distinct words, sorted by shard. The words stay where they are in the text.
#[derive(Debug)]
pub struct Parsed {
    /// The file's number.
    pub file: u32,
    text: String,
    terms: Vec<Term>,
    /// Where each shard's terms begin, and after them all where the last one's end.
    starts: Vec<usize>,
}

/// A word of a file, and how often it is there.
#[derive(Debug, Clone, Copy)]
pub struct Term {
    /// Its hash.
    pub hash: u64,
    start: u32,
    length: u32,
    /// How often.
    pub count: u32,
}

impl Parsed {
    /// Counts the words of a text, for so many shards.
    ///
    /// # Panics
    ///
    /// If the text is longer than 4 GiB, which no reader lets through.
    #[must_use]
    pub fn new<S: Splitter>(Text { file, text }: Text, shards: usize, table: &mut HashTable<u32>) -> Self {
        assert!(u32::try_from(text.len()).is_ok(), "a text of {} bytes", text.len());
        #[expect(clippy::cast_possible_truncation, reason = "all are at most the length of the text")]
        let narrow = |place: usize| place as u32;
        let mut found: Vec<Term> = Vec::new();
        table.clear();
        S::split(&text, |place| {
            let word = &text.as_bytes()[place.clone()];
            let hash = words::hash(&text[place.clone()]);
            let same = |&number: &u32| {
                let term = &found[number as usize];
                term.hash == hash && text.as_bytes()[term.place()] == *word
            };
            if let Some(&number) = table.find(hash, same) {
                found[number as usize].count += 1;
            } else {
                table.insert_unique(hash, narrow(found.len()), |&number| found[number as usize].hash);
                let (start, length) = (narrow(place.start), narrow(place.len()));
                found.push(Term { hash, start, length, count: 1 });
            }
        });

        let mut starts = vec![0; shards + 1];
        for term in &found {
            starts[words::shard(term.hash, shards) + 1] += 1;
        }
        for shard in 0..shards {
            starts[shard + 1] += starts[shard];
        }
        let mut next = starts.clone();
        let mut terms = found.clone();
        for term in found {
            let place = &mut next[words::shard(term.hash, shards)];
            terms[*place] = term;
            *place += 1;
        }
        Self { file, text, terms, starts }
    }

    /// The terms of one shard with their words.
    pub fn terms(&self, shard: usize) -> impl Iterator<Item = (&str, &Term)> {
        let terms = &self.terms[self.starts[shard]..self.starts[shard + 1]];
        terms.iter().map(|term| (&self.text[term.place()], term))
    }
}

impl Term {
    fn place(&self) -> Range<usize> {
        let start = self.start as usize;
        start..start + self.length as usize
    }
}

/// Parses texts of a half until there are no more, or nobody takes the words. Several share the texts.
pub(crate) async fn parse<S: Splitter>(
    wiring: Arc<Wiring>,
    mut texts: Receiver<Text>,
    mut shards: Vec<Sender<Arc<Parsed>>>,
) {
    // The terms of the file at hand by hash; kept for its memory.
    let mut table = HashTable::new();
    while let Some(text) = texts.receive().await {
        let parsed = Arc::new(Parsed::new::<S>(text, shards.len(), &mut table));
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
