//! Keys: `segment/kind@v1`.

use core::fmt::{self, Write};

/// A key: a subsystem, a family of tasks in it, and the version of their protocol. It borrows its names, as it comes off
/// the wire. Looking one up and parsing one allocate nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyRef<'a> {
    /// The subsystem: `search`, `blob`, `scheduler`.
    pub segment: &'a str,
    /// The family of tasks: `index_merge`.
    pub kind: &'a str,
    /// The version of the family's protocol.
    pub version: u16,
}

/// What a table is registered under: a key with the names that stand in the program.
///
/// The text form is `segment/kind@v1`. Kinds are names that you choose, never made from a type's name: moving a type
/// to another module must not change what is on the wire. The fields are public, and a key made by its fields is not
/// checked; [`new`](Self::new) checks, at compile time in a constant.
///
/// # Examples
///
/// ```
/// use waker_tables::{KeyRef, VTableKey};
///
/// const PARSE: VTableKey = VTableKey::new("etl", "parse", 1);
/// assert_eq!(PARSE.to_string(), "etl/parse@v1");
/// assert_eq!(KeyRef::parse("etl/parse@v1"), Ok(PARSE));
/// ```
///
/// ```compile_fail,E0080
/// # use waker_tables::VTableKey;
/// const BAD: VTableKey = VTableKey::new("etl", "parse@v1", 1);
/// # fn main() { let _ = BAD; }
/// ```
pub type VTableKey = KeyRef<'static>;

/// The name of a family of tasks, or another name that leads there: a key without its version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FamilyName<'a> {
    /// The subsystem.
    pub segment: &'a str,
    /// The family of tasks.
    pub kind: &'a str,
}

/// Why a text is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseKeyError {
    /// There is no `/` behind the segment.
    MissingSlash,
    /// There is no `@v` behind the kind.
    MissingVersion,
    /// The segment is no name.
    Segment(NameError),
    /// The kind is no name.
    Kind(NameError),
    /// What stands behind `@v` is no number from 0 to 65535 without leading zeros.
    Version,
}

/// Why a segment or kind is no name. A name is one or more printable ASCII characters other than
/// `/`, `@`, `"` and `\`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NameError {
    /// It is empty.
    Empty,
    /// It has a byte that no name has.
    Byte {
        /// Where, in bytes from the name's start.
        at: usize,
        /// Which.
        byte: u8,
    },
}

impl VTableKey {
    /// A key whose names are checked.
    ///
    /// # Panics
    ///
    /// If `segment` or `kind` is no name (see [`NameError`]); in a constant, that is a compile error.
    #[must_use]
    #[track_caller]
    pub const fn new(segment: &'static str, kind: &'static str, version: u16) -> Self {
        let checked = FamilyName { segment, kind }.check();
        assert!(checked.is_ok(), "a name in a key is one or more printable ASCII characters other than / @ \" \\");
        Self { segment, kind, version }
    }
}

impl<'a> KeyRef<'a> {
    /// Reads `segment/kind@v1`. Allocates nothing; `parse(&key.to_string()) == Ok(key)` for every key that
    /// [`VTableKey::new`] accepts, and each key has one text.
    ///
    /// # Errors
    ///
    /// Says which part is wrong.
    pub fn parse(text: &'a str) -> Result<Self, ParseKeyError> {
        let (segment, rest) = text.split_once('/').ok_or(ParseKeyError::MissingSlash)?;
        let (kind, version) = rest.split_once("@v").ok_or(ParseKeyError::MissingVersion)?;
        let key = Self { segment, kind, version: parse_version(version).ok_or(ParseKeyError::Version)? };
        key.family().check()?;
        Ok(key)
    }

    /// The same key.
    #[must_use]
    pub const fn key_ref(&self) -> Self {
        *self
    }

    /// The name of its family.
    #[must_use]
    pub const fn family(&self) -> FamilyName<'a> {
        FamilyName { segment: self.segment, kind: self.kind }
    }
}

impl FamilyName<'_> {
    /// Whether [`VTableKey::new`] would accept these names.
    pub(super) const fn check(&self) -> Result<(), ParseKeyError> {
        match (check_name(self.segment), check_name(self.kind)) {
            (Err(error), _) => Err(ParseKeyError::Segment(error)),
            (_, Err(error)) => Err(ParseKeyError::Kind(error)),
            (Ok(()), Ok(())) => Ok(()),
        }
    }
}

const fn check_name(name: &str) -> Result<(), NameError> {
    let bytes = name.as_bytes();
    if bytes.is_empty() {
        return Err(NameError::Empty);
    }
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        if !byte.is_ascii_graphic() || matches!(byte, b'/' | b'@' | b'"' | b'\\') {
            return Err(NameError::Byte { at, byte });
        }
        at += 1;
    }
    Ok(())
}

/// One text per number: no sign, no leading zero.
fn parse_version(text: &str) -> Option<u16> {
    let canonical = text == "0" || text.as_bytes().first().is_some_and(|first| matches!(first, b'1'..=b'9'));
    if canonical { text.parse().ok() } else { None }
}

impl<'a> TryFrom<&'a str> for KeyRef<'a> {
    type Error = ParseKeyError;

    fn try_from(text: &'a str) -> Result<Self, ParseKeyError> {
        Self::parse(text)
    }
}

/// `segment/kind@v1`; a key with a name that [`VTableKey::new`] refuses is written quoted, which no parse accepts.
impl fmt::Display for KeyRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        padded(f, format_args!("{}@v{}", self.family(), self.version))
    }
}

/// `segment/kind`, quoted as a key is.
impl fmt::Display for FamilyName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { segment, kind } = self;
        match self.check() {
            Ok(()) => padded(f, format_args!("{segment}/{kind}")),
            Err(_) => padded(f, format_args!("{segment:?}/{kind:?}")),
        }
    }
}

/// Writes `text` as wide as is asked for, without a buffer.
fn padded(f: &mut fmt::Formatter<'_>, text: fmt::Arguments<'_>) -> fmt::Result {
    struct Chars(usize);

    impl Write for Chars {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            self.0 += text.chars().count();
            Ok(())
        }
    }

    let Some(width) = f.width() else { return f.write_fmt(text) };
    let mut chars = Chars(0);
    chars.write_fmt(text)?;
    let missing = width.saturating_sub(chars.0);
    let before = match f.align() {
        Some(fmt::Alignment::Right) => missing,
        Some(fmt::Alignment::Center) => missing / 2,
        _ => 0,
    };
    let fill = f.fill();
    (0..before).try_for_each(|_| f.write_char(fill))?;
    f.write_fmt(text)?;
    (before..missing).try_for_each(|_| f.write_char(fill))
}

impl fmt::Display for ParseKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MissingSlash => f.write_str("a key is segment/kind@v1; there is no / in this one"),
            Self::MissingVersion => f.write_str("a key is segment/kind@v1; there is no @v behind the kind"),
            Self::Segment(error) => write!(f, "the segment of the key {error}"),
            Self::Kind(error) => write!(f, "the kind of the key {error}"),
            Self::Version => f.write_str("the version of the key is no number from 0 to 65535 without leading zeros"),
        }
    }
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Empty => f.write_str("is empty"),
            Self::Byte { at, byte } => write!(f, "has '{}' at byte {at}, which no name has", byte.escape_ascii()),
        }
    }
}

impl core::error::Error for ParseKeyError {}
impl core::error::Error for NameError {}
