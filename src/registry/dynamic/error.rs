//! What goes wrong with a registry, and what is given back.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::any::type_name;
use core::error::Error;
use core::fmt;
use core::panic::Location;

use super::snapshot::VersionReq;
use super::writer::{MOST_VERSIONS, Refusal};
use crate::registry::key::{KeyRef, ParseKeyError, VTableKey};

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

/// Why a look-up found nothing. Made on that path alone; what it says was true at some instant after the look-up.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LookupError {
    /// No family has this segment.
    UnknownSegment {
        /// What was asked for.
        asked: Asked,
    },
    /// The segment has no family of this name.
    UnknownKind {
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
    /// The version was registered once, or versions of this family were, and is gone. Unlike unknown work, this will not
    /// become known by waiting for a newer program.
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
    /// The name is an alias.
    Alias {
        /// The key.
        key: VTableKey,
        /// The family that the name leads to.
        segment: &'static str,
        /// The family that the name leads to.
        kind: &'static str,
    },
    /// The family has 4 096 versions, and takes no more.
    TooManyVersions {
        /// The key.
        key: VTableKey,
    },
    /// The registry is frozen.
    Frozen {
        /// The key.
        key: VTableKey,
    },
}

/// Why [`Family::update`](super::Family::update) changed nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum UpdateError {
    /// The registry is frozen.
    Frozen,
    /// The family's name is an alias of this one's.
    Alias {
        /// The family that the name leads to.
        segment: &'static str,
        /// The family that the name leads to.
        kind: &'static str,
    },
    /// The alias has a family of its own, or leads to another one.
    AliasTaken {
        /// The alias.
        segment: &'static str,
        /// The alias.
        kind: &'static str,
    },
    /// A new version or an alias would have a name that no key has.
    BadName {
        /// The segment.
        segment: &'static str,
        /// The kind.
        kind: &'static str,
        /// What is wrong with one of them.
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
    /// The family would have more than 4 096 versions.
    TooManyVersions,
}

/// Why no [`RegisteredTask`](super::RegisteredTask) was made. The task comes back in every case.
#[non_exhaustive]
pub enum NewTaskError<T> {
    /// Nothing is registered under the key.
    Lookup {
        /// What is there instead.
        error: LookupError,
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
    Lookup(LookupError),
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
            Self::Lookup { task, .. } | Self::WrongType { task, .. } | Self::NotBoxed { task, .. } => task,
        }
    }
}

impl RegisterError {
    /// `given` is what was to be registered, and where.
    pub(super) fn of<C>(
        refusal: &Refusal<'_, C>,
        key: VTableKey,
        given: (&'static str, &'static Location<'static>),
    ) -> Self {
        match refusal {
            Refusal::Taken(before) => Self::Taken {
                key,
                registered: before.record().table().type_name(),
                registered_at: before.place(),
                given: given.0,
                given_at: given.1,
            },
            Refusal::Alias(real) => Self::Alias { key, segment: real.segment, kind: real.kind },
            Refusal::TooManyVersions => Self::TooManyVersions { key },
            // The other two are an update's.
            Refusal::Frozen | Refusal::AliasTaken(..) | Refusal::Outdated => Self::Frozen { key },
        }
    }
}

impl Asked {
    pub(super) fn new(segment: &str, kind: &str, version: VersionReq) -> Self {
        Self { segment: cut(segment), kind: cut(kind), version }
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

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// The names as in a key, quoted where no key has them.
        struct Names<'a>(&'a str, &'a str);

        impl fmt::Display for Names<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let Self(segment, kind) = *self;
                match (KeyRef { segment, kind, version: 0 }).check() {
                    Ok(()) => write!(f, "{segment}/{kind}"),
                    Err(_) => write!(f, "{segment:?}/{kind:?}"),
                }
            }
        }

        let Self { segment, kind, version } = self;
        let names = Names(segment, kind);
        match version {
            VersionReq::Exact(version) => KeyRef { segment, kind, version: *version }.fmt(f),
            VersionReq::AtMost(version) => write!(f, "{names} at most v{version}"),
            VersionReq::AtLeast(version) => write!(f, "{names} at least v{version}"),
            VersionReq::Within(range) => write!(f, "{names} from v{} to v{}", range.start(), range.end()),
            VersionReq::Preferred => names.fmt(f),
        }
    }
}

