//! Lists in one buffer: of files, one per word, and of words, one per shard.

/// A file that has a word, and how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Posting {
    /// The file's number in the order of the walk.
    pub file: u32,
    /// How often the word is in it.
    pub count: u32,
}

/// Lists 0, 1, 2…, all in one buffer: the postings of each word, in the order of the files, if nothing else is said.
#[derive(Debug)]
pub struct Lists<T = Posting> {
    /// Where each list begins, and after them all where the last one ends.
    starts: Vec<usize>,
    items: Vec<T>,
}

impl<T: Copy> Lists<T> {
    /// So many lists, of items that are given in any order with their lists' numbers. A list keeps that order.
    ///
    /// # Panics
    ///
    /// If there is no such list.
    #[must_use]
    pub fn grouped(lists: usize, given: impl Iterator<Item = (usize, T)> + Clone) -> Self {
        let mut starts = vec![0; lists + 1];
        for (list, _) in given.clone() {
            starts[list + 1] += 1;
        }
        for list in 0..lists {
            starts[list + 1] += starts[list];
        }
        let mut next = starts.clone();
        let mut items: Vec<T> = given.clone().map(|(_, item)| item).collect();
        for (list, item) in given {
            items[next[list]] = item;
            next[list] += 1;
        }
        Self { starts, items }
    }

    /// One list; empty for a number that there is not.
    #[must_use]
    pub fn get(&self, list: usize) -> &[T] {
        match self.starts.get(list..list + 2) {
            Some(&[start, end]) => &self.items[start..end],
            _ => &[],
        }
    }

    /// How many items there are in all lists.
    #[must_use]
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}

impl Lists {
    /// The postings of `words` words, given in any order with their words' numbers.
    #[must_use]
    pub fn sorted(words: usize, given: &[(u32, Posting)]) -> Self {
        let mut lists = Self::grouped(words, given.iter().map(|&(word, posting)| (word as usize, posting)));
        for word in 0..words {
            let list = &mut lists.items[lists.starts[word]..lists.starts[word + 1]];
            list.sort_unstable_by_key(|posting| posting.file);
        }
        lists
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
        Self { starts, items: all }
    }
}
