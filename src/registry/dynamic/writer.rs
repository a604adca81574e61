//! The writers of a catalog: what they may do to it in their turn, and in which order.
//!
//! A writer makes a plan of the state that it sees, without the turn, and puts it into force if that is still the state;
//! else it begins again. In the turn it allocates all that it needs before it publishes anything, so that an allocator
//! which unwinds leaves the registry as it was. No user code runs there.

use alloc::vec::Vec;
use core::ptr::{self, NonNull};

use super::block::OwnedBlock;
use super::catalog::{Books, Catalog};
use super::name::{Head, Name, OwnedState, Snapshot};
use super::node::Node;
use super::owner::Owner;
use super::plan::{Plan, Wish};
use super::write_error::{RegisterError, UpdateError};
use crate::registry::hash::Names;
use crate::registry::key::{FamilyName, VTableKey};
use crate::sync::Ordering;
use crate::task::TaskVTable;

impl Catalog {
    /// Registers `node` under `key`. The table that was there is given back, or, unless it may be replaced, refuses;
    /// where it is the same already, nothing changes.
    pub(super) fn register(
        &self,
        key: VTableKey,
        node: Node,
        may_replace: bool,
    ) -> Result<Option<&'static TaskVTable>, RegisterError> {
        let refused = |error| RegisterError::Refused { key, error };
        let mut node = Owner::new(node);
        loop {
            let before = self.writable(key.family()).map_err(refused)?;
            let known = before.and_then(|before| before.node(key.version));
            if let Some(known) = known {
                if !may_replace && !known.is_same(node.get()) {
                    return Err(RegisterError::Taken {
                        key,
                        registered: known.table().type_name(),
                        registered_at: known.place(),
                        given: node.get().table().type_name(),
                        given_at: node.get().place(),
                    });
                }
            }
            let mut plan = Plan::of(before);
            plan.put(key.version, node);
            match self.update(key.family(), before, plan).map_err(refused)? {
                Some(mut outdated) => node = outdated.nodes.pop().expect("a plan that changes nothing is in force"),
                None => return Ok(known.map(Node::table)),
            }
        }
    }

    /// Removes what is registered under `key`.
    pub(super) fn remove(&self, key: &VTableKey) -> Result<Option<&'static TaskVTable>, UpdateError> {
        loop {
            let before = self.writable(key.family())?;
            let mut plan = Plan::of(before);
            plan.remove(key.version);
            if self.update(key.family(), before, plan)?.is_none() {
                return Ok(before.and_then(|before| before.node(key.version)).map(Node::table));
            }
        }
    }

    /// The state of a family that somebody wants to write.
    pub(super) fn writable(&self, name: FamilyName<'_>) -> Result<Option<Snapshot<'_>>, UpdateError> {
        if self.is_frozen() {
            return Err(UpdateError::Frozen);
        }
        let own = self.name(name).and_then(Name::own);
        match own.and_then(Snapshot::real) {
            Some(real) => Err(UpdateError::Alias(real.names().family_name())),
            None => Ok(own),
        }
    }

    /// Puts a plan into force if the family is still in the state that the plan began with, else gives it back.
    pub(super) fn update(
        &self,
        family: FamilyName<'static>,
        before: Option<Snapshot<'_>>,
        mut plan: Plan,
    ) -> Result<Option<Plan>, UpdateError> {
        let is_family = before.is_some_and(|before| before.head().is_family);
        let is_named = plan.aliases.iter().any(|(_, wish)| *wish == Wish::Leads);
        plan.trim(before).map_err(|()| UpdateError::TooManyVersions)?;
        let is_changed = before.map_or(!plan.versions.is_empty(), |before| {
            (before.versions(), before.head().preferred) != (&*plan.versions, plan.preferred)
        });
        let is_changed = is_changed || is_named && !is_family;
        if !is_changed && plan.aliases.is_empty() {
            return Ok(None);
        }
        // Dropped before `plan`, which is a parameter, on every path: destructors of factories are user code.
        let mut books = self.writers.turn.take();
        if self.is_frozen() {
            return Err(UpdateError::Frozen);
        }
        let own = self.name(family).and_then(Name::own);
        // States are never freed, so an equal address is the very same state.
        if own.map(Snapshot::address) != before.map(Snapshot::address) {
            return Ok(Some(plan));
        }
        let family = self.found(&mut books, family);
        let mut steps = Vec::with_capacity(1 + plan.aliases.len());
        if is_changed {
            for node in &plan.nodes {
                // SAFETY: the node is new. Names are kept as long as nodes.
                unsafe { Node::settle(node, NonNull::from(family.names())) };
            }
            let versions = &plan.versions;
            let head = Head { real: None, preferred: plan.preferred, is_family: true };
            let state = OwnedState::new(head, versions.len(), |at| versions[at]);
            // First, so that an alias of a new family never leads to nothing.
            steps.push((family, state));
        }
        self.add_alias_steps(&mut books, family, &plan.aliases, &mut steps)?;
        if !steps.is_empty() {
            self.publish(&mut books, steps, &mut plan.nodes);
        }
        Ok(None)
    }

    /// Nothing is written after this.
    pub(super) fn freeze(&self) {
        let _turn = self.writers.turn.take();
        self.writers.frozen.store(1, Ordering::Relaxed);
    }

    /// Exact for the holder of the turn.
    fn is_frozen(&self) -> bool {
        self.writers.frozen.load(Ordering::Relaxed) != 0
    }

    /// The node of a name, which leads to nothing if it is new.
    fn found(&self, books: &mut Books, name: FamilyName<'static>) -> &Name {
        if let Some(known) = self.name(name) {
            return known;
        }
        let new = Owner::new(Name::new(name));
        books.names.reserve(1);
        if let Some(array) = self.names.grown(books.names.len()) {
            books.arrays.reserve(1);
            // SAFETY: the turn is the caller's, who has the books; arrays are dropped with the catalog.
            unsafe { self.names.publish(&array) };
            books.retained += books.arrays.last().map_or(0, OwnedBlock::bytes);
            books.arrays.push(array);
        }
        let longest = name.segment.len().max(name.kind.len());
        // Every look-up reads it: it is stored only where it changes.
        if longest > self.longest.load(Ordering::Relaxed) {
            self.longest.store(longest, Ordering::Relaxed);
        }
        let address = new.address();
        books.names.push(new);
        // SAFETY: as above; there is room, and names are dropped with the catalog.
        unsafe { self.names.insert(Names::of(name.segment, name.kind).family(), address) };
        // SAFETY: invariant 1.
        unsafe { address.as_ref() }
    }

    /// What becomes of the aliases of a family.
    fn add_alias_steps<'a>(
        &'a self,
        books: &mut Books,
        family: &Name,
        wishes: &[(FamilyName<'static>, Wish)],
        steps: &mut Vec<(&'a Name, OwnedState)>,
    ) -> Result<(), UpdateError> {
        for &(alias, wish) in wishes {
            let before = self.name(alias).and_then(Name::own);
            let real = before.and_then(Snapshot::real);
            let is_ours = real.is_some_and(|real| ptr::eq(real, family));
            let is_free = real.is_none() && !before.is_some_and(|before| before.head().is_family);
            match wish {
                Wish::Leads if family.names().family_name() == alias || !(is_free || is_ours) => {
                    return Err(UpdateError::AliasTaken(alias));
                }
                Wish::Gone if !is_ours => return Err(UpdateError::UnknownAlias(alias)),
                _ if is_ours == (wish == Wish::Leads) => {}
                _ => {
                    let real = (wish == Wish::Leads).then_some(NonNull::from(family));
                    // Invariant 1 of `Head`: a name of this catalog, which is a family before this is published.
                    let head = Head { real, preferred: None, is_family: false };
                    let state = OwnedState::new(head, 0, |_| unreachable!("it has no versions"));
                    steps.push((self.found(books, alias), state));
                }
            }
        }
        Ok(())
    }

    /// Publishes states in this order, and keeps the nodes. The books show that the caller has the turn.
    fn publish(&self, books: &mut Books, steps: Vec<(&Name, OwnedState)>, nodes: &mut Vec<Owner<Node>>) {
        books.nodes.reserve(nodes.len());
        books.states.reserve(steps.len());
        // Nothing allocates or unwinds from here on.
        for (name, state) in steps {
            if let Some(before) = name.own() {
                books.retained += before.bytes() + before.gone_in(state.items()) * size_of::<Node>();
            }
            // SAFETY: the turn is the caller's; states are dropped with the catalog.
            unsafe { name.publish(&state) };
            books.states.push(state);
        }
        books.nodes.append(nodes);
        // Release, and after all: who sees the new number sees the change.
        let generation = &self.writers.generation;
        generation.store(generation.load(Ordering::Relaxed) + 1, Ordering::Release);
    }
}
