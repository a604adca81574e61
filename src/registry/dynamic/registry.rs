//! The registry itself, and what goes in and out of it.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::error::Error;
use core::fmt;
use core::marker::PhantomData;
use core::panic::{RefUnwindSafe, UnwindSafe};

use super::catalog::{Alias, Catalog, ManifestEntry};
use super::error::{LookupError, RegisterError, UpdateError};
use super::family::Family;
use super::node::{Entry, OwnedNode};
use super::state::{Name, VersionReq, numbered};
use crate::registry::key::{FamilyName, KeyRef, VTableKey};
use crate::sync::{Ordering, const_fn};
use crate::task::{TaskVTable, WakeableTask};

/// Tables by key. `C` is the context that [factories](Self::register_factory) get.
///
/// Costs: a look-up hashes the key and is a few loads; no lock, no locked instruction, no allocation, and nothing to wait
/// for. A name that is longer than any registered one is not even hashed. What was registered never moves and is kept
/// until the registry is dropped, also when it is replaced or removed, since tasks made from it may live. The index keeps
/// less than twice its last size, and each change of a family the state before it, three words for each of its versions
/// ([`retained_bytes`](Self::retained_bytes)): a family filled with 256 versions one by one, the most that one takes, has
/// kept under 1 MB.
/// Writers take turns: a `Mutex` with `std`, else a flag that is spun on, so never register from an interrupt handler.
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
    pub(super) catalog: Catalog,
    /// Invariant in `C`. Otherwise a registry of `&'static str` coerces to one of a shorter-lived string, and a
    /// factory keeps that.
    context: PhantomData<fn(C) -> C>,
}

impl VTableRegistry {
    const_fn! {
        /// An empty registry whose factories get no context.
        #[must_use]
        pub fn new() -> Self {
            Self::with_context()
        }
    }
}

