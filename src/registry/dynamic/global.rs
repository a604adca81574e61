//! The registry of this linked image, and what leads to it.

use alloc::boxed::Box;
use core::ptr::{self, NonNull};
use core::sync::atomic::{AtomicPtr, Ordering};

use super::node::Entry;
use super::registry::VTableRegistry;
use super::state::Name;
use super::task::{NewTaskError, RegisteredTask};
use crate::registry::key::VTableKey;

/// The registry of this linked image. A dynamic library has its own; one's own registry is a `static` like this one.
pub static GLOBAL_VTABLE_REGISTRY: VTableRegistry = VTableRegistry::new();

/// A key of the [global registry](GLOBAL_VTABLE_REGISTRY) that is looked up once per call site.
///
/// What it keeps is the family, one word, which never moves: so it sees replacements and removals, and costs two loads
/// and a search among the family's versions.
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
#[derive(Debug)]
pub struct CachedEntry {
    key: VTableKey,
    /// Null, or the key's family or alias in the global registry, which is never freed.
    name: AtomicPtr<Name>,
}

impl CachedEntry {
    /// Nothing is looked up yet.
    #[must_use]
    pub const fn new(key: VTableKey) -> Self {
        Self { key, name: AtomicPtr::new(ptr::null_mut()) }
    }

    /// What is registered under the key now. Costs: two loads and a search, once the family has been found.
    #[inline]
    pub fn get(&self) -> Option<Entry<'static>> {
        // SAFETY: a name of the global registry, which is never dropped, so no name of it is.
        let name = NonNull::new(self.name.load(Ordering::Acquire)).map(|name| unsafe { name.as_ref() });
        name.or_else(|| self.look_up())?.current()?.node(self.key.version).map(Entry)
    }

    #[cold]
    fn look_up(&self) -> Option<&'static Name> {
        let name = GLOBAL_VTABLE_REGISTRY.catalog.name(self.key.family())?;
        // Release: whoever reads it sees the name as this thread does.
        self.name.store(ptr::from_ref(name).cast_mut(), Ordering::Release);
        Some(name)
    }
}

impl RegisteredTask {
    /// Owns `task` under `key` of the [global registry](GLOBAL_VTABLE_REGISTRY). Costs: one look-up.
    ///
    /// # Panics
    ///
    /// Where [`try_new`](Self::try_new) gives an error, with its sentence and that of its source.
    #[must_use]
    #[track_caller]
    pub fn new<T: Send + 'static>(task: Box<T>, key: VTableKey) -> Self {
        Self::new_in(&GLOBAL_VTABLE_REGISTRY, task, key)
    }

    /// Owns `task` under `key` of the [global registry](GLOBAL_VTABLE_REGISTRY). Costs: one look-up.
    ///
    /// # Errors
    ///
    /// If nothing is registered under `key`, or another type; the task is in the error.
    pub fn try_new<T: Send + 'static>(task: Box<T>, key: VTableKey) -> Result<Self, NewTaskError<T>> {
        Self::try_new_in(&GLOBAL_VTABLE_REGISTRY, task, key)
    }
}
