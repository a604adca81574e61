//! The engine of a registry: look-ups that wait for nobody, and writers that take turns.
//!
//! ```text
//!  key ──hash──► keys: Index<Slot> ──► Slot ──► Node (table, factory)          exact look-ups: the whole key
//!                                                 ▲
//!  name ─hash──► families: Index<FamilyNode> ──► Snapshot (versions, preferred) resolve, aliases, and what is missing
//! ```
//!
//! At every instant each version of a published snapshot is in the table of keys: a writer publishes slots first, then
//! the snapshot, then empties the slots of what was removed.

use alloc::vec::Vec;

use super::error::{Asked, LookupError};
use super::index::Index;
use super::manifest::ManifestEntry;
use super::node::{Node, Slot};
use super::snapshot::{FamilyNode, Snapshot, VersionReq, VersionState};
use super::turn::Turn;
use super::versions::Version;
use super::writer::Books;
use crate::registry::hash::Names;
use crate::registry::key::KeyRef;
use crate::sync::{AtomicUsize, Ordering};

/// # Invariants
///
/// 1. Slots, families, snapshots and nodes live until the catalog is dropped.
/// 2. They are written by the holder of the turn alone.
pub(super) struct Catalog<C: 'static> {
    pub(super) keys: Index<Slot<C>>,
    pub(super) families: Index<FamilyNode<C>>,
    /// Every segment once: what tells an unknown segment from an unknown kind.
    pub(super) segments: Index<&'static str>,
    /// The longest name; a longer one is not even hashed.
    pub(super) longest: AtomicUsize,
    /// How many aliases there are; without any, a miss is one look-up.
    pub(super) aliases: AtomicUsize,
    pub(super) turn: Turn<Books<C>>,
    pub(super) generation: AtomicUsize,
}

/// Sizes that a registry tells.
pub(super) struct Sizes {
    pub(super) keys: usize,
    pub(super) families: usize,
    pub(super) longest_run: usize,
    pub(super) retained: usize,
}

