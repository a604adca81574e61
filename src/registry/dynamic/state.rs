//! Names of families, and what each leads to now: one immutable state behind one pointer.

use core::marker::PhantomData;
use core::ops::RangeInclusive;
use core::ptr::{self, NonNull};

use super::block::{Block, OwnedBlock};
use super::node::Node;
use crate::registry::hash::Names;
use crate::registry::key::FamilyName;
use crate::sync::{AtomicPtr, Ordering};
use crate::task::TaskVTable;

/// Which version of a family is asked for. All but `Exact` choose among active versions alone.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum VersionReq {
    /// This one, also while it is draining.
    Exact(u16),
    /// The highest that is not above this one.
    AtMost(u16),
    /// The highest, if it is not below this one.
    AtLeast(u16),
    /// The highest between these two.
    Within(RangeInclusive<u16>),
    /// The one that the family prefers, or the highest where it prefers none.
    Preferred,
}

/// Whether new work should go to a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum VersionState {
    /// It should.
    Active,
    /// It should not; an exact key still finds it.
    Draining {
        /// Where work should go instead, for people; it need not be registered here.
        successor: Option<u16>,
    },
}

/// How many versions a family may have, and how many it remembers together with those that are gone.
pub(super) const MOST_VERSIONS: usize = 256;

/// A name that leads to versions, to another name, or to nothing.
///
/// # Invariants
///
/// 1. `state` is null where the name leads to nothing, or a state that was published whole. That lives as long as the
///    registry, as do all the older ones. So no two states of a name ever have one address.
/// 2. A name that was a family stays one.
#[repr(C)] // what a look-up reads first stands first
pub(super) struct Name {
    state: AtomicPtr<State>,
    pub(super) names: Names<'static>,
}

/// A state that a name was really in: where it leads, and the versions in order.
type State = Block<Head, Version>;
pub(super) type OwnedState = OwnedBlock<Head, Version>;

/// # Invariants
///
/// 1. The nodes of the versions live as long as the registry, and so does `real`, which is a family.
/// 2. `preferred` is one of the versions, and active.
/// 3. With `real` there are no versions.
pub(super) struct Head {
    /// What an alias leads to; none for a family.
    pub(super) real: Option<NonNull<Name>>,
    pub(super) preferred: Option<u16>,
}

/// One version in a state.
#[derive(Clone, Copy)]
pub(super) struct Version {
    pub(super) number: u16,
    pub(super) state: VersionState,
    /// None if it is gone.
    pub(super) node: Option<NonNull<Node>>,
    /// The node's, so that a look-up of a table need not read the node.
    pub(super) table: Option<&'static TaskVTable>,
}

// SAFETY: what it points to is only read, and is `Sync`.
unsafe impl Send for Head {}
// SAFETY: as above.
unsafe impl Send for Version {}

/// A state, borrowed.
#[derive(Clone, Copy, PartialEq)] // equal for the very same state alone
pub(super) struct Snapshot<'a> {
    state: NonNull<State>,
    borrowed: PhantomData<&'a State>,
}

impl Name {
    /// A name that leads to nothing.
    pub(super) fn new(name: FamilyName<'static>) -> Self {
        Self { state: AtomicPtr::new(ptr::null_mut()), names: Names::of(name) }
    }

    /// The state that this very name is in.
    #[inline]
    pub(super) fn own(&self) -> Option<Snapshot<'_>> {
        Some(Snapshot { state: NonNull::new(self.state.load(Ordering::Acquire))?, borrowed: PhantomData })
    }

    /// The state that this name leads to; of an alias, the family's. Every part of it was true at one instant of this
    /// call, and so was that the name leads there.
    #[inline]
    pub(super) fn current(&self) -> Option<Snapshot<'_>> {
        let own = self.own()?;
        if own.head().real.is_none() { Some(own) } else { self.behind(own) }
    }

    /// An alias that moved after the family's state was read, or before, would tell a state that it never led to. Since
    /// its states are never freed, the same address is the same state: it has not moved in between.
    #[cold]
    fn behind<'a>(&'a self, mut own: Snapshot<'a>) -> Option<Snapshot<'a>> {
        while let Some(real) = own.real() {
            let state = real.own();
            let again = self.own()?;
            if again == own {
                return state;
            }
            own = again;
        }
        Some(own)
    }

    /// Puts the name into a new state; the old one is kept for its readers.
    ///
    /// # Safety
    ///
    /// One writer at a time. The invariants hold of the state, which lives as long as the registry.
    pub(super) unsafe fn publish(&self, state: Option<&OwnedState>) {
        // Release: all of the state.
        self.state.store(state.map_or(ptr::null_mut(), |state| state.address().as_ptr()), Ordering::Release);
    }
}

