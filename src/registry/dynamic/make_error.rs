//! Why no task was made, and what is given back.

use alloc::boxed::Box;
use core::any::type_name;
use core::error::Error;
use core::fmt;

use super::lookup_error::LookupError;
use crate::registry::key::VTableKey;

/// Why no [`RegisteredTask`](super::RegisteredTask) was made. The task comes back in every case.
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

/// Why [`VTableRegistry::build`](super::VTableRegistry::build) made no task.
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
        match self {
            Self::Lookup { error, .. } => Some(error),
            _ => None,
        }
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
