//! Where a registry keeps its entries: a map under a lock, and every entry that ever was.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::error::Error;
use core::hash::BuildHasherDefault;
use core::panic::Location;
use core::ptr::NonNull;
use std::collections::HashMap;
use std::hash::DefaultHasher;
use std::sync::{PoisonError, RwLock};

use super::key::{KeyRef, VTableKey};
use crate::task::erased::Word;
use crate::task::{OwnedTask, TaskVTable, UnsafeWakeableVTable, WakeableTask};

/// A factory with its types erased: bytes and a context in, an owned task out.
pub(super) type Factory<C> = Box<dyn Fn(&[u8], &C) -> Result<OwnedTask, Box<dyn Error + Send + Sync>> + Send + Sync>;

/// What the second word of a [`RegisteredTask`](super::RegisteredTask) points to.
///
/// # Invariants
///
/// 1. `calls` are the functions of `table`; of a closed entry, those of its twin.
/// 2. `closed` is null, or points to an entry of the same node, so of the same table and key.
#[repr(C)] // the functions first, as in a table: owners of both kinds poll with the same instructions
pub(super) struct Entry {
    calls: UnsafeWakeableVTable,
    table: &'static TaskVTable,
    key: VTableKey,
    closed: Option<NonNull<Entry>>,
}

/// One registration.
///
/// # Invariants
///
/// 1. `open` and `closed` are of one table and key; `open` is an open entry.
/// 2. `factory` makes tasks of the table's type, in boxes, as the table expects them.
pub(super) struct Node<C: 'static> {
    open: Entry,
    closed: Entry,
    factory: Option<Factory<C>>,
    place: &'static Location<'static>,
}

impl Entry {
    const fn of(calls: &UnsafeWakeableVTable, table: &'static TaskVTable, key: VTableKey) -> Self {
        Self {
            calls: UnsafeWakeableVTable { poll_fn: calls.poll_fn, wake_fn: calls.wake_fn, drop_fn: calls.drop_fn },
            table,
            key,
            closed: None,
        }
    }

    pub(super) fn table(&self) -> &'static TaskVTable {
        self.table
    }

    pub(super) fn key(&self) -> VTableKey {
        self.key
    }
}

// SAFETY: invariants 1 and 2, and those of `TaskVTable`.
unsafe impl Word for Entry {
    #[inline]
    fn calls(&'static self) -> &'static UnsafeWakeableVTable {
        &self.calls
    }

    #[inline]
    fn table(&'static self) -> &'static TaskVTable {
        self.table
    }

    #[inline]
    fn closed(&'static self) -> Option<&'static Self> {
        // SAFETY: invariant 2; the node of a `'static` entry is never freed, and nothing in it changes.
        self.closed.map(|closed| unsafe { closed.as_ref() })
    }
}

impl<C> Node<C> {
    pub(super) fn new(key: VTableKey, table: &'static TaskVTable, place: &'static Location<'static>) -> Self {
        let closed = table.twin().unwrap_or(table);
        Self { open: Entry::of(table, table, key), closed: Entry::of(closed, table, key), factory: None, place }
    }

    /// The table and the factory come from the one `T`, so they cannot disagree.
    pub(super) fn with_factory<T, E, F>(key: VTableKey, make: F, place: &'static Location<'static>) -> Self
    where
        F: Fn(&[u8], &C) -> Result<T, E> + Send + Sync + 'static,
        T: WakeableTask + Send + 'static,
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        let factory: Factory<C> = Box::new(move |bytes, context| match make(bytes, context) {
            Ok(task) => Ok(OwnedTask::new(Box::new(task))),
            Err(error) => Err(error.into()),
        });
        Self { factory: Some(factory), ..Self::new(key, const { &TaskVTable::of::<T>() }, place) }
    }

    pub(super) fn entry(&self) -> &Entry {
        &self.open
    }

    pub(super) fn factory(&self) -> Option<&Factory<C>> {
        self.factory.as_ref()
    }

    pub(super) fn place(&self) -> &'static Location<'static> {
        self.place
    }
}

/// Entries by key. Reads and writes take a lock, under which no user code runs.
///
/// # Invariants
///
/// 1. Every node in `current` is in `all`.
/// 2. Nodes in `all` came from `Box::into_raw`, are not changed once they are there, and are freed by the index's
///    destructor alone.
pub(super) struct Index<C: 'static>(RwLock<Nodes<C>>);

struct Nodes<C: 'static> {
    current: HashMap<KeyRef<'static>, NonNull<Node<C>>, BuildHasherDefault<DefaultHasher>>,
    /// Also those that were replaced: tasks and borrows of them stay good.
    all: Vec<NonNull<Node<C>>>,
}

#[expect(clippy::non_send_fields_in_send_ty, reason = "the lint sees the raw pointers, not what they lead to")]
// SAFETY: a node is read-only once it is shared; keys, tables and places are `'static` data, and a factory is
// `Send + Sync` whatever `C` is.
unsafe impl<C> Send for Index<C> {}
// SAFETY: as above.
unsafe impl<C> Sync for Index<C> {}

impl<C> Index<C> {
    pub(super) const fn new() -> Self {
        Self(RwLock::new(Nodes { current: HashMap::with_hasher(BuildHasherDefault::new()), all: Vec::new() }))
    }

