//! Files, split into words and counted.

use std::ops::{ControlFlow, Range};

use hashbrown::HashTable;

use crate::lists::Lists;
use crate::stop::Stop;
use crate::text::Text;
use crate::words::{self, Splitter};

/// One file's distinct words, sorted by shard. The words stay where they are in the text.
#[derive(Debug)]
pub struct Parsed {
    /// The file's number.
    pub file: u32,
    text: String,
    terms: Lists<Term>,
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
    /// Counts the words of a text, for so many shards. If everybody is asked to stop meanwhile, it counts no more.
    ///
    /// # Panics
    ///
    /// If the text is longer than 4 GiB, which no reader lets through.
    #[must_use]
    pub fn new<S: Splitter>(
        Text { file, text }: Text,
        shards: usize,
        table: &mut HashTable<u32>,
        stop: &Stop,
    ) -> Self {
        assert!(u32::try_from(text.len()).is_ok(), "a text of {} bytes", text.len());
        #[expect(clippy::cast_possible_truncation, reason = "all are at most the length of the text")]
        let narrow = |place: usize| place as u32;
        let mut found: Vec<Term> = Vec::new();
        table.clear();
        S::split(&text, |place| {
            if stop.asked() {
                return ControlFlow::Break(());
            }
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
            ControlFlow::Continue(())
        });

        let terms = Lists::grouped(shards, found.iter().map(|term| (words::shard(term.hash, shards), *term)));
        Self { file, text, terms }
    }

    /// The terms of one shard with their words.
    pub fn terms(&self, shard: usize) -> impl Iterator<Item = (&str, &Term)> {
        self.terms.get(shard).iter().map(|term| (&self.text[term.place()], term))
    }
}

impl Term {
    fn place(&self) -> Range<usize> {
        let start = self.start as usize;
        start..start + self.length as usize
    }
}
