//! What a registry keeps: registrations, the slots of keys, and the snapshots of families.

use alloc::boxed::Box;
use core::any::TypeId;
use core::error::Error;
use core::panic::Location;
use core::ptr::{self, NonNull};

use crate::registry::hash::{Names, Words};
use crate::registry::key::VTableKey;
use crate::sync::{AtomicPtr, Ordering};
use crate::task::erased::Word;
use crate::task::{OwnedTask, TaskVTable, UnsafeWakeableVTable, WakeableTask};

/// A factory with its types erased: bytes and a context in, an owned task out.
pub(super) type Factory<C> = Box<dyn Fn(&[u8], &C) -> Result<OwnedTask, Box<dyn Error + Send + Sync>> + Send + Sync>;

/// What the second word of a [`RegisteredTask`](super::RegisteredTask) points to.
///
/// # Invariants
///
/// 1. `calls` are the functions of `table`; of a closed record `table` is the twin, so a closed one.
/// 2. `closed` is none, or points to the closed record of the same node, so of the same type and key.
#[repr(C)] // the functions first, as in a table: owners of both kinds poll with the same instructions
pub(super) struct Record {
    calls: UnsafeWakeableVTable,
    table: &'static TaskVTable,
    key: VTableKey,
    closed: Option<NonNull<Record>>,
    /// The type of the table's tasks, if they stand in boxes; else [`NoBox`]. What making one compares, without a call.
    boxes: TypeId,
}

/// A type that nobody has a value of, so none in a box.
enum NoBox {}

/// One registration. Nothing in it changes once it is published, and it stays until the registry is dropped.
///
/// # Invariants
///
/// 1. `open` is of the registered table, `closed` of its twin, both of one key; `open` is an open record, once the node is where it stays.
/// 2. `factory` makes tasks of the table's type, in boxes, as the table expects them.
pub(super) struct Node<C: 'static> {
    open: Record,
    closed: Record,
    factory: Option<Factory<C>>,
    place: &'static Location<'static>,
}

/// The place of a key, for ever, and its first registration, so that both are in the cache at once.
///
/// # Invariant
///
/// `current` is null (nothing is registered now), or a node of this key that lives as long as the registry: `first`, or one
/// that was settled by itself.
#[repr(C)] // what a look-up reads stands together
pub(super) struct Slot<C: 'static> {
    words: Words,
    version: u16,
    current: AtomicPtr<Node<C>>,
    first: Node<C>,
}

impl Record {
    fn of(table: &'static TaskVTable, key: VTableKey) -> Self {
        let calls = table.raw();
        Self {
            calls: UnsafeWakeableVTable { poll_fn: calls.poll_fn, wake_fn: calls.wake_fn, drop_fn: calls.drop_fn },
            table,
            key,
            closed: None,
            boxes: table.boxed_type().unwrap_or(TypeId::of::<NoBox>()),
        }
    }

    #[inline]
    pub(super) fn table(&self) -> &'static TaskVTable {
        self.table
    }

    /// Whether an owner over this record holds a `Box<T>`.
    #[inline]
    pub(super) fn boxes<T: 'static>(&self) -> bool {
        self.boxes == TypeId::of::<T>()
    }

    #[inline]
    pub(super) fn key(&self) -> VTableKey {
        self.key
    }
}

// SAFETY: read-only data once it is shared; tables and keys are `'static` data, and the pointer leads to another record.
unsafe impl Send for Record {}
// SAFETY: as above.
unsafe impl Sync for Record {}

// SAFETY: invariants 1 and 2, and those of `TaskVTable`.
unsafe impl Word for Record {
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
        // SAFETY: invariant 2; the node of a `'static` record is never freed, and nothing in it changes.
        self.closed.map(|closed| unsafe { closed.as_ref() })
    }
}

impl<C> Node<C> {
    pub(super) fn new(key: VTableKey, table: &'static TaskVTable, place: &'static Location<'static>) -> Self {
        let closed = table.twin().unwrap_or(table);
        Self { open: Record::of(table, key), closed: Record::of(closed, key), factory: None, place }
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

    /// Moves the node to where it stays.
    pub(super) fn settle(self) -> NonNull<Self> {
        let node = Box::into_raw(Box::new(self));
        // SAFETY: a node that nobody else knows yet.
        unsafe { Self::link(node) };
        // SAFETY: `Box::into_raw` never gives null.
        unsafe { NonNull::new_unchecked(node) }
    }

    /// Links the two records of a node that is where it stays.
    ///
    /// # Safety
    ///
    /// `node` is a node that nobody else uses.
    unsafe fn link(node: *mut Self) {
        // SAFETY: a place inside the allocation.
        let closed = unsafe { &raw mut (*node).closed };
        // SAFETY: the caller's promise.
        unsafe { (*node).open.closed = NonNull::new(closed) };
    }

    #[inline]
    pub(super) fn record(&self) -> &Record {
        &self.open
    }

    pub(super) fn factory(&self) -> Option<&Factory<C>> {
        self.factory.as_ref()
    }

    pub(super) fn place(&self) -> &'static Location<'static> {
        self.place
    }
}

impl<C> Slot<C> {
    /// The place of `first`'s key, where that is registered.
    pub(super) fn settle(first: Node<C>) -> NonNull<Self> {
        let key = first.open.key;
        let words = Names::of(key.segment, key.kind).words();
        let current = AtomicPtr::new(ptr::null_mut());
        let slot = Box::into_raw(Box::new(Self { words, version: key.version, current, first }));
        // SAFETY: a place inside the allocation.
        let node = unsafe { &raw mut (*slot).first };
        // SAFETY: nobody else has the pointer yet.
        unsafe { Node::link(node) };
        // SAFETY: as above.
        unsafe { &(*slot).current }.store(node, Ordering::Relaxed);
        // SAFETY: `Box::into_raw` never gives null.
        unsafe { NonNull::new_unchecked(slot) }
    }

    #[inline]
    pub(super) fn is(&self, names: &Names<'_>, version: u16) -> bool {
        let own = || (self.first.open.key.segment, self.first.open.key.kind);
        self.version == version && names.are(&self.words, own)
    }

    /// What is registered now.
    #[inline]
    pub(super) fn current(&self) -> Option<&Node<C>> {
        // SAFETY: the invariant; the slot is borrowed from the registry.
        self.current_node().map(|node| unsafe { node.as_ref() })
    }

    /// [`current`](Self::current) for writers, who keep it in snapshots.
    #[inline]
    pub(super) fn current_node(&self) -> Option<NonNull<Node<C>>> {
        NonNull::new(self.current.load(Ordering::Acquire))
    }

    /// # Safety
    ///
    /// `node` is of this key, and lives as long as the registry.
    pub(super) unsafe fn publish(&self, node: Option<NonNull<Node<C>>>) {
        self.current.store(node.map_or(ptr::null_mut(), NonNull::as_ptr), Ordering::Release);
    }
}