impl<'a> Snapshot<'a> {
    pub(super) fn head(self) -> &'a Head {
        // SAFETY: invariant 1 of `Name`, which is borrowed for `'a`.
        unsafe { Block::parts(self.state) }.0
    }

    /// In order, those that are gone too.
    pub(super) fn versions(self) -> &'a [Version] {
        // SAFETY: as above.
        unsafe { Block::parts(self.state) }.1
    }

    /// The family that an alias leads to.
    pub(super) fn real(self) -> Option<&'a Name> {
        // SAFETY: invariant 1 of `Head`; the registry is borrowed for `'a`.
        self.head().real.map(|real| unsafe { real.as_ref() })
    }

    /// What is registered under a number.
    #[inline]
    pub(super) fn node(self, number: u16) -> Option<&'a Node> {
        // SAFETY: invariant 1 of `Head`; the registry is borrowed for `'a`.
        numbered(self.versions(), number)?.node.map(|node| unsafe { node.as_ref() })
    }

    /// The version that is asked for; else the highest one that would have been it, were it not draining.
    #[inline]
    pub(super) fn pick(self, wanted: &VersionReq) -> Result<&'a Node, Option<&'a Version>> {
        // Most requests by far, so by a branch of its own.
        if let VersionReq::Exact(number) = *wanted { self.node(number).ok_or(None) } else { self.chosen(wanted) }
    }

    #[inline(never)]
    fn chosen(self, wanted: &VersionReq) -> Result<&'a Node, Option<&'a Version>> {
        let (low, high) = match *wanted {
            VersionReq::Exact(number) => (number, number),
            VersionReq::AtMost(number) => (0, number),
            VersionReq::AtLeast(number) => (number, u16::MAX),
            VersionReq::Within(ref range) => (*range.start(), *range.end()),
            VersionReq::Preferred => match self.head().preferred.and_then(|number| self.node(number)) {
                Some(preferred) => return Ok(preferred),
                None => (0, u16::MAX),
            },
        };
        let below = self.versions().partition_point(|known| known.number <= high);
        let mut draining = None;
        for known in self.versions()[..below].iter().rev().take_while(|known| known.number >= low) {
            match (known.node, known.state) {
                // SAFETY: invariant 1 of `Head`; the registry is borrowed for `'a`.
                (Some(node), VersionState::Active) => return Ok(unsafe { node.as_ref() }),
                (Some(_), VersionState::Draining { .. }) => draining = draining.or(Some(known)),
                (None, _) => {}
            }
        }
        Err(draining)
    }

    /// The versions that are there.
    pub(super) fn living(self) -> impl Iterator<Item = (&'a Version, &'a Node)> {
        // SAFETY: invariant 1 of `Head`; the registry is borrowed for `'a`.
        self.versions().iter().filter_map(|known| Some((known, unsafe { known.node?.as_ref() })))
    }
}

/// What is told of the versions that are there.
pub(super) fn told(versions: &[Version]) -> impl Iterator<Item = (u16, VersionState)> {
    versions.iter().filter(|known| known.node.is_some()).map(|known| (known.number, known.state))
}

/// The version with this number among sorted ones, also if it is gone. Numbers mostly follow each other, so it mostly
/// stands as far from the first as its number is.
#[inline]
pub(super) fn numbered(versions: &[Version], number: u16) -> Option<&Version> {
    let (first, last) = (versions.first()?.number, versions.last()?.number);
    match versions.get(usize::from(number.wrapping_sub(first))) {
        Some(known) if known.number == number => Some(known),
        _ if number < first || number > last => None,
        _ => searched(versions, number),
    }
}

#[cold]
fn searched(versions: &[Version], number: u16) -> Option<&Version> {
    versions.binary_search_by_key(&number, |known| known.number).ok().map(|at| &versions[at])
}
