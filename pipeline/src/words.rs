//! What a word is, in two versions, and tables of distinct words.

use std::fmt;
use std::hash::Hasher;
use std::ops::{ControlFlow, Range};

use hashbrown::HashTable;
use rustc_hash::FxHasher;
use unicode_segmentation::UnicodeSegmentation;

/// Which words a text has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Version {
    /// Runs of alphanumeric characters
    #[value(alias = "1")]
    V1,
    /// Unicode words
    #[value(alias = "2")]
    V2,
}

impl Version {
    /// The words of a text.
    #[must_use]
    pub fn words(self, text: &str) -> Vec<&str> {
        let mut words = Vec::new();
        let word = |place: Range<usize>| {
            words.push(&text[place]);
            ControlFlow::Continue(())
        };
        match self {
            Self::V1 => Alphanumeric::split(text, word),
            Self::V2 => Unicode::split(text, word),
        }
        words
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V1 => "v1",
            Self::V2 => "v2",
        })
    }
}

/// How a text is split into words.
pub trait Splitter: Send + 'static {
    /// Calls `word` with the place of each word, from the first to the last, as long as it says to go on.
    fn split(text: &str, word: impl FnMut(Range<usize>) -> ControlFlow<()>);
}

/// `etl/parse@v1`: the longest runs of alphanumeric characters.
#[derive(Debug)]
pub struct Alphanumeric;

/// `etl/parse@v2`: the words of Unicode Standard Annex 29.
#[derive(Debug)]
pub struct Unicode;

impl Splitter for Alphanumeric {
    fn split(text: &str, mut word: impl FnMut(Range<usize>) -> ControlFlow<()>) {
        let mut at = 0;
        while at < text.len() {
            let (mut width, is_word) = character(text, at);
            let start = at;
            at += width;
            if !is_word {
                continue;
            }
            let mut inside = true;
            while inside && at < text.len() {
                (width, inside) = character(text, at);
                if inside {
                    at += width;
                }
            }
            if word(start..at).is_break() {
                return;
            }
        }
    }
}

/// The width of the character at `at`, and whether it is alphanumeric. Most texts are mostly ASCII, so that is asked
/// without decoding.
#[inline]
fn character(text: &str, at: usize) -> (usize, bool) {
    let byte = text.as_bytes()[at];
    if byte.is_ascii() {
        return (1, byte.is_ascii_alphanumeric());
    }
    text[at..].chars().next().map_or((1, false), |character| (character.len_utf8(), character.is_alphanumeric()))
}

impl Splitter for Unicode {
    fn split(text: &str, mut word: impl FnMut(Range<usize>) -> ControlFlow<()>) {
        for (start, found) in text.unicode_word_indices() {
            if word(start..start + found.len()).is_break() {
                return;
            }
        }
    }
}

/// The hash of a word, everywhere in this program.
#[inline]
#[must_use]
pub fn hash(word: &str) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(word.as_bytes());
    hasher.finish()
}

/// Which of `shards` a word belongs to. By the lower half of its hash: the tables use the uppermost bits themselves.
#[inline]
#[must_use]
pub fn shard(hash: u64, shards: usize) -> usize {
    let fraction = u128::from(hash & u64::from(u32::MAX));
    usize::try_from((fraction * shards as u128) >> 32).unwrap_or(0)
}

/// Distinct words, numbered from 0 in the order they came. One buffer for all, no allocation per word.
#[derive(Debug, Default)]
pub struct Words {
    text: String,
    entries: Vec<Entry>,
    table: HashTable<u32>,
}

#[derive(Debug)]
struct Entry {
    hash: u64,
    start: usize,
    end: usize,
}

impl Words {
    /// The number of `word`, which is added if it is new.
    ///
    /// # Panics
    ///
    /// If there are 2³² words.
    pub fn add(&mut self, word: &str, hash: u64) -> u32 {
        if let Some(id) = self.find(word, hash) {
            return id;
        }
        let id = u32::try_from(self.entries.len()).expect("there are fewer than 2^32 distinct words");
        let start = self.text.len();
        self.text.push_str(word);
        let end = self.text.len();
        self.entries.push(Entry { hash, start, end });
        let entries = &self.entries;
        self.table.insert_unique(hash, id, |&id| entries[id as usize].hash);
        id
    }

    /// The number of `word`.
    #[must_use]
    pub fn find(&self, word: &str, hash: u64) -> Option<u32> {
        let same = |&id: &u32| {
            let entry = &self.entries[id as usize];
            entry.hash == hash && self.text.as_bytes()[entry.start..entry.end] == *word.as_bytes()
        };
        self.table.find(hash, same).copied()
    }

    /// All words with their hashes, by number.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, u64)> {
        self.entries.iter().map(|entry| (&self.text[entry.start..entry.end], entry.hash))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}
