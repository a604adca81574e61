//! An owner that knows its key.

use alloc::boxed::Box;
use core::error::Error;
use core::fmt;
use core::pin::Pin;
use core::task::Poll;

#[cfg(not(loom))]
use super::GLOBAL_VTABLE_REGISTRY;
use super::VTableRegistry;
use super::error::NewTaskError;
use super::node::{Node, Record};
use crate::registry::key::VTableKey;
use crate::task::erased::Erased;
use crate::task::owned::owner_methods;
use crate::task::{RawTask, UnsafeWakeablePtr};

/// What a factory says that makes no task.
type Refusal = Box<dyn Error + Send + Sync>;

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
    /// Where [`try_new`](Self::try_new) gives an error, with the same sentence.
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
    /// Where [`try_new_in`](Self::try_new_in) gives an error, with the same sentence.
    #[must_use]
    #[track_caller]
    pub fn new_in<C, T: Send + 'static>(registry: &'static VTableRegistry<C>, task: Box<T>, key: VTableKey) -> Self {
        match Self::try_new_in(registry, task, key) {
            Ok(task) => task,
            Err(error) => panic!("{error}"),
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
        match registry.catalog().look_up(key.key_ref()) {
            Ok(node) => Self::own(task, node.record()),
            Err(error) => Err(NewTaskError::Lookup { error, task }),
        }
    }

    /// Owns `task` under the key of an open record.
    #[inline]
    pub(super) fn own<T: Send + 'static>(task: Box<T>, record: &'static Record) -> Result<Self, NewTaskError<T>> {
        if record.boxes::<T>() {
            // SAFETY: just checked; `record` is the open one of its node.
            Ok(Self(unsafe { Erased::from_box(task, record) }))
        } else {
            Err(Self::refuse(task, record))
        }
    }

    #[cold]
    fn refuse<T: 'static>(task: Box<T>, record: &Record) -> NewTaskError<T> {
        let (table, key) = (record.table(), record.key());
        if table.is::<T>() {
            NewTaskError::NotBoxed { key, task }
        } else {
            NewTaskError::WrongType { key, registered: table.type_name(), task }
        }
    }

    /// The task that `node`'s factory makes; none if it has no factory.
    pub(super) fn build<C>(node: &'static Node<C>, bytes: &[u8], context: &C) -> Option<Result<Self, Refusal>> {
        let task = node.factory()?(bytes, context);
        Some(task.map(|task| {
            let (data, _) = task.into_erased().into_parts();
            // SAFETY: invariants 1 and 2 of the node; the first owner has just given up the task, which was open.
            Self(unsafe { Erased::new(data, node.record()) })
        }))
    }

    /// The key that the task was made under. Costs: one load.
    #[inline]
    #[must_use]
    pub fn key(&self) -> VTableKey {
        self.0.word().key()
    }

    owner_methods!();
}

impl fmt::Debug for RegisteredTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegisteredTask").field("key", &self.key()).field("task", &self.0).finish()
    }
}
