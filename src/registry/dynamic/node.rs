//! Registrations: what a key leads to.

use alloc::boxed::Box;
use core::any::{Any, TypeId};
use core::error::Error;
use core::panic::{Location, RefUnwindSafe};
use core::ptr::{self, NonNull};

use super::owner::Owner;
use crate::registry::hash::Names;
use crate::registry::key::VTableKey;
use crate::task::erased::Word;
use crate::task::{OwnedTask, TaskVTable, UnsafeWakeableVTable, WakeableTask};

/// What the second word of a `RegisteredTask` points to.
///
/// # Invariants
///
/// 1. `calls` are the functions of `table`; of a closed record `table` is the twin, so a closed one.
/// 2. `closed` is none, or points to the closed record of the same node, so of the same type and key.
/// 3. `names` are of the node's family and outlive the node, once that is settled.
#[repr(C)] // the functions first, as in a table: owners of both kinds poll with the same instructions
pub(super) struct Record {
    calls: UnsafeWakeableVTable,
    table: &'static TaskVTable,
    closed: Option<NonNull<Record>>,
    names: *const Names<'static>,
    version: u16,
}

/// One registration. Nothing in it changes once it is settled, and it stays until the registry is dropped.
///
/// # Invariants
///
/// 1. `open` is of the registered table, `closed` of its twin. Once the node is settled, `open` is an open record.
/// 2. `factory` makes tasks of the table's type, in boxes, as the table expects them, with contexts of the registry's
///    type.
#[repr(C)]
pub(super) struct Node {
    open: Record,
    closed: Record,
    /// The type of the table's tasks, if they stand in boxes; else [`NoBox`]. What making one compares, without a call.
    boxes: TypeId,
    place: &'static Location<'static>,
    factory: Option<Box<Factory>>,
}

/// Nothing of it is changed by who holds it.
impl RefUnwindSafe for Node {}

/// A type that nobody has a value of, so none in a box.
enum NoBox {}

struct Factory {
    /// A [`Make`] of the registry's context.
    make: Box<dyn Any + Send + Sync>,
    /// The type of a function that captures nothing: two of that type are the same.
    pure: Option<TypeId>,
}

/// Bytes and a context in, an owned task out.
type Make<C> = Box<dyn Fn(&[u8], &C) -> Result<OwnedTask, NoTask> + Send + Sync>;

/// What a factory says that makes no task.
pub(super) type NoTask = Box<dyn Error + Send + Sync>;

impl Record {
    fn of(table: &'static TaskVTable, version: u16) -> Self {
        let UnsafeWakeableVTable { poll_fn, wake_fn, drop_fn } = *table.raw();
        let calls = UnsafeWakeableVTable { poll_fn, wake_fn, drop_fn };
        Self { calls, table, closed: None, names: ptr::null(), version }
    }

    #[inline]
    pub(super) fn key(&self) -> VTableKey {
        // SAFETY: invariant 3; records are lent by settled nodes alone.
        let names = unsafe { &*self.names };
        VTableKey { segment: names.segment, kind: names.kind, version: self.version }
    }
}

// SAFETY: read-only data once it is settled; tables are `'static` data, and the pointers lead to more of the kind.
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

impl Node {
    pub(super) fn new(version: u16, table: &'static TaskVTable, place: &'static Location<'static>) -> Self {
        let (open, closed) = (Record::of(table, version), Record::of(table.twin().unwrap_or(table), version));
        let boxes = table.boxed_type().unwrap_or(TypeId::of::<NoBox>());
        Self { open, closed, boxes, place, factory: None }
    }

    /// The table and the factory come from the one `T`, so they cannot disagree.
    pub(super) fn with_factory<C, T, E, F>(version: u16, make: F, place: &'static Location<'static>) -> Self
    where
        C: 'static,
        F: Fn(&[u8], &C) -> Result<T, E> + Send + Sync + 'static,
        T: WakeableTask + Send + 'static,
        E: Into<NoTask>,
    {
        let pure = (size_of::<F>() == 0).then(TypeId::of::<F>);
        let make: Make<C> = Box::new(move |bytes, context| match make(bytes, context) {
            Ok(task) => Ok(OwnedTask::new(Box::new(task))),
            Err(error) => Err(error.into()),
        });
        let factory = Some(Box::new(Factory { make: Box::new(make), pure }));
        Self { factory, ..Self::new(version, const { &TaskVTable::of::<T>() }, place) }
    }

    /// Finishes a node of the family of `names`.
    ///
    /// # Safety
    ///
    /// Nobody else reads the node yet. `names` outlive it.
    pub(super) unsafe fn settle(node: &Owner<Self>, names: NonNull<Names<'static>>) {
        let node = node.address().as_ptr();
        // SAFETY: a place inside the allocation.
        let closed = unsafe { &raw mut (*node).closed };
        // SAFETY: the caller's promise.
        unsafe { (*node).open.closed = NonNull::new(closed) };
        // SAFETY: as above.
        unsafe { (*node).open.names = names.as_ptr() };
        // SAFETY: as above.
        unsafe { (*node).closed.names = names.as_ptr() };
    }

    /// The record of a task that is open.
    #[inline]
    pub(super) fn open(&self) -> &Record {
        &self.open
    }

    #[inline]
    pub(super) fn table(&self) -> &'static TaskVTable {
        self.open.table
    }

    /// Whether an owner over this holds a `Box<T>`.
    #[inline]
    pub(super) fn boxes<T: 'static>(&self) -> bool {
        self.boxes == TypeId::of::<T>()
    }

    /// Where it was made.
    pub(super) fn place(&self) -> &'static Location<'static> {
        self.place
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

    pub(super) fn has_factory(&self) -> bool {
        self.factory.is_some()
    }

    /// What the factory makes of `bytes`; none if there is no factory for such contexts.
    pub(super) fn make<C: 'static>(&self, bytes: &[u8], context: &C) -> Option<Result<OwnedTask, NoTask>> {
        let make = self.factory.as_ref()?.make.downcast_ref::<Make<C>>()?;
        Some(make(bytes, context))
    }
}
