//! The writers of a catalog: what they may do to it in their turn, and in which order.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ptr::{self, NonNull};

use super::catalog::Catalog;
use super::node::{Node, Slot};
use super::snapshot::{FamilyNode, Snapshot, Version, VersionState};
use crate::registry::hash::Names;
use crate::registry::key::KeyRef;
use crate::sync::Ordering;

/// How many versions a family may have.
pub(super) const MOST_VERSIONS: usize = 4096;

/// What writers alone need.
pub(super) struct Books<C: 'static> {
    frozen: bool,
    nodes: Vec<NonNull<Node<C>>>,
    /// Bytes of snapshots and nodes that only earlier readers can still see.
    pub(super) retained: usize,
}

/// A family as a writer wants it: versions in order, some of them new.
pub(super) struct Plan<C: 'static> {
    pub(super) versions: Vec<Draft<C>>,
    pub(super) preferred: Option<u16>,
    pub(super) aliases: Vec<(&'static str, &'static str)>,
}

/// One version of a plan.
pub(super) struct Draft<C: 'static> {
    pub(super) version: u16,
    pub(super) state: VersionState,
    pub(super) node: Holder<C>,
}

pub(super) enum Holder<C: 'static> {
    /// A node of the snapshot that the plan began with.
    Kept(NonNull<Node<C>>),
    New(Box<Node<C>>),
}