/// `v1, v2 are`, or that none is; of very many the lowest and the highest.
struct Versions<'a>(&'a [u16]);

/// So many versions are listed at most at each end.
const LISTED: usize = 8;

impl fmt::Display for Versions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, rest @ ..] = self.0 else { return f.write_str("none is") };
        let list = |f: &mut fmt::Formatter<'_>, versions: &[u16]| {
            versions.iter().try_for_each(|version| write!(f, ", v{version}"))
        };
        let left_out = self.0.len().saturating_sub(2 * LISTED);
        write!(f, "v{first}")?;
        if left_out == 0 {
            list(f, rest)?;
        } else {
            list(f, &rest[..LISTED - 1])?;
            write!(f, ", {left_out} more")?;
            list(f, &rest[rest.len() - LISTED..])?;
        }
        f.write_str(if rest.is_empty() { " is" } else { " are" })
    }
}

impl fmt::Display for LookupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownSegment { asked } => {
                write!(f, "nothing is registered under {asked}: no family has the segment {:?}", asked.segment)
            }
            Self::UnknownKind { asked } => {
                write!(f, "nothing is registered under {asked}: the segment has no kind {:?}", asked.kind)
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
            Self::BadKey { key, error } => write!(f, "{key} cannot be registered: {error}"),
            Self::Alias { key, segment, kind } => {
                write!(f, "{key} cannot be registered: its name is an alias of {segment}/{kind}")
            }
            Self::TooManyVersions { key } => {
                write!(f, "{key} cannot be registered: its family has {MOST_VERSIONS} versions")
            }
            Self::Frozen { key } => write!(f, "{key} cannot be registered: the registry is frozen"),
        }
    }
}

impl<T> fmt::Display for NewTaskError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let given = type_name::<T>();
        match self {
            Self::Lookup { error, .. } => write!(f, "{error}; the task is {given}"),
            Self::WrongType { key, registered, .. } => write!(f, "{key} is {registered}; the task is {given}"),
            Self::NotBoxed { key, .. } => write!(f, "{key} is {given} in memory of its own; the task is in a box"),
        }
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lookup(error) => error.fmt(f),
            Self::NoFactory { key, registered } => write!(f, "{key} is {registered}, registered without a factory"),
            Self::Factory { key, error } => write!(f, "the factory of {key} failed: {error}"),
        }
    }
}

/// Without the task, which need not be `Debug`.
impl<T> fmt::Debug for NewTaskError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, key): (_, &dyn fmt::Debug) = match self {
            Self::Lookup { error, .. } => ("Lookup", error),
            Self::WrongType { key, .. } => ("WrongType", key),
            Self::NotBoxed { key, .. } => ("NotBoxed", key),
        };
        f.debug_struct(name).field("key", key).field("given", &type_name::<T>()).finish_non_exhaustive()
    }
}

impl fmt::Display for UpdateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Frozen => f.write_str("the registry is frozen"),
            Self::Alias { segment, kind } => write!(f, "the name is an alias of {segment}/{kind}"),
            Self::AliasTaken { segment, kind } => {
                write!(f, "{segment}/{kind} cannot be an alias: it is a family, or leads to another one")
            }
            Self::BadName { segment, kind, error } => write!(f, "{segment:?}/{kind:?} cannot be registered: {error}"),
            Self::UnknownVersion { version } => write!(f, "the family has no v{version}"),
            Self::PreferredDrains { version } => write!(f, "v{version} is draining, and cannot be preferred"),
            Self::TooManyVersions => write!(f, "the family would have more than {MOST_VERSIONS} versions"),
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

impl Error for LookupError {}

impl Error for RegisterError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::BadKey { error, .. } => Some(error),
            _ => None,
        }
    }
}

impl<T> Error for NewTaskError<T> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Lookup { error, .. } => Some(error),
            _ => None,
        }
    }
}

impl Error for BuildError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Factory { error, .. } => Some(&**error),
            Self::Lookup(error) => Some(error),
            Self::NoFactory { .. } => None,
        }
    }
}
