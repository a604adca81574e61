//! An owner that knows its key.

use alloc::boxed::Box;
use core::error::Error;
use core::fmt;
use core::pin::Pin;
use core::task::Poll;

use super::entry::Entry;
use super::make_error::{BuildError, NewTaskError};
use super::node::{Node, Record};
#[cfg(not(loom))]
use super::registry::GLOBAL_VTABLE_REGISTRY;
use super::registry::VTableRegistry;
use crate::registry::key::{KeyRef, VTableKey};
use crate::task::erased::{Erased, Word};
use crate::task::owned::owner_methods;
use crate::task::{RawTask, UnsafeWakeablePtr};

/// Owns a task that was made under a key. Two words, `Option` of it too; `Send`, not `Sync`.
///
/// As [`OwnedTask`](crate::OwnedTask), and it knows its [`key`](Self::key). The second word leads to the registry's
/// entry, which begins with the three functions, so a poll costs the same: one load, one indirect call. Since it
/// has no lifetime, only a registry that is never dropped makes tasks. It keeps the table that it was made with,
/// whatever is registered under its key later.
///
/// # Examples
///
/// ```
/// use std::task::Poll;
/// use waker_tables::{GLOBAL_VTABLE_REGISTRY, RegisteredTask, VTableKey, WakeableTask};
///
/// struct Parse;
///
/// impl WakeableTask for Parse {
///     fn poll(&mut self) -> Poll<()> {
///         Poll::Ready(())
///     }
/// }
///
/// const PARSE: VTableKey = VTableKey::new("etl", "parse", 1);
/// GLOBAL_VTABLE_REGISTRY.register_task::<Parse>(PARSE);
///
/// let mut task = RegisteredTask::new(Box::new(Parse), PARSE);
/// assert!(task.poll().is_ready());
/// assert_eq!(task.key(), PARSE);
/// ```
pub struct RegisteredTask(Erased<Record>);

#[expect(
    clippy::non_send_fields_in_send_ty,
    reason = "the engine is shared with the owner of local tasks; the constructors ask for `Send`"
)]
// SAFETY: every constructor asks for `T: Send` (`from_raw` for a task that was made so), and the owner is the
// only way to the task; entries are read-only data that any thread may read.
unsafe impl Send for RegisteredTask {}

impl RegisteredTask {
    /// Owns `task` under `key` of the [global registry](GLOBAL_VTABLE_REGISTRY). Costs: one look-up.
    ///
    /// # Panics
    ///
    /// Where [`try_new`](Self::try_new) gives an error, with its sentence and that of its source.
    #[cfg(not(loom))]
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
    #[cfg(not(loom))]
    pub fn try_new<T: Send + 'static>(task: Box<T>, key: VTableKey) -> Result<Self, NewTaskError<T>> {
        Self::try_new_in(&GLOBAL_VTABLE_REGISTRY, task, key)
    }

    /// [`new`](Self::new) for another registry.
    ///
    /// # Panics
    ///
    /// Where [`try_new_in`](Self::try_new_in) gives an error, with its sentence and that of its source.
    #[must_use]
    #[track_caller]
    pub fn new_in<C, T: Send + 'static>(registry: &'static VTableRegistry<C>, task: Box<T>, key: VTableKey) -> Self {
        match Self::try_new_in(registry, task, key) {
            Ok(task) => task,
            Err(error) => match error.source() {
                Some(source) => panic!("{error}: {source}"),
                None => panic!("{error}"),
            },
        }
    }

    /// [`try_new`](Self::try_new) for another registry.
    ///
    /// # Errors
    ///
    /// If nothing is registered under `key`, or another type; the task is in the error.
    pub fn try_new_in<C, T: Send + 'static>(
        registry: &'static VTableRegistry<C>,
        task: Box<T>,
        key: VTableKey,
    ) -> Result<Self, NewTaskError<T>> {
        match registry.entry(key.key_ref()) {
            Ok(entry) => entry.task(task),
            Err(error) => Err(NewTaskError::Lookup { error, task }),
        }
    }

    /// The key that the task was made under. Costs: two loads.
    #[inline]
    #[must_use]
    pub fn key(&self) -> VTableKey {
        self.0.word().key()
    }

    /// What [`close`](Self::close) was called in 0.1.
    pub fn drop_in_place(&mut self) {
        self.close();
    }

    owner_methods!();
}

impl fmt::Debug for RegisteredTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegisteredTask").field("key", &self.key()).field("task", &self.0).finish()
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
        let node = self.node();
        if node.boxes::<T>() {
            // SAFETY: just checked; the record is the open one.
            Ok(RegisteredTask(unsafe { Erased::from_box(task, node.open()) }))
        } else {
            Err(refusal(task, node))
        }
    }
}

#[cold]
fn refusal<T: 'static>(task: Box<T>, node: &Node) -> NewTaskError<T> {
    let (table, key) = (node.table(), node.open().key());
    if table.is::<T>() {
        NewTaskError::NotBoxed { key, task }
    } else {
        NewTaskError::WrongType { key, registered: table.type_name(), task }
    }
}

impl<C: 'static> VTableRegistry<C> {
    /// Makes a task out of `bytes` with the factory under `key`: without `unsafe`, and without naming its type.
    ///
    /// # Errors
    ///
    /// If nothing is registered under `key`, or no factory, or if the factory refuses.
    pub fn build(&'static self, key: KeyRef<'_>, bytes: &[u8], context: &C) -> Result<RegisteredTask, BuildError> {
        let node = self.entry(key).map_err(BuildError::Lookup)?.node();
        let key = node.open().key();
        match node.make(bytes, context) {
            Some(Ok(task)) => {
                let (data, _) = task.into_erased().into_parts();
                // SAFETY: invariants 1 and 2 of the node; the first owner has just given up the task, which was open.
                Ok(RegisteredTask(unsafe { Erased::new(data, node.open()) }))
            }
            Some(Err(error)) => Err(BuildError::Factory { key, error }),
            None => Err(BuildError::NoFactory { key, registered: node.table().type_name() }),
        }
    }
}
