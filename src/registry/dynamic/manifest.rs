//! What a registry has, for others to read.

use alloc::vec::Vec;
use core::ptr;

use super::catalog::Catalog;
use super::name::Name;
use super::versions::{VersionReq, VersionState};
use crate::registry::key::{FamilyName, VTableKey};

/// One key of a [manifest](super::VTableRegistry::manifest).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ManifestEntry {
    /// The key. A [`KeyBuf`](crate::KeyBuf) is made of it, and its text is what other processes read.
    pub key: VTableKey,
    /// Whether new work should go to it.
    pub state: VersionState,
    /// Whether [`VersionReq::Preferred`] chooses it: one version of each family that has an active one.
    pub preferred: bool,
    /// The name of the task's type, for people.
    pub type_name: &'static str,
    /// Whether [`build`](super::VTableRegistry::build) can make it out of bytes.
    pub has_factory: bool,
}

/// A name that leads to a family of another name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct Alias {
    /// The name.
    pub alias: FamilyName<'static>,
    /// Where it leads.
    pub family: FamilyName<'static>,
}

impl Catalog {
    /// All keys in order; each family as it is when it is met.
    pub(super) fn manifest(&self) -> Vec<ManifestEntry> {
        let mut all = Vec::new();
        for own in self.names.iter().filter_map(Name::own) {
            let preferred = own.pick(&VersionReq::Preferred).ok();
            all.extend(own.living().map(|(version, node)| ManifestEntry {
                key: node.open().key(),
                state: version.state,
                preferred: preferred.is_some_and(|preferred| ptr::eq(preferred, node)),
                type_name: node.table().type_name(),
                has_factory: node.has_factory(),
            }));
        }
        all.sort_unstable_by_key(|entry| entry.key);
        all
    }

    /// All aliases in order; each as it is when it is met.
    pub(super) fn aliases(&self) -> Vec<Alias> {
        let leads = |name: &Name| {
            let family = name.own()?.real()?.names().family_name();
            Some(Alias { alias: name.names().family_name(), family })
        };
        let mut all: Vec<_> = self.names.iter().filter_map(leads).collect();
        all.sort_unstable();
        all
    }
}
