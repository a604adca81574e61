//! What goes wrong with a registry, and what is given back.

use alloc::boxed::Box;
use alloc::string::String;
use core::any::type_name;
use core::error::Error;
use core::fmt;
use core::panic::Location;

use super::key::{KeyRef, ParseKeyError, VTableKey};

/// The longest name that an error keeps, in bytes.
const LONGEST: usize = 64;

/// A key that was asked for and is not there. It owns its names, cut at 64 bytes each, since the text it came from
/// may be gone and may have been of any length.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AskedKey {
    /// The subsystem.
    pub segment: Box<str>,
    /// The family of tasks.
    pub kind: Box<str>,
    /// The version of the family's protocol.
    pub version: u16,
}

/// Why [`VTableRegistry::try_register`](super::VTableRegistry::try_register) refused.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RegisterError {
    /// The key is taken.
    Taken {
        /// The key.
        key: VTableKey,
        /// The type that holds it.
        registered: &'static str,
        /// Where that was registered.
        registered_at: &'static Location<'static>,
        /// The type that was refused.
        given: &'static str,
        /// Where that was tried.
        given_at: &'static Location<'static>,
    },
    /// The key has a name that no key has.
    BadKey {
        /// The key.
        key: VTableKey,
        /// What is wrong with it.
        error: ParseKeyError,
    },
}

/// Why no [`RegisteredTask`](super::RegisteredTask) was made. The task comes back in every case.
#[non_exhaustive]
pub enum NewTaskError<T> {
    /// Nothing is registered under the key.
    Unknown {
        /// The key.
        key: VTableKey,
        /// The task.
        task: Box<T>,
    },
    /// The key is of another type.
    WrongType {
        /// The key.
        key: VTableKey,
        /// The type that holds it.
        registered: &'static str,
        /// The task.
        task: Box<T>,
    },
    /// The key's table is of this type, but of tasks that stand in no box
    /// ([`TaskVTable::of_released`](crate::TaskVTable::of_released)).
    NotBoxed {
        /// The key.
        key: VTableKey,
        /// The task.
        task: Box<T>,
    },
}

/// Why [`VTableRegistry::build`](super::VTableRegistry::build) made no task.
#[derive(Debug)]
#[non_exhaustive]
pub enum BuildError {
    /// Nothing is registered under the key.
    Unknown {
        /// The key.
        key: AskedKey,
    },
    /// A table is registered under the key, but no factory.
    NoFactory {
        /// The key.
        key: VTableKey,
        /// The type that holds it.
        registered: &'static str,
    },
    /// The factory refused the bytes.
    Factory {
        /// The key.
        key: VTableKey,
        /// What it said.
        error: Box<dyn Error + Send + Sync>,
    },
}

impl<T> NewTaskError<T> {
    /// The task that was given.
    #[must_use]
    pub fn into_task(self) -> Box<T> {
        match self {
            Self::Unknown { task, .. } | Self::WrongType { task, .. } | Self::NotBoxed { task, .. } => task,
        }
    }
}

impl From<KeyRef<'_>> for AskedKey {
    fn from(key: KeyRef<'_>) -> Self {
        Self { segment: cut(key.segment), kind: cut(key.kind), version: key.version }
    }
}

/// At most [`LONGEST`] bytes of `name`, a mark of the cut included.
fn cut(name: &str) -> Box<str> {
    const MARK: char = '…';
    if name.len() <= LONGEST {
        return name.into();
    }
    let mut end = LONGEST - MARK.len_utf8();
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    let mut short = String::with_capacity(LONGEST);
    short.push_str(&name[..end]);
    short.push(MARK);
    short.into()
}

impl fmt::Display for AskedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        KeyRef { segment: &self.segment, kind: &self.kind, version: self.version }.fmt(f)
    }
}

impl fmt::Display for RegisterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Taken { key, registered, registered_at, given, given_at } => {
                write!(f, "{key} is {registered}, registered at {registered_at}; it was to be {given} at {given_at}")
            }
            Self::BadKey { key, error } => write!(f, "{key} cannot be registered: {error}"),
        }
    }
}

impl<T> fmt::Display for NewTaskError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let given = type_name::<T>();
        match self {
            Self::Unknown { key, .. } => write!(f, "nothing is registered under {key}; the task is {given}"),
            Self::WrongType { key, registered, .. } => write!(f, "{key} is {registered}; the task is {given}"),
            Self::NotBoxed { key, .. } => write!(f, "{key} is {given} in memory of its own; the task is in a box"),
        }
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { key } => write!(f, "nothing is registered under {key}"),
            Self::NoFactory { key, registered } => write!(f, "{key} is {registered}, registered without a factory"),
            Self::Factory { key, error } => write!(f, "the factory of {key} failed: {error}"),
        }
    }
}

/// Without the task, which need not be `Debug`.
impl<T> fmt::Debug for NewTaskError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, key) = match self {
            Self::Unknown { key, .. } => ("Unknown", key),
            Self::WrongType { key, .. } => ("WrongType", key),
            Self::NotBoxed { key, .. } => ("NotBoxed", key),
        };
        f.debug_struct(name).field("key", key).field("given", &type_name::<T>()).finish_non_exhaustive()
    }
}

impl Error for RegisterError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::BadKey { error, .. } => Some(error),
            Self::Taken { .. } => None,
        }
    }
}

impl<T> Error for NewTaskError<T> {}

impl Error for BuildError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Factory { error, .. } => Some(&**error),
            _ => None,
        }
    }
}
