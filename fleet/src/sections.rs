//! Indexes and outcomes as bytes: what a shard leaves for the merge, and the merge for queries.
//!
//! A result is a table of section offsets and the sections. A shard's first section is what was made of its files, the
//! others are the words of one part each; a merged part has one section. Numbers are written seven bits a byte.

use pipeline::document::Outcome;
use pipeline::index::{Builder, HalfShard};
use pipeline::lists::Posting;
use pipeline::words;

/// What cannot be read as what it should be.
pub const CORRUPT: &str = "the stored result is no index";

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

/// Words with their postings, which are in the order of the files.
pub fn write_words<'a>(out: &mut Vec<u8>, word: &'a str, postings: impl ExactSizeIterator<Item = Posting>) {
    write_bytes(out, word.as_bytes());
    write(out, postings.len() as u64);
    let mut last = 0;
    for Posting { file, count } in postings {
        write(out, u64::from(file - last));
        write(out, count.into());
        last = file;
    }
}

/// Adds all words of a section to an index.
///
/// # Errors
///
/// If it is no such section.
pub fn read_words(mut section: &[u8], into: &mut Builder) -> Result<(), &'static str> {
    while !section.is_empty() {
        let word = str::from_utf8(read_bytes(&mut section)?).map_err(|_| CORRUPT)?;
        let (hash, mut file) = (words::hash(word), 0);
        for _ in 0..read(&mut section)? {
            file += read(&mut section)?;
            let count = u32::try_from(read(&mut section)?).map_err(|_| CORRUPT)?;
            into.add(word, hash, Posting { file: u32::try_from(file).map_err(|_| CORRUPT)?, count });
        }
    }
    Ok(())
}

/// All words of several sections, which share no file.
///
/// # Errors
///
/// If one is no such section.
pub fn join<'a>(sections: impl IntoIterator<Item = &'a [u8]>) -> Result<HalfShard, &'static str> {
    let mut builder = Builder::default();
    for section in sections {
        read_words(section, &mut builder)?;
    }
    Ok(builder.finish())
}

/// What was made of the files, from the first on.
#[must_use]
pub fn write_outcomes(outcomes: &[(u32, Outcome)], first: u32) -> Vec<u8> {
    let mut out = Vec::new();
    for (file, outcome) in outcomes {
        write(&mut out, u64::from(first + file));
        match outcome {
            Outcome::Text { bytes, lossy } => {
                write(&mut out, u64::from(*lossy));
                write(&mut out, *bytes);
            }
            Outcome::Binary => write(&mut out, 2),
            Outcome::Unreadable(reason) => {
                write(&mut out, 3);
                write_bytes(&mut out, reason.as_bytes());
            }
        }
    }
    out
}

/// Reads what [`write_outcomes`] wrote.
///
/// # Errors
///
/// If it is not that.
pub fn read_outcomes(mut section: &[u8]) -> Result<Vec<(u32, Outcome)>, &'static str> {
    let mut outcomes = Vec::new();
    while !section.is_empty() {
        let file = u32::try_from(read(&mut section)?).map_err(|_| CORRUPT)?;
        let outcome = match read(&mut section)? {
            2 => Outcome::Binary,
            3 => Outcome::Unreadable(String::from_utf8_lossy(read_bytes(&mut section)?).into_owned()),
            lossy => Outcome::Text { bytes: read(&mut section)?, lossy: lossy == 1 },
        };
        outcomes.push((file, outcome));
    }
    Ok(outcomes)
}

fn write(out: &mut Vec<u8>, mut number: u64) {
    while number > 0x7f {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn read(section: &mut &[u8]) -> Result<u64, &'static str> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = section.split_first().ok_or(CORRUPT)?;
        *section = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err(CORRUPT)
}

fn write_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    write(out, bytes.len() as u64);
    out.extend(bytes);
}

fn read_bytes<'a>(section: &mut &'a [u8]) -> Result<&'a [u8], &'static str> {
    let length = usize::try_from(read(section)?).map_err(|_| CORRUPT)?;
    let (bytes, rest) = section.split_at_checked(length).ok_or(CORRUPT)?;
    *section = rest;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let outcomes = vec![
            (0, Outcome::Text { bytes: 300, lossy: false }),
            (1, Outcome::Binary),
            (2, Outcome::Unreadable("no".into())),
            (3, Outcome::Text { bytes: 0, lossy: true }),
        ];
        let read: Vec<_> = read_outcomes(&write_outcomes(&outcomes, 7)).expect("it was just written");
        assert_eq!(read.iter().map(|(file, _)| *file).collect::<Vec<_>>(), [7, 8, 9, 10]);
        assert!(read.iter().map(|(_, outcome)| outcome).eq(outcomes.iter().map(|(_, outcome)| outcome)));

        let mut section = Vec::new();
        let postings = [Posting { file: 3, count: 1 }, Posting { file: 4000, count: 70_000 }];
        write_words(&mut section, "word", postings.into_iter());
        let index = pipeline::index::Index::new(vec![
            join([&section[..]]).expect("good").merge(&Builder::default().finish()),
        ]);
        assert_eq!(index.find("word"), postings);
    }

    #[test]
    fn nothing_else_is_read() {
        let mut section = Vec::new();
        write_words(&mut section, "word", [Posting { file: 3, count: 1 }].into_iter());
        for end in 1..section.len() {
            assert!(read_words(&section[..end], &mut Builder::default()).is_err(), "{end} of {}", section.len());
        }
        assert!(read_words(&[0xff; 40], &mut Builder::default()).is_err());
        assert!(read_outcomes(&[1]).is_err());
        assert!(read_outcomes(&[1, 3, 9, b'x']).is_err());
    }
}
