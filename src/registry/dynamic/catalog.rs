//! The engine of a registry: look-ups that wait for nobody.
//!
//! ```text
//!  segment/kind ──hash──► Index ──► Name ──► State: versions in order, preferred ──► Node (table, factory)
//!                                    └── alias ──► Name
//! ```
//!
//! There is one table, so an exact key and a request cannot disagree.

use alloc::vec::Vec;

use super::index::{Index, OwnedArray};
use super::lookup_error::{Asked, LookupError};
use super::name::{Name, OwnedState, Snapshot};
use super::node::Node;
use super::owner::Owner;
use super::versions::{Version, VersionReq, VersionState, numbered};
use crate::registry::hash::Names;
use crate::registry::key::FamilyName;
use crate::sync::turn::Turn;
use crate::sync::{AtomicUsize, Ordering};

/// # Invariants
///
/// 1. Names, their states and nodes live until the catalog is dropped.
/// 2. They are written by the holder of the turn alone.
pub(super) struct Catalog {
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
    pub(super) nodes: Vec<Owner<Node>>,
    /// All that is in the index.
    pub(super) names: Vec<Owner<Name>>,
    pub(super) states: Vec<OwnedState>,
    pub(super) arrays: Vec<OwnedArray<Name>>,
    /// Bytes of all these that only earlier readers can still see.
    pub(super) retained: usize,
}

impl Catalog {
    const_outside_loom! {
        pub(super) fn new() -> Self {
            let books = Books {
                nodes: Vec::new(),
                names: Vec::new(),
                states: Vec::new(),
                arrays: Vec::new(),
                retained: 0,
            };
            let (generation, frozen) = (AtomicUsize::new(0), AtomicUsize::new(0));
            let writers = Writers { turn: Turn::new(books), generation, frozen };
            Self { names: Index::new(), longest: AtomicUsize::new(0), writers }
        }
    }

    /// The family of a name, or the alias. Allocates nothing.
    #[expect(clippy::inline_always, reason = "as in `current`")]
    #[inline(always)]
    pub(super) fn name(&self, name: FamilyName<'_>) -> Option<&Name> {
        // Relaxed: who knows of a registration by other means has a happens-before edge to its store.
        if name.segment.len().max(name.kind.len()) > self.longest.load(Ordering::Relaxed) {
            return None;
        }
        let names = Names::of(name.segment, name.kind);
        self.names.find(names.family(), |name| name.names().are(&names))
    }

    /// The state that a name leads to. Allocates nothing.
    #[expect(
        clippy::inline_always,
        reason = "else the words of the names go through memory, and are read as vectors"
    )]
    #[inline(always)]
    pub(super) fn current(&self, name: FamilyName<'_>) -> Option<Snapshot<'_>> {
        self.name(name)?.current()
    }

    /// What the state that a name leads to has for a request.
    #[expect(clippy::inline_always, reason = "which request it is mostly is known where it is made")]
    #[inline(always)]
    pub(super) fn resolve(&self, name: FamilyName<'_>, wanted: &VersionReq) -> Result<&Node, LookupError> {
        let snapshot = self.current(name);
        match snapshot.map(|snapshot| snapshot.pick(wanted)) {
            Some(Ok(node)) => Ok(node),
            _ => Err(explain(name, wanted, snapshot)),
        }
    }

    /// All that is registered now, in no order; each family as it is when it is met.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Node> {
        let states = self.names.iter().filter_map(Name::own);
        states.flat_map(|own| own.living().map(|(_, node)| node))
    }

    pub(super) fn generation(&self) -> u64 {
        self.writers.generation.load(Ordering::Acquire) as u64
    }

    /// Bytes that are kept for readers who may still be there.
    pub(super) fn retained(&self) -> usize {
        self.writers.turn.take().retained
    }
}

/// Why a state has nothing for a request.
#[cold]
fn explain(name: FamilyName<'_>, wanted: &VersionReq, snapshot: Option<Snapshot<'_>>) -> LookupError {
    let asked = Asked::new(name, wanted.clone());
    let Some(snapshot) = snapshot.filter(|snapshot| snapshot.head().is_family) else {
        return LookupError::UnknownFamily { asked };
    };
    if let Err(Some(&Version { number, state: VersionState::Draining { successor }, .. })) = snapshot.pick(wanted) {
        return LookupError::Draining { asked, version: number, successor };
    }
    let mut versions = Vec::with_capacity(snapshot.living().count());
    versions.extend(snapshot.living().map(|(version, _)| version.number));
    match *wanted {
        // It is not there, so if it is known, it is gone.
        VersionReq::Exact(number) if numbered(snapshot.versions(), number).is_some() => {
            LookupError::Retired { asked, versions }
        }
        _ => LookupError::UnknownVersion { asked, versions },
    }
}
