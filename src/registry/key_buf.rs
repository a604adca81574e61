//! A key that owns its names.

use alloc::boxed::Box;
use core::borrow::Borrow;
use core::cmp::Ordering;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::str::FromStr;

use super::key::{KeyRef, ParseKeyError};

/// A key that owns its names: what is read from text that cannot be borrowed, and kept in maps. Two allocations, five
/// words.
///
/// It is ordered and hashed as its [`KeyRef`], and a map of these is asked with one through [`AsKeyRef`].
///
/// # Examples
///
/// ```
/// use std::collections::HashMap;
/// use waker_tables::{AsKeyRef, KeyBuf, KeyRef};
///
/// let mut backlog = HashMap::new();
/// backlog.insert("etl/parse@v1".parse::<KeyBuf>()?, 7);
///
/// let asked: &dyn AsKeyRef = &KeyRef::parse("etl/parse@v1")?;
/// assert_eq!(backlog.get(asked), Some(&7));
/// # Ok::<(), waker_tables::ParseKeyError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)] // as `KeyRef`, field by field
pub struct KeyBuf {
    segment: Box<str>,
    kind: Box<str>,
    version: u16,
}

/// What has a key to lend. Its trait object is what a map of [`KeyBuf`]s is asked with.
pub trait AsKeyRef {
    /// The key, borrowed.
    fn key_ref(&self) -> KeyRef<'_>;
}

impl KeyBuf {
    /// Reads `segment/kind@v1`, as [`KeyRef::parse`] does.
    ///
    /// # Errors
    ///
    /// Says which part is wrong.
    pub fn parse(text: &str) -> Result<Self, ParseKeyError> {
        KeyRef::parse(text).map(Self::from)
    }

    /// The key, borrowed: what registries are asked with. Costs: nothing.
    #[must_use]
    pub fn key_ref(&self) -> KeyRef<'_> {
        KeyRef { segment: &self.segment, kind: &self.kind, version: self.version }
    }
}

/// The same key. Its names are not checked: one that [`VTableKey::new`](crate::VTableKey::new) would refuse is written quoted, which no parse
/// accepts.
impl From<KeyRef<'_>> for KeyBuf {
    fn from(key: KeyRef<'_>) -> Self {
        Self { segment: key.segment.into(), kind: key.kind.into(), version: key.version }
    }
}

impl FromStr for KeyBuf {
    type Err = ParseKeyError;

    fn from_str(text: &str) -> Result<Self, ParseKeyError> {
        Self::parse(text)
    }
}

impl AsKeyRef for KeyBuf {
    fn key_ref(&self) -> KeyRef<'_> {
        self.key_ref()
    }
}

impl AsKeyRef for KeyRef<'_> {
    fn key_ref(&self) -> KeyRef<'_> {
        *self
    }
}

impl<'a> Borrow<dyn AsKeyRef + 'a> for KeyBuf {
    fn borrow(&self) -> &(dyn AsKeyRef + 'a) {
        self
    }
}

impl PartialEq for dyn AsKeyRef + '_ {
    fn eq(&self, other: &Self) -> bool {
        self.key_ref() == other.key_ref()
    }
}

impl Eq for dyn AsKeyRef + '_ {}

impl PartialOrd for dyn AsKeyRef + '_ {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for dyn AsKeyRef + '_ {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key_ref().cmp(&other.key_ref())
    }
}

impl Hash for dyn AsKeyRef + '_ {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key_ref().hash(state);
    }
}

/// As [`KeyRef`]'s.
impl fmt::Display for KeyBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.key_ref().fmt(f)
    }
}
