//! Lists of files, one per word.

/// A file that has a word, and how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Posting {
    /// The file's number in the order of the walk.
    pub file: u32,
    /// How often the word is in it.
    pub count: u32,
}

/// The postings of words 0, 1, 2…, each list in the order of the files, all in one buffer.
#[derive(Debug)]
pub struct Lists {
    /// Where each word's list begins, and after them all where the last one ends.
    starts: Vec<usize>,
    postings: Vec<Posting>,
}

impl Lists {
    /// The postings of `words` words, given in any order with their words' numbers.
    #[must_use]
    pub fn sorted(words: usize, given: &[(u32, Posting)]) -> Self {
        let mut starts = vec![0; words + 1];
        for &(word, _) in given {
            starts[word as usize + 1] += 1;
        }
        for word in 0..words {
            starts[word + 1] += starts[word];
        }
        let mut next = starts.clone();
        let mut postings = vec![Posting { file: 0, count: 0 }; given.len()];
        for &(word, posting) in given {
            let place = &mut next[word as usize];
            postings[*place] = posting;
            *place += 1;
        }
        for word in 0..words {
            postings[starts[word]..starts[word + 1]].sort_unstable_by_key(|posting| posting.file);
        }
        Self { starts, postings }
    }

    /// The lists of all words of `pairs`, each merged out of two that are sorted and share no file.
    #[must_use]
    pub fn merged<'a>(pairs: impl ExactSizeIterator<Item = (&'a [Posting], &'a [Posting])>, postings: usize) -> Self {
        let mut starts = Vec::with_capacity(pairs.len() + 1);
        let mut all = Vec::with_capacity(postings);
        starts.push(0);
        for (mut left, mut right) in pairs {
            while let ([first, rest @ ..], [other, ..]) = (left, right) {
                if first.file > other.file {
                    (left, right) = (right, left);
                    continue;
                }
                all.push(*first);
                left = rest;
            }
            all.extend_from_slice(left);
            all.extend_from_slice(right);
            starts.push(all.len());
        }
        Self { starts, postings: all }
    }

    /// The list of one word; empty for a number that there is not.
    #[must_use]
    pub fn get(&self, word: usize) -> &[Posting] {
        match self.starts.get(word..word + 2) {
            Some(&[start, end]) => &self.postings[start..end],
            _ => &[],
        }
    }

    /// How many postings there are in all lists.
    #[must_use]
    pub fn len(&self) -> usize {
        self.postings.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.postings.is_empty()
    }
}
