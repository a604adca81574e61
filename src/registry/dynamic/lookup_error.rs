//! What is not there.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::error::Error;
use core::fmt;

use super::versions::VersionReq;
use crate::registry::key::FamilyName;

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

impl Asked {
    pub(super) fn new(name: FamilyName<'_>, version: VersionReq) -> Self {
        Self { segment: cut(name.segment), kind: cut(name.kind), version }
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
        let Self { segment, kind, version } = self;
        let name = FamilyName { segment, kind };
        match version {
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

impl Error for LookupError {}
