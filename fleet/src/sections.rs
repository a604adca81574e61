//! Indexes and outcomes as bytes: what a shard leaves for the merge, and the merge for queries.
//!
//! A result is a table of section offsets and the sections. A shard's first section is what was made of its files, the
//! others are the words of one part each; a merged part has one section.

use pipeline::document::Outcome;
use pipeline::index::{Builder, Shard};
use pipeline::lists::Posting;
use pipeline::words;

/// What is said of bytes that cannot be read.
pub const CORRUPT: &str = "the stored result is no index";

/// A word and the files that have it, each with how often.
type Entry<'a> = (&'a str, Vec<(u32, u32)>);

/// A file's number, and the length and lossiness of its text, or why it has none; nothing for a binary one.
type Made<'a> = (u32, Result<(u64, bool), Option<&'a str>>);

/// A result of these sections.
///
/// # Errors
///
/// If they are longer than offsets of 32 bits can say.
pub fn pack(sections: &[Vec<u8>]) -> Result<Vec<u8>, String> {
    let mut at = 4 * (sections.len() + 1);
    let mut packed = Vec::with_capacity(at + sections.iter().map(Vec::len).sum::<usize>());
    for length in sections.iter().map(Vec::len).chain([0]) {
        // The reader's offsets are signed.
        let offset = i32::try_from(at).map_err(|_| "more than 2 GiB of index in one job".to_owned())?;
        packed.extend(offset.to_be_bytes());
        at += length;
    }
    packed.extend(sections.iter().flatten());
    Ok(packed)
}

/// A section of words, whose first file has this number.
///
/// # Errors
///
/// If there is no memory for it.
pub fn write_words<'a>(words: impl Iterator<Item = (&'a str, &'a [Posting])>, first: u32) -> Result<Vec<u8>, String> {
    let pairs = |postings: &[Posting]| postings.iter().map(|posting| (first + posting.file, posting.count)).collect();
    let entries: Vec<Entry<'_>> = words.map(|(word, postings)| (word, pairs(postings))).collect();
    postcard::to_allocvec(&entries).map_err(|error| error.to_string())
}

/// The index of all words of several sections, which share no file.
///
/// # Errors
///
/// If one is no section of words.
pub fn join<'a>(sections: impl IntoIterator<Item = &'a [u8]>) -> Result<Shard, &'static str> {
    let mut builder = Builder::default();
    for section in sections {
        let entries: Vec<Entry<'_>> = postcard::from_bytes(section).map_err(|_| CORRUPT)?;
        for (word, postings) in entries {
            let hash = words::hash(word);
            for (file, count) in postings {
                builder.add(word, hash, Posting { file, count });
            }
        }
    }
    Ok(builder.finish().merge(&Builder::default().finish()))
}

/// What was made of the files, whose first one has this number.
///
/// # Errors
///
/// If there is no memory for it.
pub fn write_outcomes(outcomes: &[(u32, Outcome)], first: u32) -> Result<Vec<u8>, String> {
    let made = |(file, outcome): &'_ (u32, Outcome)| {
        let made = match outcome {
            Outcome::Text { bytes, lossy } => Ok((*bytes, *lossy)),
            Outcome::Binary => Err(None),
            Outcome::Unreadable(reason) => Err(Some(reason.clone())),
        };
        (first + file, made)
    };
    postcard::to_allocvec(&outcomes.iter().map(made).collect::<Vec<_>>()).map_err(|error| error.to_string())
}

/// Reads what [`write_outcomes`] wrote.
///
/// # Errors
///
/// If it is not that.
pub fn read_outcomes(section: &[u8]) -> Result<Vec<(u32, Outcome)>, &'static str> {
    let all: Vec<Made<'_>> = postcard::from_bytes(section).map_err(|_| CORRUPT)?;
    let outcome = |made| match made {
        Ok((bytes, lossy)) => Outcome::Text { bytes, lossy },
        Err(None) => Outcome::Binary,
        Err(Some(reason)) => Outcome::Unreadable(str::to_owned(reason)),
    };
    Ok(all.into_iter().map(|(file, made)| (file, outcome(made))).collect())
}

#[cfg(test)]
mod tests {
    use pipeline::index::Index;

    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let outcomes = vec![
            (0, Outcome::Text { bytes: 300, lossy: false }),
            (1, Outcome::Binary),
            (2, Outcome::Unreadable("no".into())),
            (3, Outcome::Text { bytes: 0, lossy: true }),
        ];
        let read =
            write_outcomes(&outcomes, 7).and_then(|bytes| Ok(read_outcomes(&bytes)?)).expect("it was just written");
        assert!(read.iter().map(|(file, _)| *file).eq(7..11));
        assert!(read.iter().map(|(_, outcome)| outcome).eq(outcomes.iter().map(|(_, outcome)| outcome)));

        let postings = [Posting { file: 3, count: 1 }, Posting { file: 4000, count: 70_000 }];
        let section = write_words([("word", &postings[..])].into_iter(), 5).expect("there is memory");
        let index = Index::new(vec![join([section.as_slice()]).expect("it was just written")]);
        assert_eq!(index.find("word"), postings.map(|posting| Posting { file: posting.file + 5, ..posting }));
    }

    #[test]
    fn nothing_else_is_read() {
        let postings = [Posting { file: 3, count: 1 }];
        let section = write_words([("word", &postings[..])].into_iter(), 0).expect("there is memory");
        for end in 0..section.len() {
            assert!(join([&section[..end]]).is_err(), "{end} of {}", section.len());
        }
        assert!(join([&[0xff; 40][..]]).is_err());
        assert!(read_outcomes(&[]).is_err());
        assert!(read_outcomes(&[1, 3, 9, b'x']).is_err());
    }
}