/// Everything is `const` outside loom's models, whose atomics are not.
macro_rules! const_outside_loom {
    ($(#[$attribute:meta])* $visibility:vis fn $name:ident() -> Self $body:block) => {
        $(#[$attribute])*
        #[cfg(not(loom))]
        $visibility const fn $name() -> Self $body
        $(#[$attribute])*
        #[cfg(loom)]
        $visibility fn $name() -> Self $body
    };
}
pub(super) use const_outside_loom;

impl<C> Catalog<C> {
    const_outside_loom! {
        pub(super) fn new() -> Self {
            Self {
                keys: Index::new(),
                families: Index::new(),
                segments: Index::new(),
                longest: AtomicUsize::new(0),
                aliases: AtomicUsize::new(0),
                turn: Turn::new(Books::new()),
                generation: AtomicUsize::new(0),
            }
        }
    }

    /// The slot of a whole key. Allocates nothing.
    #[inline]
    pub(super) fn slot(&self, key: KeyRef<'_>) -> Option<&Slot<C>> {
        if self.is_too_long(key.segment, key.kind) {
            return None;
        }
        self.known_slot(&Names::of(key.segment, key.kind), key.version)
    }

    #[expect(
        clippy::inline_always,
        reason = "else the words of the names go through memory, and are read as vectors"
    )]
    #[inline(always)]
    pub(super) fn known_slot(&self, names: &Names<'_>, version: u16) -> Option<&Slot<C>> {
        self.keys.find(names.version(version), |slot| slot.is(names, version))
    }

    /// What is registered under a key, or under the family that its name is an alias of. Allocates nothing.
    #[inline]
    pub(super) fn find(&self, key: KeyRef<'_>) -> Option<&Node<C>> {
        match self.slot(key).and_then(Slot::current) {
            Some(node) => Some(node),
            // Relaxed, as for the longest name.
            None if self.aliases.load(Ordering::Relaxed) == 0 => None,
            None => self.find_behind_alias(key),
        }
    }

    #[cold]
    fn find_behind_alias(&self, key: KeyRef<'_>) -> Option<&Node<C>> {
        let family = self.family(key.segment, key.kind)?;
        let snapshot = family.real().snapshot()?;
        Some(self.node(snapshot.versions.get(key.version)?))
    }

    /// The family of a name, or the alias.
    #[inline]
    pub(super) fn family(&self, segment: &str, kind: &str) -> Option<&FamilyNode<C>> {
        if self.is_too_long(segment, kind) {
            return None;
        }
        let names = Names::of(segment, kind);
        self.families.find(names.family(), |family| family.is(&names))
    }

    /// The node that a family's current state has for a request.
    #[inline]
    pub(super) fn resolve(&self, segment: &str, kind: &str, wanted: &VersionReq) -> Result<&Node<C>, LookupError> {
        let family = self.family(segment, kind).map(FamilyNode::real);
        let snapshot = family.and_then(FamilyNode::snapshot);
        match snapshot.map(|snapshot| snapshot.pick(wanted)) {
            Some(Ok(version)) => Ok(self.node(version)),
            _ => Err(self.explain((segment, kind, wanted), family, snapshot)),
        }
    }

    /// [`find`](Self::find), with the reason.
    #[inline]
    pub(super) fn look_up(&self, key: KeyRef<'_>) -> Result<&Node<C>, LookupError> {
        self.find(key).map_or_else(|| self.look_again(key), Ok)
    }

    /// What was not there a moment ago may be now; what is said instead is true of the state that is looked at.
    #[cold]
    fn look_again(&self, key: KeyRef<'_>) -> Result<&Node<C>, LookupError> {
        self.resolve(key.segment, key.kind, &VersionReq::Exact(key.version))
    }

    /// Why a state has nothing for a request.
    #[cold]
    fn explain(
        &self,
        (segment, kind, wanted): (&str, &str, &VersionReq),
        family: Option<&FamilyNode<C>>,
        snapshot: Option<&Snapshot<C>>,
    ) -> LookupError {
        let asked = Asked::new(segment, kind, wanted.clone());
        let Some(family) = family else {
            let known = self.segments.find(Names::of(segment, "").family(), |known| *known == segment).is_some();
            return if known { LookupError::UnknownKind { asked } } else { LookupError::UnknownSegment { asked } };
        };
        let Some(snapshot) = snapshot else {
            return LookupError::UnknownVersion { asked, versions: Vec::new() };
        };
        let versions: Vec<u16> = snapshot.versions.iter().map(|known| known.number).collect();
        // A slot that is not empty is being registered now.
        let is_gone = |version| {
            let slot = self.slot(KeyRef { segment: family.segment, kind: family.kind, version });
            slot.is_some_and(|slot| slot.current().is_none())
        };
        if versions.is_empty() || matches!(asked.version, VersionReq::Exact(version) if is_gone(version)) {
            return LookupError::Retired { asked, versions };
        }
        match snapshot.pick(&asked.version) {
            Err(Some(&Version { number: version, state: VersionState::Draining { successor }, .. })) => {
                LookupError::Draining { asked, version, successor }
            }
            _ => LookupError::UnknownVersion { asked, versions },
        }
    }

    /// All that is registered now, in no order; each key as it is when it is met.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Node<C>> {
        self.keys.iter().filter_map(Slot::current)
    }

    pub(super) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire) as u64
    }

    pub(super) fn manifest(&self) -> Vec<ManifestEntry> {
        let mut all = Vec::new();
        for snapshot in self.families.iter().filter_map(FamilyNode::snapshot) {
            let preferred = snapshot.pick(&VersionReq::Preferred).ok().map(|version| version.number);
            all.extend(snapshot.versions.iter().map(|version| {
                let node = self.node(version);
                ManifestEntry {
                    key: node.record().key(),
                    state: version.state,
                    preferred: preferred == Some(version.number),
                    type_name: node.record().table().type_name(),
                    has_factory: node.factory().is_some(),
                }
            }));
        }
        all.sort_unstable_by_key(|entry| entry.key);
        all
    }

    #[inline]
    #[expect(clippy::unused_self, reason = "it lends its lifetime")]
    pub(super) fn node(&self, version: &Version<C>) -> &Node<C> {
        // SAFETY: invariant 1 of `Snapshot`: it lives as long as the catalog, which is borrowed.
        unsafe { version.node.as_ref() }
    }

    fn is_too_long(&self, segment: &str, kind: &str) -> bool {
        // Relaxed: who knows of a registration by other means has a happens-before edge to its store.
        segment.len().max(kind.len()) > self.longest.load(Ordering::Relaxed)
    }

    pub(super) fn sizes(&self) -> Sizes {
        let retained = self.turn.take().retained;
        let (keys, families, segments) = (self.keys.shape(), self.families.shape(), self.segments.shape());
        Sizes {
            keys: self.iter().count(),
            families: self.families.iter().filter(|family| !family.is_alias()).count(),
            longest_run: keys.longest_run.max(families.longest_run).max(segments.longest_run),
            retained: retained + keys.retained + families.retained + segments.retained,
        }
    }
}
