//! Tables by key: `segment/kind@v1` to a [`TaskVTable`], and from a key off the wire to a task.
//!
//! ```text
//!   "etl/parse@v1"  ──KeyRef::parse──►  KeyRef<'_> ──get_ref──►  &'static TaskVTable
//!                                          │
//!                                          └──build(key, bytes, &context)──►  RegisteredTask  (2 words, owns)
//! ```
//!
//! Looking up and parsing allocate nothing. No user code runs under the registry's lock: a factory that panics, or uses
//! the registry, leaves it as it was.

use alloc::boxed::Box;
use core::error::Error;
use core::fmt;
use core::marker::PhantomData;
use core::panic::Location;

use crate::task::{TaskVTable, WakeableTask};

mod error;
mod index;
mod key;
mod task;

pub use error::{AskedKey, BuildError, NewTaskError, RegisterError};
pub use key::{KeyRef, NameError, ParseKeyError, VTableKey};
pub use task::RegisteredTask;

use index::{Index, Node};

/// The registry of this linked image. A dynamic library has its own; one's own registry is a `static` like this one.
pub static GLOBAL_VTABLE_REGISTRY: VTableRegistry = VTableRegistry::new();

/// Tables by key. `C` is the context that [factories](Self::register_factory) get.
///
/// Costs: a look-up takes a shared lock and hashes the key; it allocates nothing and scans nothing. An entry that was
/// replaced is kept until the registry is dropped, since tasks made from it may live.
///
/// # Examples
///
/// ```
/// use std::num::ParseIntError;
/// use std::task::Poll;
/// use waker_tables::{KeyRef, VTableKey, VTableRegistry, WakeableTask};
///
/// struct Sleep { turns: u32 }
///
/// impl WakeableTask for Sleep {
///     fn poll(&mut self) -> Poll<()> {
///         self.turns -= 1;
///         if self.turns == 0 { Poll::Ready(()) } else { Poll::Pending }
///     }
/// }
///
/// static JOBS: VTableRegistry = VTableRegistry::new();
///
/// JOBS.register_factory(VTableKey::new("test", "sleep", 1), |bytes, ()| {
///     let turns = String::from_utf8_lossy(bytes).parse()?;
///     Ok::<_, ParseIntError>(Sleep { turns })
/// });
///
/// let line = "test/sleep@v1 2";
/// let (key, argument) = line.split_once(' ').unwrap();
/// let mut task = JOBS.build(KeyRef::parse(key)?, argument.as_bytes(), &())?;
/// assert!(task.poll().is_pending());
/// assert!(task.poll().is_ready());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct VTableRegistry<C: 'static = ()> {
    index: Index<C>,
    /// Invariant in `C`. Otherwise a registry of `&'static str` coerces to one of a shorter-lived string, and a
    /// factory keeps that.
    context: PhantomData<fn(C) -> C>,
}

impl VTableRegistry {
    /// An empty registry whose factories get no context.
    #[must_use]
    pub const fn new() -> Self {
        Self::with_context()
    }
}

impl<C: 'static> VTableRegistry<C> {
    /// An empty registry whose factories get a `&C`.
    #[must_use]
    pub const fn with_context() -> Self {
        Self { index: Index::new(), context: PhantomData }
    }

    /// Registers `table` under `key`, also if that is taken or [`try_register`](Self::try_register) would refuse its
    /// names. Gives back the table that was there. A factory that was there is found no longer, and kept like the entry.
    ///
    /// Tasks that exist keep their table.
    #[track_caller]
    pub fn register(&self, key: VTableKey, table: &'static TaskVTable) -> Option<&'static TaskVTable> {
        self.replace(Node::new(key, table, Location::caller()))
    }

    /// [`register`](Self::register) for a type that needs no table by name.
    #[track_caller]
    pub fn register_task<T: WakeableTask + 'static>(&self, key: VTableKey) -> Option<&'static TaskVTable> {
        self.register(key, const { &TaskVTable::of::<T>() })
    }

    /// Registers `table` under `key`.
    ///
    /// # Errors
    ///
    /// If the key is taken, or has a name that [`VTableKey::new`] would refuse. Nothing changes then.
    #[track_caller]
    pub fn try_register(&self, key: VTableKey, table: &'static TaskVTable) -> Result<(), RegisterError> {
        if let Err(error) = key.key_ref().check() {
            return Err(RegisterError::BadKey { key, error });
        }
        let given_at = Location::caller();
        self.index.fill(Node::new(key, table, given_at)).map_err(|taken| RegisterError::Taken {
            key,
            registered: taken.entry().table().type_name(),
            registered_at: taken.place(),
            given: table.type_name(),
            given_at,
        })
    }

    /// Registers a type under `key` together with the function that makes it out of bytes, as
    /// [`register`](Self::register) does.
    ///
    /// The factory runs in [`build`](Self::build), outside the registry's lock; it may use the registry.
    #[track_caller]
    pub fn register_factory<T, E, F>(&self, key: VTableKey, factory: F) -> Option<&'static TaskVTable>
    where
        F: Fn(&[u8], &C) -> Result<T, E> + Send + Sync + 'static,
        T: WakeableTask + Send + 'static,
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        self.replace(Node::with_factory(key, factory, Location::caller()))
    }

    /// The table under `key`.
    #[must_use]
    pub fn get(&self, key: &VTableKey) -> Option<&'static TaskVTable> {
        self.get_ref(key.key_ref())
    }

    /// The table under a key that borrows its names.
    #[must_use]
    pub fn get_ref(&self, key: KeyRef<'_>) -> Option<&'static TaskVTable> {
        self.index.find(key).map(|node| node.entry().table())
    }

    /// Makes a task out of `bytes` with the factory under `key`: without `unsafe`, and without naming its type.
    ///
    /// # Errors
    ///
    /// If nothing is registered under `key`, or no factory, or if the factory refuses.
    pub fn build(&'static self, key: KeyRef<'_>, bytes: &[u8], context: &C) -> Result<RegisteredTask, BuildError> {
        let Some(node) = self.index.find(key) else {
            return Err(BuildError::Unknown { key: key.into() });
        };
        let key = node.entry().key();
        match RegisteredTask::build(node, bytes, context) {
            Some(Ok(task)) => Ok(task),
            Some(Err(error)) => Err(BuildError::Factory { key, error }),
            None => Err(BuildError::NoFactory { key, registered: node.entry().table().type_name() }),
        }
    }

    /// All keys with their tables, as they are now, in no order. Allocates the list.
    pub fn iter(&self) -> impl Iterator<Item = (VTableKey, &'static TaskVTable)> {
        let nodes = self.index.snapshot().into_iter();
        nodes.map(|node| (node.entry().key(), node.entry().table()))
    }

    /// How many keys there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn index(&self) -> &Index<C> {
        &self.index
    }

    fn replace(&self, node: Node<C>) -> Option<&'static TaskVTable> {
        self.index.replace(node).map(|before| before.entry().table())
    }
}

impl<C: 'static> Default for VTableRegistry<C> {
    fn default() -> Self {
        Self::with_context()
    }
}

impl<C: 'static> fmt::Debug for VTableRegistry<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}
