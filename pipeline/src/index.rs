//! The index: words, and the files of each.

use std::cmp::Reverse;

use crate::lists::{Lists, Posting};
use crate::words::{self, Words};

/// The index of all words of one shard in the files of one half.
#[derive(Debug)]
pub struct HalfShard {
    words: Words,
    lists: Lists,
}

/// A half shard while files come in.
#[derive(Debug, Default)]
pub struct Builder {
    words: Words,
    postings: Vec<(u32, Posting)>,
}

/// The index of all words of one shard.
#[derive(Debug)]
pub struct Shard {
    words: Words,
    lists: Lists,
}

/// The whole index.
#[derive(Debug)]
pub struct Index {
    shards: Vec<Shard>,
}

impl Builder {
    /// Adds that `word` is in a file.
    pub fn add(&mut self, word: &str, hash: u64, posting: Posting) {
        let word = self.words.add(word, hash);
        self.postings.push((word, posting));
    }

    /// All files are in.
    #[must_use]
    pub fn finish(self) -> HalfShard {
        let lists = Lists::sorted(self.words.len(), &self.postings);
        HalfShard { words: self.words, lists }
    }
}

impl HalfShard {
    /// The shard that has both halves.
    #[must_use]
    pub fn merge(self, other: &Self) -> Shard {
        let Self { mut words, lists } = self;
        let before = words.len();
        let ids: Vec<u32> = other.words.iter().map(|(word, hash)| words.add(word, hash)).collect();
        let mut others = vec![None; words.len()];
        for (id, &merged) in ids.iter().enumerate() {
            others[merged as usize] = Some(id);
        }
        let pairs = others.iter().enumerate().map(|(word, other_word)| {
            let own = if word < before { lists.get(word) } else { &[] };
            (own, other_word.map_or(&[][..], |id| other.lists.get(id)))
        });
        let lists = Lists::merged(pairs, lists.len() + other.lists.len());
        Shard { words, lists }
    }
}

impl Index {
    /// The index over all its shards, in their order.
    #[must_use]
    pub fn new(shards: Vec<Shard>) -> Self {
        Self { shards }
    }

    /// The files that have `word`, in the order of the walk; empty if it is in none.
    #[must_use]
    pub fn find(&self, word: &str) -> &[Posting] {
        let hash = words::hash(word);
        let Some(shard) = self.shards.get(words::shard(hash, self.shards.len())) else {
            return &[];
        };
        let id = shard.words.find(word, hash);
        id.map_or(&[], |id| shard.lists.get(id as usize))
    }

    /// All words with their files, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[Posting])> {
        self.shards.iter().flat_map(|shard| {
            let words = shard.words.iter().enumerate();
            words.map(|(id, (word, _))| (word, shard.lists.get(id)))
        })
    }

    /// How many distinct words there are.
    #[must_use]
    pub fn distinct(&self) -> usize {
        self.shards.iter().map(|shard| shard.words.len()).sum()
    }

    /// How many pairs of a word and a file that has it there are.
    #[must_use]
    pub fn postings(&self) -> usize {
        self.shards.iter().map(|shard| shard.lists.len()).sum()
    }

    /// How many words there are in all files together.
    #[must_use]
    pub fn words(&self) -> u64 {
        self.iter().map(|(_, postings)| total(postings)).sum()
    }

    /// The `number` most frequent words with their counts; equally frequent ones in the order of their bytes.
    #[must_use]
    pub fn top(&self, number: usize) -> Vec<(&str, u64)> {
        let mut all: Vec<_> = self.iter().map(|(word, postings)| (word, total(postings))).collect();
        let order = |&(word, count): &(_, u64)| (Reverse(count), word);
        if number < all.len() {
            all.select_nth_unstable_by(number, |left, right| order(left).cmp(&order(right)));
            all.truncate(number);
        }
        all.sort_unstable_by(|left, right| order(left).cmp(&order(right)));
        all
    }
}

/// How often a word is in all files together.
#[must_use]
pub fn total(postings: &[Posting]) -> u64 {
    postings.iter().map(|posting| u64::from(posting.count)).sum()
}
