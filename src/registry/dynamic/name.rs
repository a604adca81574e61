//! Names of families: what each leads to now is one immutable state behind one pointer.

use core::marker::PhantomData;
use core::ptr::{self, NonNull};

use super::block::{Block, OwnedBlock};
use super::node::Node;
use super::versions::{Version, VersionReq, chosen, numbered};
use crate::registry::hash::Names;
use crate::registry::key::FamilyName;
use crate::sync::{AtomicPtr, Ordering};
use crate::task::TaskVTable;

/// A name that leads to versions, to another name, or, any longer, to nothing.
///
/// # Invariants
///
/// 1. `state` is null (it never led to anything), or a state that was published whole. It lives as long as the registry,
///    as do all the older ones. So no two states of a name ever have one address.
/// 2. A name that was a family stays one.
#[repr(C)] // what a look-up reads first stands first
pub(super) struct Name {
    state: AtomicPtr<State>,
    names: Names<'static>,
}

/// A state that a name was really in: where it leads, and the versions in order.
pub(super) type State = Block<Head, Version>;
pub(super) type OwnedState = OwnedBlock<Head, Version>;

/// # Invariants
///
/// 1. The nodes of the versions live as long as the registry, and so does `real`, which is a family.
/// 2. `preferred` is one of the versions, and active.
/// 3. With `real`, or if this is no family, there are no versions.
pub(super) struct Head {
    /// What an alias leads to.
    pub(super) real: Option<NonNull<Name>>,
    pub(super) preferred: Option<u16>,
    pub(super) is_family: bool,
}

// SAFETY: what it points to is only read, and is `Sync`.
unsafe impl Send for Head {}

/// A state, borrowed.
#[derive(Clone, Copy)]
pub(super) struct Snapshot<'a> {
    state: NonNull<State>,
    borrowed: PhantomData<&'a State>,
}

impl<'a> Snapshot<'a> {
    #[inline]
    pub(super) fn head(self) -> &'a Head {
        // SAFETY: invariant 1 of `Name`, which is borrowed for `'a`.
        unsafe { Block::parts(self.state) }.0
    }

    /// In order, those that are gone too.
    #[inline]
    pub(super) fn versions(self) -> &'a [Version] {
        // SAFETY: as above.
        unsafe { Block::parts(self.state) }.1
    }

    /// Equal for the very same state alone.
    pub(super) fn address(self) -> NonNull<State> {
        self.state
    }

    /// The family that an alias leads to.
    pub(super) fn real(self) -> Option<&'a Name> {
        // SAFETY: invariant 1 of `Head`; the registry is borrowed for `'a`.
        self.head().real.map(|real| unsafe { real.as_ref() })
    }

    /// The table that is registered under a number.
    #[inline]
    pub(super) fn table(self, number: u16) -> Option<&'static TaskVTable> {
        // SAFETY: null, or of a `'static` table.
        unsafe { numbered(self.versions(), number)?.table.as_ref() }
    }

    /// What is registered under a number.
    #[inline]
    pub(super) fn node(self, number: u16) -> Option<&'a Node> {
        self.pick(&VersionReq::Exact(number)).ok()
    }

    /// The version that is asked for; else the highest one that would have been it, were it not draining.
    #[expect(clippy::inline_always, reason = "which request it is mostly is known where it is made")]
    #[inline(always)]
    pub(super) fn pick(self, wanted: &VersionReq) -> Result<&'a Node, Option<&'a Version>> {
        let node = chosen(self.versions(), self.head().preferred, wanted)?;
        // SAFETY: invariant 1 of `Head`; the registry is borrowed for `'a`.
        Ok(unsafe { node.as_ref() })
    }

    /// The versions that are there.
    pub(super) fn living(self) -> impl Iterator<Item = (&'a Version, &'a Node)> + use<'a> {
        // SAFETY: invariant 1 of `Head`; the registry is borrowed for `'a`.
        self.versions().iter().filter_map(|known| Some((known, unsafe { known.node?.as_ref() })))
    }

    /// What it takes in memory.
    pub(super) fn bytes(self) -> usize {
        State::layout(self.versions().len()).size()
    }

    /// How many of its nodes other versions do not have.
    pub(super) fn gone_in(self, versions: &[Version]) -> usize {
        let is_there = |known: &Version| numbered(versions, known.number).is_some_and(|now| now.node == known.node);
        self.versions().iter().filter(|known| known.node.is_some() && !is_there(known)).count()
    }
}

impl Name {
    /// A name that leads to nothing.
    pub(super) fn new(name: FamilyName<'static>) -> Self {
        Self { state: AtomicPtr::new(ptr::null_mut()), names: Names::of(name.segment, name.kind) }
    }

    #[inline]
    pub(super) fn names(&self) -> &Names<'static> {
        &self.names
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
            if again.address() == own.address() {
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
    pub(super) unsafe fn publish(&self, state: &OwnedState) {
        // Release: all of the state.
        self.state.store(state.address().as_ptr(), Ordering::Release);
    }
}
