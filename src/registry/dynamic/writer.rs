//! The writers of a catalog: what they may do to it in their turn, and in which order.
//!
//! A writer makes a plan of the state that it sees, without the turn, and puts it into force if that is still the state;
//! else it begins again. In the turn it allocates all that it needs before it publishes anything, so that an allocator
//! which unwinds leaves the registry as it was. No user code runs there.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ptr::{self, NonNull};

use super::catalog::{Books, Catalog};
use super::error::{RegisterError, UpdateError};
use super::node::{Node, OwnedNode};
use super::state::{Head, MOST_VERSIONS, Name, OwnedState, Snapshot, Version, VersionState, numbered};
use crate::registry::key::FamilyName;
use crate::sync::Ordering;
use crate::task::TaskVTable;

/// A copy of a family, to be changed and put into force as a whole.
///
/// # Invariant
///
/// The nodes of `versions` are among `nodes`, or of the state that the plan began with.
pub(super) struct Plan<'r> {
    pub(super) name: FamilyName<'static>,
    /// The state that the plan began with.
    before: Option<Snapshot<'r>>,
    /// In order, those that are gone too.
    pub(super) versions: Vec<Version>,
    pub(super) preferred: Option<u16>,
    /// Each name once.
    pub(super) aliases: Vec<(FamilyName<'static>, Wish)>,
    /// What the versions need beyond that state.
    nodes: Vec<OwnedNode>,
}

/// What is to become of an alias.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    Leads,
    Gone,
    /// As `Gone`, and it need not have been there.
    Never,
}

impl Plan<'_> {
    /// A version that is there.
    pub(super) fn get(&mut self, number: u16) -> Option<&mut Version> {
        let at = self.versions.binary_search_by_key(&number, |known| known.number).ok()?;
        Some(&mut self.versions[at]).filter(|known| known.node.is_some())
    }

    /// Puts a node beside the others, or in the place of the one that is there; unless that is the same. Answers whether
    /// the version is new.
    pub(super) fn put(&mut self, node: OwnedNode) -> bool {
        let (number, table) = (node.get().key.version, Some(node.get().table()));
        let new = Version { number, state: VersionState::Active, node: Some(node.address()), table };
        let at = self.versions.binary_search_by_key(&number, |known| known.number);
        let known = at.ok().and_then(|at| self.versions[at].node);
        // SAFETY: the invariant; the registry is borrowed.
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

    /// Removes a version; gives back its table if it was there.
    pub(super) fn remove(&mut self, number: u16) -> Option<&'static TaskVTable> {
        self.preferred.take_if(|preferred| *preferred == number);
        let known = self.get(number)?;
        known.node = None;
        known.table.take()
    }

    /// Leaves out what was never there, what no version needs, and, of what is gone, the lowest if there is no room.
    fn trim(&mut self) -> Result<(), UpdateError> {
        let was_there = |number| self.before.is_some_and(|before| numbered(before.versions(), number).is_some());
        self.versions.retain(|version| version.node.is_some() || was_there(version.number));
        while self.versions.len() > MOST_VERSIONS {
            let gone = self.versions.iter().position(|version| version.node.is_none());
            self.versions.remove(gone.ok_or(UpdateError::TooManyVersions)?);
        }
        self.nodes.retain(|node| self.versions.iter().any(|version| version.node == Some(node.address())));
        Ok(())
    }

    /// Whether the family is to be another than it was.
    fn changes_family(&self) -> bool {
        let Some(before) = self.before else {
            return !self.versions.is_empty() || self.aliases.iter().any(|(_, wish)| *wish == Wish::Leads);
        };
        let parts = |version: &Version| (version.number, version.state, version.node);
        self.preferred != before.head().preferred
            || self.versions.iter().map(parts).ne(before.versions().iter().map(parts))
    }
}

