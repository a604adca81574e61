//! One file, read.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
#[cfg(unix)]
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

#[cfg(unix)]
use nix::{errno::Errno, fcntl::OFlag};

use crate::stop::Stop;

/// How far into a file a NUL byte makes it a binary one.
pub const BINARY_WITHIN: u64 = 8192;

/// Files of more bytes are refused: places in a text have 32 bits.
const LONGEST: u64 = u32::MAX as u64;

/// After so many bytes a reader looks whether it is to stop.
const PIECE: u64 = 1 << 20;

/// What was made of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was indexed.
    Text {
        /// Its length on disk.
        bytes: u64,
        /// Whether it was not UTF-8, and was read with U+FFFD in place of what is wrong.
        lossy: bool,
    },
    /// It has a NUL byte within its first [`BINARY_WITHIN`] bytes, and was skipped.
    Binary,
    /// It could not be read, for this reason.
    Unreadable(String),
}

/// Reads a file. There is a text if the outcome is [`Outcome::Text`].
///
/// It waits for nobody: only a regular file is read, whatever stands at `path` by now. If everybody is asked to stop
/// meanwhile, a long file is unreadable.
#[must_use]
pub fn load(path: &Path, stop: &Stop) -> (Outcome, Option<String>) {
    let bytes = match read(path, stop) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return (Outcome::Binary, None),
        Err(error) => return (Outcome::Unreadable(error.to_string()), None),
    };
    let length = bytes.len() as u64;
    let (text, lossy) = match String::from_utf8(bytes) {
        Ok(text) => (text, false),
        Err(error) => (String::from_utf8_lossy(error.as_bytes()).into_owned(), true),
    };
    if text.len() as u64 > LONGEST {
        return (Outcome::Unreadable(too_long().to_string()), None);
    }
    (Outcome::Text { bytes: length, lossy }, Some(text))
}

/// All bytes of a text, or `None` for a binary file.
fn read(path: &Path, stop: &Stop) -> io::Result<Option<Vec<u8>>> {
    let (mut file, length) = open(path)?;
    let mut bytes = Vec::new();
    file.by_ref().take(BINARY_WITHIN).read_to_end(&mut bytes)?;
    if bytes.contains(&0) {
        return Ok(None);
    }
    if length > LONGEST {
        return Err(too_long());
    }
    let length = usize::try_from(length).map_err(io::Error::other)?;
    // One more, so that the end is found without growing. A text that does not fit into memory is unreadable.
    bytes.try_reserve_exact((length + 1).saturating_sub(bytes.len())).map_err(io::Error::other)?;
    // One more than allowed, so that a file which grows, or whose length is not known, is noticed.
    let mut rest = file.take(LONGEST + 1 - bytes.len() as u64);
    while rest.by_ref().take(PIECE).read_to_end(&mut bytes)? as u64 == PIECE {
        if stop.asked() {
            return Err(ErrorKind::Interrupted.into());
        }
    }
    if bytes.len() as u64 > LONGEST { Err(too_long()) } else { Ok(Some(bytes)) }
}

/// A regular file and its length.
///
/// The walk saw one at `path`, but anything may have taken its place since. So nobody is waited for, as the writer of a
/// FIFO would be; a link is not followed; and what was opened is asked what it is. A directory on the way may be a link
/// by now: that is followed.
fn open(path: &Path) -> io::Result<(File, u64)> {
    let replaced = || io::Error::other("no longer a regular file");
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    options.custom_flags((OFlag::O_NONBLOCK | OFlag::O_NOFOLLOW | OFlag::O_NOCTTY).bits());
    let file = match options.open(path) {
        // A link; a socket, or a device without a driver.
        #[cfg(unix)]
        Err(error) if matches!(error.raw_os_error().map(Errno::from_raw), Some(Errno::ELOOP | Errno::ENXIO)) => {
            return Err(replaced());
        }
        opened => opened?,
    };
    let metadata = file.metadata()?;
    if metadata.is_file() { Ok((file, metadata.len())) } else { Err(replaced()) }
}

fn too_long() -> io::Error {
    io::Error::other("it is longer than 4 GiB")
}
