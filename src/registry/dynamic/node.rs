//! Registrations: what a key leads to.

use alloc::boxed::Box;
use core::any::{Any, TypeId};
use core::error::Error;
use core::fmt;
use core::panic::{Location, RefUnwindSafe};
use core::ptr::{self, NonNull};

use crate::registry::key::VTableKey;
use crate::task::erased::Word;
use crate::task::{OwnedTask, TaskVTable, UnsafeWakeableVTable, WakeableTask};

/// What the second word of a `RegisteredTask` points to.
///
/// # Invariants
///
/// 1. `calls` are the functions of `table`; of a closed record `table` is the twin, so a closed one.
/// 2. `node` is the one that this is a part of.
#[repr(C)] // the functions first, as in a table: owners of both kinds poll with the same instructions
pub(super) struct Record {
    calls: UnsafeWakeableVTable,
    table: &'static TaskVTable,
    node: NonNull<Node>,
}

/// One registration. Nothing in it changes, and it stays until the registry is dropped.
///
/// # Invariants
///
/// 1. `open` is an open record of the registered table, `closed` of its twin.
/// 2. `factory` makes tasks of the table's type, in boxes, as the table expects them, with contexts of the registry's
///    type.
#[repr(C)]
pub(super) struct Node {
    pub(super) open: Record,
    closed: Record,
    pub(super) key: VTableKey,
    /// The type of the table's tasks, if they stand in boxes; else this one, of which nobody has a box. What making one
    /// compares, without a call.
    pub(super) boxes: TypeId,
    /// Where it was made.
    pub(super) place: &'static Location<'static>,
    pub(super) factory: Option<Box<Factory>>,
}

/// Nothing of it is changed by who holds it.
impl RefUnwindSafe for Node {}

/// As a box, but its node may be read through copies of its [address](Self::address) while the owner moves: moving a
/// `Box` says that nobody else has its value.
pub(super) struct OwnedNode(NonNull<Node>);

pub(super) struct Factory {
    /// A [`Make`] of the registry's context.
    make: Box<dyn Any + Send + Sync>,
    /// The type of a function that captures nothing: two of that type are the same.
    pure: Option<TypeId>,
}

/// Bytes and a context in, an owned task out.
type Make<C> = Box<dyn Fn(&[u8], &C) -> Result<OwnedTask, NoTask> + Send + Sync>;

/// What a factory says that makes no task.
pub(super) type NoTask = Box<dyn Error + Send + Sync>;

/// One registration. One word, `Copy`.
///
/// It keeps its table whatever is registered under its key later, and whether or not the key is removed.
#[derive(Clone, Copy)]
pub struct Entry<'r>(pub(super) &'r Node);

impl Record {
    pub(super) fn node(&self) -> &Node {
        // SAFETY: invariant 2, so it lives as long as this.
        unsafe { self.node.as_ref() }
    }
}

// SAFETY: read-only data; tables are `'static` data, and the pointer leads to more of the kind.
unsafe impl Send for Record {}
// SAFETY: as above.
unsafe impl Sync for Record {}

// SAFETY: invariants 1 and 2, and those of the node and of `TaskVTable`.
unsafe impl Word for Record {
    fn calls(&'static self) -> &'static UnsafeWakeableVTable {
        &self.calls
    }

    fn table(&'static self) -> &'static TaskVTable {
        self.table
    }

    fn closed(&'static self) -> Option<&'static Self> {
        let node = self.node();
        ptr::eq(self, &raw const node.open).then_some(&node.closed)
    }
}

impl Node {
    pub(super) fn table(&self) -> &'static TaskVTable {
        self.open.table
    }

    /// Whether registering `other` in the place of this one would change nothing.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        let same_factory = match (&self.factory, &other.factory) {
            (None, None) => true,
            (Some(own), Some(other)) => own.pure.is_some() && own.pure == other.pure,
            _ => false,
        };
        same_factory && self.table().is_same(other.table())
    }

    /// What the factory makes of `bytes`; none if there is no factory for such contexts.
    pub(super) fn make<C: 'static>(&self, bytes: &[u8], context: &C) -> Option<Result<OwnedTask, NoTask>> {
        let make = self.factory.as_ref()?.make.downcast_ref::<Make<C>>()?;
        Some(make(bytes, context))
    }
}

// SAFETY: it owns a node, as a box does.
unsafe impl Send for OwnedNode {}

impl OwnedNode {
    /// Remembers its caller as its place.
    #[track_caller]
    pub(super) fn new(key: VTableKey, table: &'static TaskVTable, factory: Option<Box<Factory>>) -> Self {
        let node = NonNull::from(Box::leak(Box::<Node>::new_uninit())).cast::<Node>();
        let record = |table: &'static TaskVTable| {
            let UnsafeWakeableVTable { poll_fn, wake_fn, drop_fn } = *table.raw();
            Record { calls: UnsafeWakeableVTable { poll_fn, wake_fn, drop_fn }, table, node }
        };
        let (open, closed) = (record(table), record(table.twin().unwrap_or(table)));
        let boxes = table.boxed_type().unwrap_or(TypeId::of::<Node>());
        // SAFETY: memory for a node.
        unsafe { node.write(Node { open, closed, key, boxes, place: Location::caller(), factory }) };
        Self(node)
    }

    /// The table and the factory come from the one `T`, so they cannot disagree.
    #[track_caller]
    pub(super) fn with_factory<C, T, E, F>(key: VTableKey, make: F) -> Self
    where
        C: 'static,
        F: Fn(&[u8], &C) -> Result<T, E> + Send + Sync + 'static,
        T: WakeableTask + Send + 'static,
        E: Into<NoTask>,
    {
        let pure = (size_of::<F>() == 0).then(TypeId::of::<F>);
        let make: Make<C> =
            Box::new(move |bytes, context| make(bytes, context).map(Box::new).map(OwnedTask::new).map_err(E::into));
        let factory = Some(Box::new(Factory { make: Box::new(make), pure }));
        Self::new(key, const { &TaskVTable::of::<T>() }, factory)
    }

    /// Where the node is, as long as this owner lives.
    pub(super) fn address(&self) -> NonNull<Node> {
        self.0
    }

    pub(super) fn get(&self) -> &Node {
        // SAFETY: from a box that only `drop` frees; nobody has it mutably.
        unsafe { self.0.as_ref() }
    }
}

impl Drop for OwnedNode {
    fn drop(&mut self) {
        // SAFETY: from a box. Whoever has copied the address reads no longer than the owner lives.
        drop(unsafe { Box::from_raw(self.0.as_ptr()) });
    }
}

impl Entry<'_> {
    /// The key; of an alias, the real one. Costs: one load.
    #[must_use]
    pub fn key(self) -> VTableKey {
        self.0.key
    }

    /// The table. Costs: one load.
    #[must_use]
    pub fn table(self) -> &'static TaskVTable {
        self.0.table()
    }
}

impl PartialEq for Entry<'_> {
    /// Whether both are the same registration.
    fn eq(&self, other: &Self) -> bool {
        ptr::eq(self.0, other.0)
    }
}

impl Eq for Entry<'_> {}

impl fmt::Debug for Entry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry").field("key", &self.key()).field("type", &self.table().type_name()).finish()
    }
}
