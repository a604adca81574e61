//! Standard output, and names on it.

use std::fmt;
use std::io::{self, ErrorKind, Write};
#[cfg(unix)]
use std::os::fd::AsFd;
use std::path::Path;
use std::str;
#[cfg(unix)]
use std::{sync::Arc, thread};

#[cfg(unix)]
use nix::errno::Errno;
#[cfg(unix)]
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

#[cfg(unix)]
use crate::stop::Stop;

/// Starts a thread that asks everybody to stop once nobody reads `output` any more, as after `| head`. Whoever writes
/// into it then gets an error; this is for those who have nothing to write for a long time.
///
/// # Errors
///
/// If the thread cannot be started.
#[cfg(unix)]
pub fn watch(output: impl AsFd + Send + 'static, stop: Arc<Stop>) -> io::Result<()> {
    let watching = move || {
        // No event is asked for, so this ends where something is wrong: nobody reads any more.
        let mut closed = [PollFd::new(output.as_fd(), PollFlags::empty())];
        loop {
            match poll(&mut closed, PollTimeout::NONE) {
                Ok(0) | Err(Errno::EINTR) => {}
                Ok(_) => {
                    stop.ask();
                    break;
                }
                // A system that cannot wait for this: whoever writes will notice.
                Err(_) => break,
            }
        }
    };
    thread::Builder::new().name("output".into()).spawn(watching).map(drop)
}

/// A writer whose reader may go away: what comes after that is lost, and is no error. For a program that says little.
#[derive(Debug)]
pub struct Quiet<W>(pub W);

impl<W: Write> Write for Quiet<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.0.write(bytes) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(bytes.len()),
            result => result,
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self.0.flush() {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            result => result,
        }
    }
}

/// A path for people. If it has anything that would move their cursor, turn their text around or stay unseen, or is
/// not UTF-8, then it stands in quotes, with that escaped.
#[derive(Debug)]
pub struct Shown<'a>(pub &'a Path);

/// A word of a text for people, as a path is [`Shown`].
#[derive(Debug)]
pub struct ShownWord<'a>(pub &'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(self.0.as_os_str().as_encoded_bytes(), f)
    }
}

impl fmt::Display for ShownWord<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(self.0.as_bytes(), f)
    }
}

fn show(name: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match str::from_utf8(name) {
        // One that begins with a quote could be taken for one that is escaped.
        Ok(text) if !text.starts_with('"') && !text.contains(is_unseen) => return f.write_str(text),
        _ => f.write_str("\"")?,
    }
    for chunk in name.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '"' | '\\' => write!(f, "\\{character}")?,
                _ if is_unseen(character) => write!(f, "{}", character.escape_debug())?,
                _ => write!(f, "{character}")?,
            }
        }
        for byte in chunk.invalid() {
            write!(f, "\\x{byte:02x}")?;
        }
    }
    f.write_str("\"")
}

/// Whether there is nothing to see of a character, or too much: controls, format characters (the zero-width ones and
/// those of bidirectional text), separators of lines and paragraphs, all spaces but one, what is not assigned.
///
/// That is what std escapes behind another character, where it leaves combining marks as they are.
fn is_unseen(character: char) -> bool {
    match character {
        ' '..='~' => false,
        _ => ['x', character].iter().collect::<String>().escape_debug().count() > 2,
    }
}
