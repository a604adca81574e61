//! What a registry has, for others to read.

use crate::registry::dynamic::snapshot::VersionState;
use crate::registry::key::VTableKey;

/// One key of a [manifest](super::VTableRegistry::manifest).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ManifestEntry {
    /// The key. [`KeyBuf`](crate::KeyBuf) is made of it, and its text is what other processes read.
    pub key: VTableKey,
    /// Whether new work should go to it.
    pub state: VersionState,
    /// Whether [`VersionReq::Preferred`](crate::VersionReq::Preferred) chooses it: of each family that has an active version, one.
    pub preferred: bool,
    /// The name of the task's type, for people.
    pub type_name: &'static str,
    /// Whether [`build`](super::VTableRegistry::build) can make it out of bytes.
    pub has_factory: bool,
}