    /// The node of `key`. Allocates nothing.
    pub(super) fn find(&self, key: KeyRef<'_>) -> Option<&Node<C>> {
        let nodes = self.0.read().unwrap_or_else(PoisonError::into_inner);
        // The map is covariant in its keys, so it can be asked for a shorter-lived one.
        let current: &HashMap<KeyRef<'_>, _, _> = &nodes.current;
        let node = *current.get(&key)?;
        drop(nodes);
        // SAFETY: invariant 2: it lives as long as the index, which is borrowed.
        Some(unsafe { node.as_ref() })
    }

    /// Puts `node` in the place of its key's node, which is given back.
    pub(super) fn replace(&self, node: Node<C>) -> Option<&Node<C>> {
        self.insert(node, |_| true)
    }

    /// Puts `node` into its key's place if that is vacant, else gives the node that has it.
    pub(super) fn fill(&self, node: Node<C>) -> Result<(), &Node<C>> {
        self.insert(node, |taken| !taken).map_or(Ok(()), Err)
    }

    /// What stood under the key before; `node` has its place if `allow(taken)`.
    fn insert(&self, node: Node<C>, allow: impl FnOnce(bool) -> bool) -> Option<&Node<C>> {
        let key = node.open.key.key_ref();
        let mut nodes = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let before = nodes.current.get(&key).copied();
        if allow(before.is_some()) {
            // Room first: nothing may fail once the node is a raw pointer.
            nodes.all.reserve(1);
            nodes.current.reserve(1);
            let node = allocate(node);
            nodes.all.push(node);
            // The key in the map is the old one's if there was one: equal, and as good.
            nodes.current.insert(key, node);
        }
        drop(nodes);
        // SAFETY: invariant 2: it lives as long as the index, which is borrowed.
        before.map(|before| unsafe { before.as_ref() })
    }

    /// All nodes that a look-up finds now, in no order.
    pub(super) fn snapshot(&self) -> Vec<&Node<C>> {
        let nodes = self.0.read().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: invariant 2: they live as long as the index, which is borrowed.
        let refs = nodes.current.values().map(|node| unsafe { node.as_ref() });
        refs.collect()
    }

    pub(super) fn len(&self) -> usize {
        self.0.read().unwrap_or_else(PoisonError::into_inner).current.len()
    }
}

/// Moves `node` to where it stays, and links its two entries.
fn allocate<C>(node: Node<C>) -> NonNull<Node<C>> {
    let node = Box::into_raw(Box::new(node));
    // SAFETY: a place inside the allocation.
    let closed = unsafe { &raw mut (*node).closed };
    // SAFETY: nobody else has the pointer yet.
    unsafe { (*node).open.closed = NonNull::new(closed) };
    // SAFETY: `Box::into_raw` never gives null.
    unsafe { NonNull::new_unchecked(node) }
}

impl<C> Drop for Index<C> {
    fn drop(&mut self) {
        let nodes = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        nodes.current.clear();
        for node in nodes.all.drain(..) {
            // SAFETY: invariant 2; `&mut self` says that no borrow of a node is left, and tasks are made by registries
            // that are never dropped.
            drop(unsafe { Box::from_raw(node.as_ptr()) });
        }
    }
}
