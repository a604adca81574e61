//! An owner that knows its key.

use alloc::boxed::Box;
use core::any::{TypeId, type_name};
use core::error::Error;
use core::fmt;
use core::pin::Pin;
use core::task::Poll;

use super::error::LookupError;
use super::node::{Entry, Node, Record};
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

/// Why no [`RegisteredTask`] was made. The task comes back in every case.
#[non_exhaustive]
pub enum NewTaskError<T> {
    /// Nothing is registered under the key.
    Lookup {
        /// What is there instead.
        error: LookupError,
        /// The task.
        task: Box<T>,
    },
    /// The key is of another type.
    WrongType {
        /// The key.
        key: VTableKey,
        /// The type that holds it.
        registered: &'static str,
        /// The task.
        task: Box<T>,
    },
    /// The key's table is of this type, but of tasks that stand in no box
    /// ([`TaskVTable::of_released`](crate::TaskVTable::of_released)).
    NotBoxed {
        /// The key.
        key: VTableKey,
        /// The task.
        task: Box<T>,
    },
}

/// Why [`VTableRegistry::build`] made no task.
#[derive(Debug)]
#[non_exhaustive]
pub enum BuildError {
    /// Nothing is registered under the key.
    Lookup(LookupError),
    /// A table is registered under the key, but no factory.
    NoFactory {
        /// The key.
        key: VTableKey,
        /// The type that holds it.
        registered: &'static str,
    },
    /// The factory refused the bytes.
    Factory {
        /// The key.
        key: VTableKey,
        /// What it said.
        error: Box<dyn Error + Send + Sync>,
    },
}

#[expect(clippy::non_send_fields_in_send_ty, reason = "owners of local tasks have the same engine")]
// SAFETY: every constructor asks for `T: Send` (`from_raw` for a task that was made so), and the owner is the
// only way to the task; entries are read-only data that any thread may read.
unsafe impl Send for RegisteredTask {}

impl RegisteredTask {
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
    #[must_use]
    pub fn key(&self) -> VTableKey {
        self.0.word().node().key
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
        let node = self.0;
        if node.boxes == TypeId::of::<T>() {
            // SAFETY: just checked; the record is the open one.
            Ok(RegisteredTask(unsafe { Erased::from_box(task, &node.open) }))
        } else {
            Err(refusal(task, node))
        }
    }
}

#[cold]
#[inline(never)]
fn refusal<T: 'static>(task: Box<T>, node: &Node) -> NewTaskError<T> {
    let (table, key) = (node.table(), node.key);
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
        let node = self.entry(key).map_err(BuildError::Lookup)?.0;
        match node.make(bytes, context) {
            Some(Ok(task)) => {
                let (data, _) = task.into_erased().into_parts();
                // SAFETY: invariants 1 and 2 of the node; the first owner has just given up the task, which was open.
                Ok(RegisteredTask(unsafe { Erased::new(data, &node.open) }))
            }
            Some(Err(error)) => Err(BuildError::Factory { key: node.key, error }),
            None => Err(BuildError::NoFactory { key: node.key, registered: node.table().type_name() }),
        }
    }
}

impl<T> NewTaskError<T> {
    /// The task that was given.
    #[must_use]
    pub fn into_task(self) -> Box<T> {
        match self {
            Self::Lookup { task, .. } | Self::WrongType { task, .. } | Self::NotBoxed { task, .. } => task,
        }
    }
}

impl<T> fmt::Display for NewTaskError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let given = type_name::<T>();
        match self {
            Self::Lookup { .. } => write!(f, "a task of type {given} has no registered key"),
            Self::WrongType { key, registered, .. } => write!(f, "{key} is {registered}; the task is {given}"),
            Self::NotBoxed { key, .. } => write!(f, "{key} is {given} in memory of its own; the task is in a box"),
        }
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lookup(_) => f.write_str("there is nothing to make a task of this key"),
            Self::NoFactory { key, registered } => write!(f, "{key} is {registered}, registered without a factory"),
            Self::Factory { key, .. } => write!(f, "the factory of {key} made no task of these bytes"),
        }
    }
}

/// Without the task, which need not be `Debug`.
impl<T> fmt::Debug for NewTaskError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewTaskError").field("why", &format_args!("{self}")).finish_non_exhaustive()
    }
}

impl<T> Error for NewTaskError<T> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        let Self::Lookup { error, .. } = self else { return None };
        Some(error)
    }
}

impl Error for BuildError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Factory { error, .. } => Some(&**error),
            Self::Lookup(error) => Some(error),
            Self::NoFactory { .. } => None,
        }
    }
}