impl<C: 'static> VTableRegistry<C> {
    const_fn! {
        /// An empty registry whose factories get a `&C`.
        #[must_use]
        pub fn with_context() -> Self {
            Self { catalog: Catalog::new(), context: PhantomData }
        }
    }

    /// Registers `table` under `key`, also if that is taken, and also if [`try_register`](Self::try_register) would
    /// refuse its names. Gives back the table that was there. A factory that was there is found no longer, and kept like
    /// the table.
    ///
    /// Tasks that exist keep their table. A new version is active, a replaced one stays as it is.
    ///
    /// What is the same already stays, and nothing is kept or changed: a table at the same address, or two that
    /// [`TaskVTable::of`] made for one type, both without a factory; or the same type with factories that are one
    /// function, or one closure that captures nothing. A closure that captures is another one each time.
    ///
    /// # Panics
    ///
    /// If the registry is frozen, the name is an alias, or the family has 256 versions, with the sentence of
    /// `try_register`'s error.
    #[track_caller]
    pub fn register(&self, key: VTableKey, table: &'static TaskVTable) -> Option<&'static TaskVTable> {
        self.replace(OwnedNode::new(key, table, None))
    }

    /// [`register`](Self::register) for a type that needs no table by name.
    ///
    /// # Panics
    ///
    /// As `register`.
    #[track_caller]
    pub fn register_task<T: WakeableTask + 'static>(&self, key: VTableKey) -> Option<&'static TaskVTable> {
        self.register(key, const { &TaskVTable::of::<T>() })
    }

    /// Registers `table` under `key`, unless something else is there. Where it is the same
    /// ([`register`](Self::register)), nothing happens.
    ///
    /// # Errors
    ///
    /// If the key is taken, with both types and both places; if it has a name that [`VTableKey::new`] would refuse; if
    /// the name is an alias, the family has 256 versions, or the registry is frozen.
    #[track_caller]
    pub fn try_register(&self, key: VTableKey, table: &'static TaskVTable) -> Result<(), RegisterError> {
        let name = key.family();
        match name.check() {
            Ok(()) => self.catalog.register(OwnedNode::new(key, table, None), false).map(drop),
            Err(error) => Err(RegisterError::Refused { key, error: UpdateError::BadName { name, error } }),
        }
    }

    /// Registers a type under `key` together with the function that makes it out of bytes, as
    /// [`register`](Self::register) does.
    ///
    /// The factory runs in [`build`](Self::build), outside the writers' turn; it may use the registry.
    ///
    /// # Panics
    ///
    /// As `register`.
    #[track_caller]
    pub fn register_factory<T, E, F>(&self, key: VTableKey, factory: F) -> Option<&'static TaskVTable>
    where
        F: Fn(&[u8], &C) -> Result<T, E> + Send + Sync + 'static,
        T: WakeableTask + Send + 'static,
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        self.replace(OwnedNode::with_factory(key, factory))
    }

    /// Removes what is registered under `key`, and gives back its table. Tasks of it stay, and the key is known to be
    /// retired.
    ///
    /// # Errors
    ///
    /// If the registry is frozen, or the name is an alias.
    pub fn remove(&self, key: &VTableKey) -> Result<Option<&'static TaskVTable>, UpdateError> {
        loop {
            let mut plan = self.catalog.plan(key.family())?;
            let known = plan.remove(key.version);
            if self.catalog.carry_out(plan)?.is_none() {
                return Ok(known);
            }
        }
    }

    /// Refuses all changes from now on.
    pub fn freeze(&self) {
        let _turn = self.catalog.writers.turn.take();
        self.catalog.writers.frozen.store(1, Ordering::Relaxed);
    }

    /// The family of a name, to be changed as a whole; it need not exist.
    #[must_use]
    pub const fn family(&self, segment: &'static str, kind: &'static str) -> Family<'_, C> {
        Family { catalog: &self.catalog, name: FamilyName { segment, kind }, context: PhantomData }
    }

    /// The table under `key`.
    #[must_use]
    pub fn get(&self, key: &VTableKey) -> Option<&'static TaskVTable> {
        self.get_ref(key.key_ref())
    }

    /// The table under a key that borrows its names. [`entry`](Self::entry) gives its registered key, too, whose names are
    /// `'static`.
    #[must_use]
    pub fn get_ref(&self, key: KeyRef<'_>) -> Option<&'static TaskVTable> {
        numbered(self.catalog.name(key.family())?.current()?.versions(), key.version)?.table
    }

    /// What is registered under `key`, for use without another look-up.
    ///
    /// # Errors
    ///
    /// Says what is there instead.
    pub fn entry(&self, key: KeyRef<'_>) -> Result<Entry<'_>, LookupError> {
        self.catalog.resolve(key.family(), &VersionReq::Exact(key.version)).map(Entry)
    }

    /// The version of a family that fits a request. All of the answer was true at one instant.
    ///
    /// # Errors
    ///
    /// Says what is there instead.
    pub fn resolve(&self, segment: &str, kind: &str, wanted: &VersionReq) -> Result<Entry<'_>, LookupError> {
        self.catalog.resolve(FamilyName { segment, kind }, wanted).map(Entry)
    }

    /// All keys with their tables, in no order. Each family is as it is when it is met, the list as a whole is not.
    pub fn iter(&self) -> impl Iterator<Item = (VTableKey, &'static TaskVTable)> {
        self.catalog.iter().map(|node| (node.key, node.table()))
    }

    /// Every key in order, with what others need to know of it: what a worker tells the world.
    ///
    /// Each family is listed as it is at one instant. The whole list is one state of the registry if
    /// [`generation`](Self::generation) answers the same before and after.
    ///
    /// Costs: a walk over all, and one allocation that grows.
    #[must_use]
    pub fn manifest(&self) -> Vec<ManifestEntry> {
        let mut all = Vec::new();
        for own in self.catalog.names.iter().filter_map(Name::own) {
            let preferred = own.pick(&VersionReq::Preferred).ok().map(|node| node.key.version);
            all.extend(own.living().map(|(version, node)| ManifestEntry {
                key: node.key,
                state: version.state,
                preferred: preferred == Some(version.number),
                type_name: node.table().type_name(),
                has_factory: node.factory.is_some(),
            }));
        }
        all.sort_unstable_by_key(|entry| entry.key);
        all
    }

    /// Every alias in order, so that a worker can take work that was written under old names. Each is listed as it is
    /// when it is met. Costs: as `manifest`.
    #[must_use]
    pub fn aliases(&self) -> Vec<Alias> {
        self.catalog.aliases()
    }

    /// A number that grows with every change, and is raised after the change can be seen. Costs: one load.
    ///
    /// Who keeps something that was made of the registry reads it first, and looks whether it is still the same.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.catalog.writers.generation.load(Ordering::Acquire) as u64
    }

    /// How many keys there are. Costs: a walk over all.
    #[must_use]
    pub fn len(&self) -> usize {
        self.catalog.iter().count()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.catalog.iter().next().is_none()
    }

    /// Bytes that are kept for readers who may still be there: old arrays of the index, old states of families and
    /// aliases, registrations that were replaced or removed. Costs: the writers' turn, and a walk over all.
    #[must_use]
    pub fn retained_bytes(&self) -> usize {
        self.catalog.retained()
    }

    #[track_caller]
    fn replace(&self, node: OwnedNode) -> Option<&'static TaskVTable> {
        match self.catalog.register(node, true) {
            Ok(before) => before,
            Err(RegisterError::Refused { key, error }) => panic!("{key} cannot be registered: {error}"),
            Err(error) => panic!("{error}"),
        }
    }
}

/// Nothing is half done when a factory, an update's closure or an allocator unwinds.
impl<C: 'static> UnwindSafe for VTableRegistry<C> {}
impl<C: 'static> RefUnwindSafe for VTableRegistry<C> {}

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