/// Why nothing was written.
pub(super) enum Refusal<'a, C: 'static> {
    Frozen,
    /// The key has this registration.
    Taken(&'a Node<C>),
    /// The name is an alias of this family.
    Alias(&'a FamilyNode<C>),
    /// A family, or another family's alias, has this name already.
    AliasTaken(&'static str, &'static str),
    TooManyVersions,
    /// Something else was written meanwhile.
    Outdated,
}

// SAFETY: the raw pointers lead to nodes, which are read-only once they are shared, and are `Send` and `Sync`.
unsafe impl<C> Send for Books<C> {}

impl<C> Catalog<C> {
    /// Registers `node` under its key; what had the key before is given back, or, unless it may be replaced, refuses.
    pub(super) fn register(&self, node: Node<C>, may_replace: bool) -> Result<Option<&Node<C>>, Refusal<'_, C>> {
        let key = node.record().key();
        let mut books = self.turn.take();
        let family = match self.writable(&books, key.segment, key.kind) {
            Ok(family) => family,
            Err(refusal) => {
                drop(books);
                // Only now: it may hold a factory, whose destructor is user code.
                drop(node);
                return Err(refusal);
            }
        };
        let snapshot = family.and_then(FamilyNode::snapshot);
        let place = snapshot.map_or(Err(0), |snapshot| snapshot.place(key.version));
        let known = snapshot.map_or(&[][..], |snapshot| &snapshot.versions);
        let before = place.ok().map(|at| self.node(&known[at]));
        let refusal = match before {
            Some(before) if !may_replace => Some(Refusal::Taken(before)),
            None if known.len() == MOST_VERSIONS => Some(Refusal::TooManyVersions),
            _ => None,
        };
        if let Some(refusal) = refusal {
            drop(books);
            drop(node);
            return Err(refusal);
        }
        let node = self.settle(&mut books, node);
        let mut versions = Vec::with_capacity(known.len() + 1);
        versions.extend_from_slice(known);
        match place {
            Ok(at) => versions[at].node = node,
            Err(at) => versions.insert(at, Version { number: key.version, state: VersionState::Active, node }),
        }
        let preferred = snapshot.and_then(|snapshot| snapshot.preferred);
        let family = family.unwrap_or_else(|| self.found(&mut books, (key.segment, key.kind), None));
        self.commit(&mut books, family, versions, preferred);
        Ok(before)
    }

    /// Removes what is registered under a key.
    pub(super) fn remove(&self, key: KeyRef<'_>) -> Result<Option<&Node<C>>, Refusal<'_, C>> {
        let mut books = self.turn.take();
        let Some(family) = self.writable(&books, key.segment, key.kind)? else {
            return Ok(None);
        };
        let Some((snapshot, at)) = family.snapshot().and_then(|all| Some((all, all.place(key.version).ok()?))) else {
            return Ok(None);
        };
        let mut versions = snapshot.versions.to_vec();
        let removed = versions.remove(at);
        let preferred = snapshot.preferred.filter(|preferred| *preferred != key.version);
        self.commit(&mut books, family, versions, preferred);
        Ok(Some(self.node(&removed)))
    }

    /// Puts a plan into force, if the family is still in the state that the plan began with; else gives it back.
    pub(super) fn update(
        &self,
        (segment, kind): (&'static str, &'static str),
        began_with: Option<&Snapshot<C>>,
        plan: Plan<C>,
    ) -> Result<(), (Refusal<'_, C>, Plan<C>)> {
        let mut books = self.turn.take();
        let family = match self.plannable(&books, (segment, kind), began_with, &plan) {
            Ok(family) => family,
            Err(refusal) => {
                drop(books);
                return Err((refusal, plan));
            }
        };
        if plan.aliases.is_empty() && plan.changes_nothing(began_with) {
            return Ok(());
        }
        let family = family.unwrap_or_else(|| self.found(&mut books, (segment, kind), None));
        // Before the state that they belong to.
        for (segment, kind) in plan.aliases {
            if self.family(segment, kind).is_none() {
                self.found(&mut books, (segment, kind), Some(family));
            }
        }
        let versions = plan.versions.into_iter().map(|draft| {
            let node = match draft.node {
                Holder::Kept(node) => node,
                Holder::New(node) => self.settle(&mut books, *node),
            };
            Version { number: draft.version, state: draft.state, node }
        });
        let versions = versions.collect();
        self.commit(&mut books, family, versions, plan.preferred);
        Ok(())
    }

    /// Nothing is written after this.
    pub(super) fn freeze(&self) {
        self.turn.take().frozen = true;
    }

    /// The family of a name, for one who holds the turn and wants to write it.
    fn writable(
        &self,
        books: &Books<C>,
        segment: &str,
        kind: &str,
    ) -> Result<Option<&FamilyNode<C>>, Refusal<'_, C>> {
        if books.frozen {
            return Err(Refusal::Frozen);
        }
        let family = self.family(segment, kind);
        match family {
            Some(alias) if alias.is_alias() => Err(Refusal::Alias(alias.real())),
            _ => Ok(family),
        }
    }

    fn plannable(
        &self,
        books: &Books<C>,
        (segment, kind): (&'static str, &'static str),
        began_with: Option<&Snapshot<C>>,
        plan: &Plan<C>,
    ) -> Result<Option<&FamilyNode<C>>, Refusal<'_, C>> {
        let family = self.writable(books, segment, kind)?;
        let snapshot = family.and_then(FamilyNode::snapshot);
        // Snapshots are never freed, so an equal address is the very same state.
        if snapshot.map(ptr::from_ref) != began_with.map(ptr::from_ref) {
            return Err(Refusal::Outdated);
        }
        for &(alias_segment, alias_kind) in &plan.aliases {
            let same_name = (alias_segment, alias_kind) == (segment, kind);
            let other = self.family(alias_segment, alias_kind);
            let ours = |other: &FamilyNode<C>| {
                other.is_alias() && family.is_some_and(|family| ptr::eq(other.real(), family))
            };
            if same_name || other.is_some_and(|other| !ours(other)) {
                return Err(Refusal::AliasTaken(alias_segment, alias_kind));
            }
        }
        if plan.versions.len() > MOST_VERSIONS { Err(Refusal::TooManyVersions) } else { Ok(family) }
    }

    /// A new family without versions, or another name of `real`. The books show that the caller has the turn.
    fn found(
        &self,
        _books: &mut Books<C>,
        (segment, kind): (&'static str, &'static str),
        real: Option<&FamilyNode<C>>,
    ) -> &FamilyNode<C> {
        self.grow_longest(segment, kind);
        let aliases = self.aliases.load(Ordering::Relaxed) + usize::from(real.is_some());
        self.aliases.store(aliases, Ordering::Relaxed);
        let hash = Names::of(segment, "").family();
        if self.segments.find(hash, |known| **known == *segment).is_none() {
            let segment = NonNull::from(Box::leak(Box::new(segment)));
            // SAFETY: the turn is the caller's, who has the books; the segment was boxed for the index.
            unsafe { self.segments.insert(hash, segment) };
        }
        // SAFETY: `real` is a family of this catalog, and no alias.
        let family = unsafe { FamilyNode::settle(segment, kind, real.map(NonNull::from)) };
        // SAFETY: the turn is the caller's, who has the books; the family was boxed for the index.
        unsafe { self.families.insert(Names::of(segment, kind).family(), family) }
    }

