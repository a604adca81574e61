//! A registration that was looked up once, and tasks made from it.

use alloc::boxed::Box;
use core::fmt;

use super::error::NewTaskError;
use super::node::Record;
use super::task::RegisteredTask;
use crate::registry::key::VTableKey;
use crate::task::TaskVTable;

/// One registration. One word, `Copy`.
///
/// It keeps its table whatever is registered under its key later, and whether or not the key is removed.
#[derive(Clone, Copy)]
pub struct Entry<'r>(&'r Record);

impl<'r> Entry<'r> {
    pub(super) const fn new(record: &'r Record) -> Self {
        Self(record)
    }

    /// The key; of an alias, the real one. Costs: one load.
    #[inline]
    #[must_use]
    pub fn key(self) -> VTableKey {
        self.0.key()
    }

    /// The table. Costs: one load.
    #[inline]
    #[must_use]
    pub fn table(self) -> &'static TaskVTable {
        self.0.table()
    }
}

impl Entry<'static> {
    /// Owns `task` under this entry's key, without a look-up. Costs: a comparison of types; the box is kept.
    ///
    /// # Errors
    ///
    /// If the entry is of another type; the task is in the error.
    #[inline]
    pub fn task<T: Send + 'static>(self, task: Box<T>) -> Result<RegisteredTask, NewTaskError<T>> {
        RegisteredTask::own(task, self.0)
    }
}

impl PartialEq for Entry<'_> {
    /// Whether both are the same registration.
    fn eq(&self, other: &Self) -> bool {
        core::ptr::eq(self.0, other.0)
    }
}

impl Eq for Entry<'_> {}

impl fmt::Debug for Entry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry").field("key", &self.key()).field("type", &self.table().type_name()).finish()
    }
}

/// A key of the [global registry](super::GLOBAL_VTABLE_REGISTRY) that is looked up once per call site.
///
/// What it keeps is the key's slot, one word, which never moves: so it sees replacements and removals, and costs two
/// loads.
///
/// # Examples
///
/// ```
/// # use std::task::Poll;
/// # use waker_tables::{CachedEntry, GLOBAL_VTABLE_REGISTRY, VTableKey, WakeableTask};
/// # struct Parse;
/// # impl WakeableTask for Parse { fn poll(&mut self) -> Poll<()> { Poll::Ready(()) } }
/// const KEY: VTableKey = VTableKey::new("etl", "cached", 1);
/// static PARSE: CachedEntry = CachedEntry::new(KEY);
///
/// assert!(PARSE.get().is_none());
/// GLOBAL_VTABLE_REGISTRY.register_task::<Parse>(KEY);
/// let mut task = PARSE.get().unwrap().task(Box::new(Parse))?;
/// assert!(task.poll().is_ready());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[cfg(not(loom))]
pub struct CachedEntry {
    key: VTableKey,
    /// Null, or the key's slot in the global registry, which is never freed.
    slot: core::sync::atomic::AtomicPtr<super::node::Slot<()>>,
}

/// As the registry: nothing is half done.
#[cfg(not(loom))]
impl core::panic::UnwindSafe for CachedEntry {}

#[cfg(not(loom))]
impl CachedEntry {
    /// Nothing is looked up yet.
    #[must_use]
    pub const fn new(key: VTableKey) -> Self {
        Self { key, slot: core::sync::atomic::AtomicPtr::new(core::ptr::null_mut()) }
    }

    /// What is registered under the key now. Costs: two loads, once the key has been found.
    #[inline]
    pub fn get(&self) -> Option<Entry<'static>> {
        use core::sync::atomic::Ordering;

        let slot = core::ptr::NonNull::new(self.slot.load(Ordering::Acquire));
        // SAFETY: a slot of the global registry, which is never dropped, so no slot of it is.
        match slot.map(|slot| unsafe { slot.as_ref() }) {
            Some(slot) => slot.current().map(|node| Entry::new(node.record())),
            None => self.look_up(),
        }
    }

    /// Also for a key that is an alias, which has no slot to keep.
    #[cold]
    fn look_up(&self) -> Option<Entry<'static>> {
        let catalog = super::GLOBAL_VTABLE_REGISTRY.catalog();
        if let Some(slot) = catalog.slot(self.key.key_ref()) {
            let slot = core::ptr::from_ref(slot).cast_mut();
            // Release: whoever reads it sees the slot as this thread does.
            self.slot.store(slot, core::sync::atomic::Ordering::Release);
        }
        catalog.find(self.key.key_ref()).map(|node| Entry::new(node.record()))
    }
}

#[cfg(not(loom))]
impl fmt::Debug for CachedEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachedEntry").field("key", &self.key).finish_non_exhaustive()
    }
}
