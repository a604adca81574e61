//! The engine of a registry: look-ups that wait for nobody.
//!
//! ```text
//!  segment/kind ──hash──► Index ──► Name ──► State: versions in order, preferred ──► Node (table, factory)
//!                                    └── alias ──► Name
//! ```
//!
//! There is one table, so an exact key and a request cannot disagree.
#![expect(clippy::inline_always, reason = "else the words of the names go through memory, and are read as vectors")]

use alloc::vec::Vec;

use super::error::{Asked, LookupError};
use super::index::{Index, OwnedArray};
use super::node::{Node, OwnedNode};
use super::state::{Name, OwnedState, Snapshot, Version, VersionReq, VersionState, numbered, told};
use crate::registry::hash::Names;
use crate::registry::key::{FamilyName, VTableKey};
use crate::sync::turn::Turn;
use crate::sync::{AtomicUsize, Ordering, const_fn};

/// # Invariants
///
/// 1. Names, their states and nodes live until the catalog is dropped.
/// 2. They are written by the holder of the turn alone.
pub(super) struct Catalog {
    /// Before its arrays, which are dropped after it.
    pub(super) names: Index<Name>,
    /// The longest name; a longer one is not even hashed.
    pub(super) longest: AtomicUsize,
    pub(super) writers: Writers,
}

/// What writers write stands apart from what every look-up reads.
#[repr(align(128))] // two cache lines, as some processors fetch pairs
pub(super) struct Writers {
    pub(super) turn: Turn<Books>,
    pub(super) generation: AtomicUsize,
    /// Not 0 once nothing may be written.
    pub(super) frozen: AtomicUsize,
}

/// What is kept until the registry is dropped, for readers who may still be there and tasks that may live.
pub(super) struct Books {
    pub(super) nodes: Vec<OwnedNode>,
    pub(super) states: Vec<OwnedState>,
    pub(super) arrays: Vec<OwnedArray<Name>>,
    /// How many names are in the index.
    pub(super) length: usize,
    /// Bytes of the states that only earlier readers can still see.
    pub(super) outdated: usize,
}

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
    const_fn! {
        pub(super) fn new() -> Self {
            let books = Books { nodes: Vec::new(), states: Vec::new(), arrays: Vec::new(), length: 0, outdated: 0 };
            let (generation, frozen) = (AtomicUsize::new(0), AtomicUsize::new(0));
            let writers = Writers { turn: Turn::new(books), generation, frozen };
            Self { names: Index::new(), longest: AtomicUsize::new(0), writers }
        }
    }

    /// The family of a name, or the alias. Allocates nothing.
    #[inline(always)]
    pub(super) fn name(&self, name: FamilyName<'_>) -> Option<&Name> {
        // Relaxed: who knows of a registration by other means has a happens-before edge to its store.
        if name.segment.len().max(name.kind.len()) > self.longest.load(Ordering::Relaxed) {
            return None;
        }
        let names = Names::of(name);
        self.names.find(names.hash(0), |name| name.names.are(&names))
    }

    /// What the state that a name leads to has for a request.
    #[inline(always)] // which request it is mostly is known where it is made
    pub(super) fn resolve(&self, name: FamilyName<'_>, wanted: &VersionReq) -> Result<&Node, LookupError> {
        let snapshot = self.name(name).and_then(Name::current);
        match snapshot.map(|snapshot| snapshot.pick(wanted)) {
            Some(Ok(node)) => Ok(node),
            _ => Err(explain(name.segment, name.kind, wanted, snapshot)),
        }
    }

    /// All that is registered now, in no order; each family as it is when it is met.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Node> {
        self.names.iter().filter_map(Name::own).flat_map(|own| own.living().map(|(_, node)| node))
    }

    /// All aliases in order; each as it is when it is met.
    pub(super) fn aliases(&self) -> Vec<Alias> {
        let leads = |name: &Name| Some(Alias { alias: name.names.name, family: name.own()?.real()?.names.name });
        let mut all: Vec<_> = self.names.iter().filter_map(leads).collect();
        all.sort_unstable();
        all
    }

    /// Bytes that are kept for readers who may still be there.
    pub(super) fn retained(&self) -> usize {
        let books = self.writers.turn.take();
        let arrays: usize = books.arrays.iter().rev().skip(1).map(|array| size_of_val(array.items())).sum();
        let nodes = books.nodes.len() - self.iter().count();
        arrays + books.outdated + nodes * size_of::<Node>()
    }
}

/// Why a state has nothing for a request.
#[cold]
fn explain(segment: &str, kind: &str, wanted: &VersionReq, snapshot: Option<Snapshot<'_>>) -> LookupError {
    let asked = Asked::new(FamilyName { segment, kind }, wanted.clone());
    let Some(snapshot) = snapshot else { return LookupError::UnknownFamily { asked } };
    if let Err(Some(&Version { number, state: VersionState::Draining { successor }, .. })) = snapshot.pick(wanted) {
        return LookupError::Draining { asked, version: number, successor };
    }
    let mut versions = Vec::with_capacity(told(snapshot.versions()).count());
    versions.extend(told(snapshot.versions()).map(|(number, _)| number));
    // It is not there, so if it is known, it is gone.
    let is_gone = matches!(*wanted, VersionReq::Exact(number) if numbered(snapshot.versions(), number).is_some());
    if is_gone { LookupError::Retired { asked, versions } } else { LookupError::UnknownVersion { asked, versions } }
}