    fn grow_longest(&self, segment: &str, kind: &str) {
        let longest = self.longest.load(Ordering::Relaxed).max(segment.len()).max(kind.len());
        self.longest.store(longest, Ordering::Relaxed);
    }

    /// Moves a node to where it stays: of a key's first registration, into the key's slot, where it is found from now on.
    fn settle(&self, books: &mut Books<C>, node: Node<C>) -> NonNull<Node<C>> {
        let key = node.record().key();
        let names = Names::of(key.segment, key.kind);
        if self.known_slot(&names, key.version).is_some() {
            return books.keep(node);
        }
        self.grow_longest(key.segment, key.kind);
        // SAFETY: the turn is the caller's, who has the books; the slot was boxed for the index.
        let slot = unsafe { self.keys.insert(names.version(key.version), Slot::settle(node)) };
        slot.current_node().expect("a slot begins with its first node")
    }

    /// Publishes a family's new state, in the order that the module's picture promises.
    fn commit(
        &self,
        books: &mut Books<C>,
        family: &FamilyNode<C>,
        versions: Vec<Version<C>>,
        preferred: Option<u16>,
    ) {
        let names = Names::of(family.segment, family.kind);
        let before = family.snapshot().map_or(&[][..], |snapshot| &snapshot.versions);
        let node_before = |number: u16| {
            let at = before.binary_search_by_key(&number, |known| known.number);
            at.ok().map(|at| before[at].node)
        };
        for version in &versions {
            let known = node_before(version.number);
            if known == Some(version.node) {
                continue;
            }
            books.retained += known.map_or(0, |_| size_of::<Node<C>>());
            if let Some(slot) = self.known_slot(&names, version.number) {
                // SAFETY: a settled node of this key.
                unsafe { slot.publish(Some(version.node)) };
            }
        }
        let stays = |version: u16| versions.binary_search_by_key(&version, |known| known.number).is_ok();
        let gone: Vec<u16> = before.iter().map(|known| known.number).filter(|version| !stays(*version)).collect();
        let active = |version: u16| versions.iter().any(|known| known.number == version && known.is_active());
        let preferred = preferred.filter(|version| active(*version));
        // SAFETY: the turn is the caller's, who has the books; the versions are sorted, and their nodes settled.
        books.retained += unsafe { family.publish(versions, preferred) };
        for version in gone {
            books.retained += size_of::<Node<C>>();
            if let Some(slot) = self.known_slot(&names, version) {
                // SAFETY: nothing is published.
                unsafe { slot.publish(None) };
            }
        }
    }
}

impl<C> Plan<C> {
    /// Whether this is the state that it began with.
    fn changes_nothing(&self, began_with: Option<&Snapshot<C>>) -> bool {
        let (known, preferred) = began_with.map_or((&[][..], None), |all| (&*all.versions, all.preferred));
        let same = |(draft, known): (&Draft<C>, &Version<C>)| {
            draft.version == known.number
                && draft.state == known.state
                && matches!(draft.node, Holder::Kept(node) if node == known.node)
        };
        self.preferred == preferred && self.versions.len() == known.len() && self.versions.iter().zip(known).all(same)
    }
}

impl<C> Books<C> {
    pub(super) const fn new() -> Self {
        Self { frozen: false, nodes: Vec::new(), retained: 0 }
    }

    /// Keeps a node until the catalog is dropped.
    fn keep(&mut self, node: Node<C>) -> NonNull<Node<C>> {
        self.nodes.reserve(1);
        let node = node.settle();
        self.nodes.push(node);
        node
    }
}

impl<C> Drop for Books<C> {
    fn drop(&mut self) {
        for node in self.nodes.drain(..) {
            // SAFETY: the books are dropped with the catalog, so nobody reads the node any more: tasks are made by
            // registries that are never dropped.
            drop(unsafe { Box::from_raw(node.as_ptr()) });
        }
    }
}
