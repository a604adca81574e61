//! What is not there, and what may not be written.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::error::Error;
use core::fmt;
use core::panic::Location;

use super::state::{MOST_VERSIONS, VersionReq};
use crate::registry::key::{FamilyName, ParseKeyError, VTableKey};

/// The longest name that an error keeps, in bytes.
const LONGEST: usize = 64;

/// What was asked for and is not there. It owns its names, cut at 64 bytes each, since the text they came from may be
/// gone and may have been of any length.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Asked {
    /// The subsystem.
    pub segment: Box<str>,
    /// The family of tasks.
    pub kind: Box<str>,
    /// Which version of it.
    pub version: VersionReq,
}

/// Why a look-up found nothing. All of it was true at one instant of the look-up. Costs: at most three allocations, of
/// 640 bytes together.
///
/// A worker leaves what is unknown to others, who may be newer programs; finishes what is draining; and gives up what is
/// retired.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LookupError {
    /// No family has this name.
    UnknownFamily {
        /// What was asked for.
        asked: Asked,
    },
    /// The family has no version that fits.
    UnknownVersion {
        /// What was asked for.
        asked: Asked,
        /// The versions that it has, draining ones too.
        versions: Vec<u16>,
    },
    /// What would fit is draining: new work goes elsewhere. Its exact key still finds it.
    Draining {
        /// What was asked for.
        asked: Asked,
        /// The version that is draining.
        version: u16,
        /// Where new work should go.
        successor: Option<u16>,
    },
    /// This very key was registered here once, and is gone. Unlike unknown work, it will not become known by waiting for
    /// a newer program. A family remembers so many of these that they are 256 together with the versions that it has,
    /// the highest ones; what it has forgotten is unknown.
    Retired {
        /// What was asked for.
        asked: Asked,
        /// The versions that are left.
        versions: Vec<u16>,
    },
}

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

impl Asked {
    pub(super) fn new(name: FamilyName<'_>, version: VersionReq) -> Self {
        Self { segment: cut(name.segment), kind: cut(name.kind), version }
    }
}

/// At most [`LONGEST`] bytes of `name`, a mark of the cut included.
fn cut(name: &str) -> Box<str> {
    const MARK: &str = "…";
    if name.len() <= LONGEST {
        return name.into();
    }
    let end = (0..=LONGEST - MARK.len()).rfind(|end| name.is_char_boundary(*end)).unwrap_or(0);
    [&name[..end], MARK].concat().into()
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = FamilyName { segment: &self.segment, kind: &self.kind };
        match &self.version {
            VersionReq::Exact(version) => write!(f, "{name}@v{version}"),
            VersionReq::AtMost(version) => write!(f, "{name} at most v{version}"),
            VersionReq::AtLeast(version) => write!(f, "{name} at least v{version}"),
            VersionReq::Within(range) => write!(f, "{name} from v{} to v{}", range.start(), range.end()),
            VersionReq::Preferred => name.fmt(f),
        }
    }
}

/// `v1, v2 are`, or that none is; of very many the highest.
struct Versions<'a>(&'a [u16]);

/// So many versions are listed at most.
const LISTED: usize = 16;

impl fmt::Display for Versions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [versions @ .., last] = self.0 else { return f.write_str("none is") };
        let left_out = self.0.len().saturating_sub(LISTED);
        if left_out > 0 {
            write!(f, "{left_out} more, ")?;
        }
        versions[left_out..].iter().try_for_each(|version| write!(f, "v{version}, "))?;
        write!(f, "v{last} {}", if versions.is_empty() { "is" } else { "are" })
    }
}

impl fmt::Display for LookupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownFamily { asked } => {
                write!(f, "nothing is registered under {asked}: no family has this name")
            }
            Self::UnknownVersion { asked, versions } => {
                write!(f, "nothing is registered under {asked}; {} registered", Versions(versions))
            }
            Self::Draining { asked, version, successor } => {
                write!(f, "{asked} would be v{version}, which is draining")?;
                successor.map_or(Ok(()), |successor| write!(f, "; v{successor} succeeds it"))
            }
            Self::Retired { asked, versions } => write!(f, "{asked} is retired; {} registered", Versions(versions)),
        }
    }
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
            Self::AliasTaken(alias) => write!(f, "{alias} is taken: it is a family, or leads to another one"),
            Self::UnknownAlias(alias) => write!(f, "{alias} is no alias of the family"),
            Self::BadName { name, .. } => write!(f, "{name} is no name of keys"),
            Self::UnknownVersion { version } => write!(f, "the family has no v{version}"),
            Self::PreferredDrains { version } => write!(f, "v{version} is draining, and cannot be preferred"),
            Self::TooManyVersions => write!(f, "the family would have more than {MOST_VERSIONS} versions"),
            Self::Contended => f.write_str("the family was changed during every run of the update's closure"),
        }
    }
}

impl Error for LookupError {}

impl Error for RegisterError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        let Self::Refused { error, .. } = self else { return None };
        Some(error)
    }
}

impl Error for UpdateError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        let Self::BadName { error, .. } = self else { return None };
        Some(error)
    }
}