impl Catalog {
    /// Registers `node`. Gives back the table that was there, or refuses unless by `force`; where it is the
    /// same already, nothing changes.
    pub(super) fn register(
        &self,
        mut node: OwnedNode,
        force: bool,
    ) -> Result<Option<&'static TaskVTable>, RegisterError> {
        let key = node.get().key;
        let refused = |error| RegisterError::Refused { key, error };
        loop {
            let mut plan = self.plan(key.family()).map_err(refused)?;
            let known = plan.before.and_then(|before| before.node(key.version));
            if let Some(known) = known.filter(|known| !force && !known.is_same(node.get())) {
                return Err(RegisterError::Taken {
                    key,
                    registered: known.table().type_name(),
                    registered_at: known.place,
                    given: node.get().table().type_name(),
                    given_at: node.get().place,
                });
            }
            plan.put(node);
            match self.carry_out(plan).map_err(refused)? {
                Some(mut outdated) => node = outdated.nodes.pop().expect("a plan that changes nothing is in force"),
                None => return Ok(known.map(Node::table)),
            }
        }
    }

    /// The family as it is, for somebody who wants to write it.
    pub(super) fn plan(&self, name: FamilyName<'static>) -> Result<Plan<'_>, UpdateError> {
        let before = self.writable(name)?;
        // With room for one more, as most plans need.
        let mut versions = Vec::with_capacity(1 + before.map_or(0, |before| before.versions().len()));
        versions.extend_from_slice(before.map_or(&[], |before| before.versions()));
        let preferred = before.and_then(|before| before.head().preferred);
        Ok(Plan { name, before, versions, preferred, aliases: Vec::new(), nodes: Vec::new() })
    }

    /// The state of a family that may be written.
    fn writable(&self, name: FamilyName<'_>) -> Result<Option<Snapshot<'_>>, UpdateError> {
        // Exact for the holder of the turn.
        if self.writers.frozen.load(Ordering::Relaxed) != 0 {
            return Err(UpdateError::Frozen);
        }
        let own = self.name(name).and_then(Name::own);
        own.and_then(Snapshot::real).map_or(Ok(own), |real| Err(UpdateError::Alias(real.names.name)))
    }

    /// Puts a plan into force if the family is still in the state that the plan began with, else gives it back.
    pub(super) fn carry_out<'r>(&self, mut plan: Plan<'r>) -> Result<Option<Plan<'r>>, UpdateError> {
        plan.trim()?;
        let changes_family = plan.changes_family();
        if !changes_family && plan.aliases.is_empty() {
            return Ok(None);
        }
        // Dropped before `plan`, which is a parameter, on every path: destructors of factories are user code.
        let mut books = self.writers.turn.take();
        if self.writable(plan.name)? != plan.before {
            return Ok(Some(plan));
        }
        let family = self.found(&mut books, plan.name);
        let mut steps = Vec::with_capacity(1 + plan.aliases.len());
        if changes_family {
            let head = Head { real: None, preferred: plan.preferred };
            // First, so that an alias of a new family never leads to nothing.
            steps.push((family, Some(OwnedState::new(head, plan.versions.len(), |at| plan.versions[at]))));
        }
        for &(alias, wish) in &plan.aliases {
            let own = self.name(alias).and_then(Name::own);
            let is_ours = own.and_then(Snapshot::real).is_some_and(|real| ptr::eq(real, family));
            let state = match wish {
                Wish::Leads if is_ours => continue,
                Wish::Leads if own.is_some() || alias == plan.name => return Err(UpdateError::AliasTaken(alias)),
                // Invariant 1 of `Head`: a name of this catalog, which is a family before this is published.
                Wish::Leads => {
                    let head = Head { real: Some(NonNull::from(family)), preferred: None };
                    Some(OwnedState::new(head, 0, |_| unreachable!("it has no versions")))
                }
                _ if is_ours => None,
                Wish::Gone => return Err(UpdateError::UnknownAlias(alias)),
                Wish::Never => continue,
            };
            steps.push((self.found(&mut books, alias), state));
        }
        books.nodes.reserve(plan.nodes.len());
        books.states.reserve(steps.len());
        let added = usize::from(!steps.is_empty());
        // Nothing allocates or unwinds from here on.
        for (name, state) in steps {
            books.outdated += name.own().map_or(0, |before| size_of::<Head>() + size_of_val(before.versions()));
            // SAFETY: the turn is this writer's; states are dropped with the catalog.
            unsafe { name.publish(state.as_ref()) };
            books.states.extend(state);
        }
        books.nodes.append(&mut plan.nodes);
        // Release, and after all: who sees the new number sees the change.
        let generation = &self.writers.generation;
        generation.store(generation.load(Ordering::Relaxed) + added, Ordering::Release);
        Ok(None)
    }

    /// The node of a name, which leads to nothing if it is new.
    fn found(&self, books: &mut Books, name: FamilyName<'static>) -> &Name {
        if let Some(known) = self.name(name) {
            return known;
        }
        let new = Box::new(Name::new(name));
        // SAFETY: the turn is the caller's, who has the books; they are dropped after the index.
        let new = unsafe { self.names.insert(new.names.hash(0), new, books.length, &mut books.arrays) };
        books.length += 1;
        let longest = name.segment.len().max(name.kind.len());
        // Every look-up reads it: it is stored only where it changes.
        if longest > self.longest.load(Ordering::Relaxed) {
            self.longest.store(longest, Ordering::Relaxed);
        }
        new
    }
}
