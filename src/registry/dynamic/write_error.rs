//! Why nothing was written.

use core::error::Error;
use core::fmt;
use core::panic::Location;

use super::versions::MOST_VERSIONS;
use crate::registry::key::{FamilyName, ParseKeyError, VTableKey};

/// Why nothing was registered.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RegisterError {
    /// The key is taken by something else.
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
    /// It may not be written.
    Refused {
        /// The key.
        key: VTableKey,
        /// Why.
        error: UpdateError,
    },
}

/// Why a registry or a family was not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum UpdateError {
    /// The registry is frozen.
    Frozen,
    /// The family's name is an alias of this one's.
    Alias(FamilyName<'static>),
    /// This alias has a family of its own, or leads to another one.
    AliasTaken(FamilyName<'static>),
    /// This name is no alias of the family.
    UnknownAlias(FamilyName<'static>),
    /// A new version or an alias would have a name that no key has.
    BadName {
        /// The name.
        name: FamilyName<'static>,
        /// What is wrong with it.
        error: ParseKeyError,
    },
    /// The family has no such version.
    UnknownVersion {
        /// The version.
        version: u16,
    },
    /// The version is draining, so it cannot be preferred.
    PreferredDrains {
        /// The version.
        version: u16,
    },
    /// The family would have more than 256 versions.
    TooManyVersions,
    /// The family was changed by others during every run of the closure, or by the closure itself.
    Contended,
}

impl fmt::Display for RegisterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Taken { key, registered, registered_at, given, given_at } => {
                write!(f, "{key} is {registered}, registered at {registered_at}; it was to be {given} at {given_at}")
            }
            Self::Refused { key, .. } => write!(f, "{key} cannot be registered"),
        }
    }
}

impl fmt::Display for UpdateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Frozen => f.write_str("the registry is frozen"),
            Self::Alias(real) => write!(f, "the name is an alias of {real}"),
            Self::AliasTaken(alias) => {
                write!(f, "{alias} cannot be an alias: it is a family, or leads to another one")
            }
            Self::UnknownAlias(alias) => write!(f, "{alias} is no alias of the family"),
            Self::BadName { name, .. } => write!(f, "{name} is no name of keys"),
            Self::UnknownVersion { version } => write!(f, "the family has no v{version}"),
            Self::PreferredDrains { version } => write!(f, "v{version} is draining, and cannot be preferred"),
            Self::TooManyVersions => write!(f, "the family would have more than {MOST_VERSIONS} versions"),
            Self::Contended => f.write_str("the family was changed during every run of the update's closure"),
        }
    }
}

impl Error for RegisterError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Refused { error, .. } => Some(error),
            Self::Taken { .. } => None,
        }
    }
}

impl Error for UpdateError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::BadName { error, .. } => Some(error),
            _ => None,
        }
    }
}
