//! The writers of a catalog: what they may do to it in their turn, and in which order.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ptr::{self, NonNull};

use super::catalog::Catalog;
use super::index::Length;
use super::node::{Node, Slot};
use super::snapshot::{FamilyNode, Snapshot, VersionState};
use super::versions::{Version, Versions};
use crate::registry::hash::Names;
use crate::registry::key::KeyRef;
use crate::sync::Ordering;

/// How many versions a family may have.
pub(super) const MOST_VERSIONS: usize = 4096;

/// What writers alone need.
#[repr(align(128))] // two cache lines, as some processors fetch pairs: what writers write stands apart from what is read
pub(super) struct Books<C: 'static> {
    frozen: bool,
    keys: Length,
    families: Length,
    segments: Length,
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
        let known = snapshot.map(|snapshot| &snapshot.versions);
        let before = known.and_then(|known| known.get(key.version)).map(|version| self.node(version));
        let refusal = match before {
            Some(before) if !may_replace => Some(Refusal::Taken(before)),
            None if known.is_some_and(|known| known.len() == MOST_VERSIONS) => Some(Refusal::TooManyVersions),
            _ => None,
        };
        if let Some(refusal) = refusal {
            drop(books);
            drop(node);
            return Err(refusal);
        }
        let node = self.settle(&mut books, node);
        let state = known.and_then(|known| known.get(key.version)).map_or(VersionState::Active, |known| known.state);
        let versions = Versions::with(known, key.version, Some(Version { number: key.version, state, node }));
        let preferred = snapshot.and_then(|snapshot| snapshot.preferred);
        let family = family.unwrap_or_else(|| self.found(&mut books, (key.segment, key.kind), None));
        self.commit(&mut books, family, &[key.version], (versions, preferred));
        Ok(before)
    }

    /// Removes what is registered under a key.
    pub(super) fn remove(&self, key: KeyRef<'_>) -> Result<Option<&Node<C>>, Refusal<'_, C>> {
        let mut books = self.turn.take();
        let Some(family) = self.writable(&books, key.segment, key.kind)? else {
            return Ok(None);
        };
        let Some(snapshot) = family.snapshot() else { return Ok(None) };
        let Some(removed) = snapshot.versions.get(key.version) else { return Ok(None) };
        let versions = Versions::with(Some(&snapshot.versions), key.version, None);
        let preferred = snapshot.preferred.filter(|preferred| *preferred != key.version);
        self.commit(&mut books, family, &[key.version], (versions, preferred));
        Ok(Some(self.node(removed)))
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
        let before = began_with.map(|snapshot| &snapshot.versions);
        let versions = Versions::of(&versions.collect::<Vec<_>>(), before);
        let gone = before.into_iter().flat_map(Versions::iter).filter(|known| versions.get(known.number).is_none());
        let touched: Vec<u16> = versions.iter().chain(gone).map(|version| version.number).collect();
        self.commit(&mut books, family, &touched, (versions, plan.preferred));
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
        books: &mut Books<C>,
        (segment, kind): (&'static str, &'static str),
        real: Option<&FamilyNode<C>>,
    ) -> &FamilyNode<C> {
        self.grow_longest(segment, kind);
        if real.is_some() {
            self.aliases.store(self.aliases.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        }
        let hash = Names::of(segment, "").family();
        if self.segments.find(hash, |known| **known == *segment).is_none() {
            let segment = NonNull::from(Box::leak(Box::new(segment)));
            // SAFETY: the turn is the caller's, who has the books and in them the lengths; the segment was boxed for the index.
            unsafe { self.segments.insert(&mut books.segments, hash, segment) };
        }
        // SAFETY: `real` is a family of this catalog, and no alias.
        let family = unsafe { FamilyNode::settle(segment, kind, real.map(NonNull::from)) };
        // SAFETY: the turn is the caller's, who has the books and in them the lengths; the family was boxed for the index.
        unsafe { self.families.insert(&mut books.families, Names::of(segment, kind).family(), family) }
    }

    fn grow_longest(&self, segment: &str, kind: &str) {
        let longest = segment.len().max(kind.len());
        // Every look-up reads it: it is stored only where it changes.
        if longest > self.longest.load(Ordering::Relaxed) {
            self.longest.store(longest, Ordering::Relaxed);
        }
    }

    /// Moves a node to where it stays: of a key's first registration, into the key's slot, where it is found from now on.
    fn settle(&self, books: &mut Books<C>, node: Node<C>) -> NonNull<Node<C>> {
        let key = node.record().key();
        let names = Names::of(key.segment, key.kind);
        if self.known_slot(&names, key.version).is_some() {
            return books.keep(node);
        }
        self.grow_longest(key.segment, key.kind);
        // SAFETY: the turn is the caller's, who has the books and in them the lengths; the slot was boxed for the index.
        let slot = unsafe { self.keys.insert(&mut books.keys, names.version(key.version), Slot::settle(node)) };
        slot.current_node().expect("a slot begins with its first node")
    }

    /// Publishes a family's new state, in the order that the module's picture promises. Only `touched` versions have
    /// changed, each of which is named once.
    fn commit(
        &self,
        books: &mut Books<C>,
        family: &FamilyNode<C>,
        touched: &[u16],
        (versions, preferred): (Versions<C>, Option<u16>),
    ) {
        let names = Names::of(family.segment, family.kind);
        let before = family.snapshot().map(|snapshot| &snapshot.versions);
        let mut gone = Vec::new();
        for &version in touched {
            let known = before.and_then(|before| before.get(version)).map(|known| known.node);
            let node = versions.get(version).map(|version| version.node);
            if known == node {
                continue;
            }
            books.retained += known.map_or(0, |_| size_of::<Node<C>>());
            match self.known_slot(&names, version) {
                Some(slot) if node.is_none() => gone.push(slot),
                // SAFETY: a settled node of this key.
                Some(slot) => unsafe { slot.publish(node) },
                None => {}
            }
        }
        let preferred = preferred.filter(|version| versions.get(*version).is_some_and(Version::is_active));
        // SAFETY: the turn is the caller's, who has the books; the versions' nodes are settled.
        books.retained += unsafe { family.publish(versions, preferred) };
        for slot in gone {
            // SAFETY: nothing is published.
            unsafe { slot.publish(None) };
        }
        // Release, and after all: who sees the new number sees the change.
        self.generation.store(self.generation.load(Ordering::Relaxed) + 1, Ordering::Release);
    }
}

impl<C> Plan<C> {
    /// Whether this is the state that it began with.
    fn changes_nothing(&self, began_with: Option<&Snapshot<C>>) -> bool {
        let preferred = began_with.and_then(|all| all.preferred);
        let known = began_with.into_iter().flat_map(|all| all.versions.iter());
        let count = began_with.map_or(0, |all| all.versions.len());
        let same = |(draft, known): (&Draft<C>, &Version<C>)| {
            draft.version == known.number
                && draft.state == known.state
                && matches!(draft.node, Holder::Kept(node) if node == known.node)
        };
        self.preferred == preferred && self.versions.len() == count && self.versions.iter().zip(known).all(same)
    }
}

impl<C> Books<C> {
    pub(super) const fn new() -> Self {
        Self {
            frozen: false,
            keys: Length::ZERO,
            families: Length::ZERO,
            segments: Length::ZERO,
            nodes: Vec::new(),
            retained: 0,
        }
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
