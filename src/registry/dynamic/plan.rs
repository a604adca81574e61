//! What a writer wants of a family.

use alloc::vec::Vec;
use core::ptr;

use super::name::Snapshot;
use super::node::Node;
use super::owner::Owner;
use super::versions::{MOST_VERSIONS, Version, VersionState, numbered};
use crate::registry::key::FamilyName;

/// A copy of a family, to be changed and put into force as a whole.
///
/// # Invariant
///
/// The nodes of `versions` are among `nodes`, or of the state that the plan began with.
pub(super) struct Plan {
    /// In order, those that are gone too.
    pub(super) versions: Vec<Version>,
    pub(super) preferred: Option<u16>,
    /// Each name once.
    pub(super) aliases: Vec<(FamilyName<'static>, Wish)>,
    /// What the versions need beyond the state that the plan began with.
    pub(super) nodes: Vec<Owner<Node>>,
}

/// What is to become of an alias.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    Leads,
    Gone,
    /// As `Gone`, and it need not have been there.
    Never,
}

impl Plan {
    /// The family as it is.
    pub(super) fn of(before: Option<Snapshot<'_>>) -> Self {
        let mut versions = Vec::new();
        if let Some(before) = before {
            // With room for one more, as most plans need.
            versions.reserve_exact(before.versions().len() + 1);
            versions.extend_from_slice(before.versions());
        }
        let preferred = before.and_then(|before| before.head().preferred);
        Self { versions, preferred, aliases: Vec::new(), nodes: Vec::new() }
    }

    /// A version that is there.
    pub(super) fn get(&mut self, number: u16) -> Option<&mut Version> {
        let at = self.versions.binary_search_by_key(&number, |known| known.number).ok()?;
        Some(&mut self.versions[at]).filter(|known| known.node.is_some())
    }

    /// Puts a node beside the others, or in the place of the one that is there; unless that is the same. Answers whether
    /// the version is new.
    pub(super) fn put(&mut self, number: u16, node: Owner<Node>) -> bool {
        let table = ptr::from_ref(node.get().table());
        let new = Version { number, state: VersionState::Active, node: Some(node.address()), table };
        let at = self.versions.binary_search_by_key(&number, |known| known.number);
        let known = at.ok().and_then(|at| self.versions[at].node);
        // SAFETY: the invariant; who makes a plan borrows the registry.
        if known.is_some_and(|known| unsafe { known.as_ref() }.is_same(node.get())) {
            return false;
        }
        match at {
            // What takes the place of a draining version drains, too.
            Ok(at) if known.is_some() => self.versions[at] = Version { state: self.versions[at].state, ..new },
            Ok(at) => self.versions[at] = new,
            Err(at) => self.versions.insert(at, new),
        }
        self.nodes.push(node);
        known.is_none()
    }

    /// Removes a version; answers whether it was there.
    pub(super) fn remove(&mut self, number: u16) -> bool {
        self.preferred = self.preferred.filter(|preferred| *preferred != number);
        let known = self.get(number);
        known.map(|known| *known = Version { node: None, table: ptr::null(), ..*known }).is_some()
    }

    /// Leaves out what was never there, what no version needs, and, of what is gone, the lowest if there is no room.
    /// `Err` if there is none for what is there.
    pub(super) fn trim(&mut self, before: Option<Snapshot<'_>>) -> Result<(), ()> {
        let was_there = |number| before.is_some_and(|before| numbered(before.versions(), number).is_some());
        self.versions.retain(|version| version.node.is_some() || was_there(version.number));
        while self.versions.len() > MOST_VERSIONS {
            let gone = self.versions.iter().position(|version| version.node.is_none()).ok_or(())?;
            self.versions.remove(gone);
        }
        self.nodes.retain(|node| self.versions.iter().any(|version| version.node == Some(node.address())));
        Ok(())
    }
}
