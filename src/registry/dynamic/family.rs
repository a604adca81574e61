//! Families: versions that are changed together.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::error::Error;
use core::fmt;
use core::marker::PhantomData;

use super::catalog::{Alias, Catalog};
use super::error::{LookupError, UpdateError};
use super::node::{Entry, OwnedNode};
use super::state::{Name, VersionReq, VersionState, told};
use super::writer::{Plan, Wish};
use crate::registry::key::{FamilyName, VTableKey};
use crate::task::{TaskVTable, WakeableTask};

/// All versions of one `segment/kind`, to be looked at and changed as a whole.
///
/// Made by [`VTableRegistry::family`](crate::VTableRegistry::family); the family need not exist yet.
pub struct Family<'r, C: 'static> {
    pub(super) catalog: &'r Catalog,
    pub(super) name: FamilyName<'static>,
    pub(super) context: PhantomData<fn(C) -> C>,
}

/// What [`Family::update`]'s closure changes: a copy of the family.
pub struct FamilyUpdate<'u, C: 'static> {
    plan: Plan<'u>,
    error: Option<UpdateError>,
    /// A brand: no two updates have one type. Otherwise nested ones could swap their copies, and one registry would
    /// publish what another one frees.
    brand: PhantomData<Brand<'u, C>>,
}

type Brand<'u, C> = fn(&'u (), C) -> (&'u (), C);

/// How often an update's closure may find that its family was changed meanwhile.
const RUNS: usize = 128;

impl<'r, C> Family<'r, C> {
    /// Changes the family as a whole: whoever looks it up sees all of it or nothing. (Aliases follow, one by one.)
    ///
    /// `change` runs on a copy, outside the registry's turn, and **again** if the family was changed meanwhile; so it may
    /// use the registry, and may run more than once. If it panics, nothing is changed. Each update keeps the old state
    /// for its readers until the registry is dropped ([`retained_bytes`](crate::VTableRegistry::retained_bytes)): four
    /// words, and three for each version that the family has or remembers.
    ///
    /// # Errors
    ///
    /// If the registry is frozen, if the name is an alias or an alias is taken, if a version that is drained, activated, preferred
    /// or removed does not exist, or an alias that is removed, if a new version or an alias has a name that
    /// [`VTableKey::new`](crate::VTableKey::new) would refuse, if there would be more than 256 versions, or if the family
    /// was changed during each of 128 runs, as by a `change` that itself writes this family. Nothing is changed then.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::task::Poll;
    /// # use waker_tables::{VTableRegistry, VersionReq, WakeableTask};
    /// # struct Parse;
    /// # struct BetterParse;
    /// # impl WakeableTask for Parse { fn poll(&mut self) -> Poll<()> { Poll::Ready(()) } }
    /// # impl WakeableTask for BetterParse { fn poll(&mut self) -> Poll<()> { Poll::Ready(()) } }
    /// static JOBS: VTableRegistry = VTableRegistry::new();
    /// let family = JOBS.family("etl", "parse");
    /// family.update(|f| { f.register_task::<Parse>(1); })?;
    /// family.update(|f| {
    ///     f.register_task::<BetterParse>(2).prefer(2).drain(1, Some(2));
    /// })?;
    /// assert!(JOBS.resolve("etl", "parse", &VersionReq::Preferred)?.table().is::<BetterParse>());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn update<R>(&self, mut change: impl FnMut(&mut FamilyUpdate<'_, C>) -> R) -> Result<R, UpdateError> {
        for _ in 0..RUNS {
            let mut update = FamilyUpdate { plan: self.catalog.plan(self.name)?, error: None, brand: PhantomData };
            let result = change(&mut update);
            update.check()?;
            if self.catalog.carry_out(update.plan)?.is_none() {
                return Ok(result);
            }
        }
        Err(UpdateError::Contended)
    }

    /// The versions and their states, as they are at one instant.
    #[must_use]
    pub fn versions(&self) -> Vec<(u16, VersionState)> {
        self.catalog.name(self.name).and_then(Name::current).map_or(Vec::new(), |now| told(now.versions()).collect())
    }

    /// The names that lead to this family, in order; each was one at some instant. Costs: a walk over all names.
    #[must_use]
    pub fn aliases(&self) -> Vec<Alias> {
        self.catalog.aliases().into_iter().filter(|alias| alias.family == self.name).collect()
    }

    /// [`VTableRegistry::resolve`](crate::VTableRegistry::resolve) for this family.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn resolve(&self, wanted: &VersionReq) -> Result<Entry<'r>, LookupError> {
        self.catalog.resolve(self.name, wanted).map(Entry)
    }
}

impl<C> FamilyUpdate<'_, C> {
    /// Registers a table for a version, and takes the place of one that is there, unless that is the same
    /// ([`VTableRegistry::register`](crate::VTableRegistry::register)). A new version is active.
    #[track_caller]
    pub fn register(&mut self, version: u16, table: &'static TaskVTable) -> &mut Self {
        self.put(OwnedNode::new(self.key(version), table, None))
    }

    /// [`register`](Self::register) for a type that needs no table by name.
    #[track_caller]
    pub fn register_task<T: WakeableTask + 'static>(&mut self, version: u16) -> &mut Self {
        self.register(version, const { &TaskVTable::of::<T>() })
    }

    /// [`register`](Self::register) of a type together with the function that makes it out of bytes.
    #[track_caller]
    pub fn register_factory<T, E, F>(&mut self, version: u16, factory: F) -> &mut Self
    where
        F: Fn(&[u8], &C) -> Result<T, E> + Send + Sync + 'static,
        T: WakeableTask + Send + 'static,
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        self.put(OwnedNode::with_factory(self.key(version), factory))
    }

    /// Removes a version; it is preferred no longer, and known to be retired. Tasks of it stay.
    pub fn remove(&mut self, version: u16) -> &mut Self {
        let known = self.plan.remove(version);
        self.refuse(known.is_none().then_some(UpdateError::UnknownVersion { version }))
    }

    /// Makes a version the one that [`VersionReq::Preferred`] means, as long as it is active and there.
    pub fn prefer(&mut self, version: u16) -> &mut Self {
        self.plan.preferred = Some(version);
        self
    }

    /// Steers new work away from a version: requests other than its exact key no longer choose it, and it is preferred
    /// no longer.
    pub fn drain(&mut self, version: u16, successor: Option<u16>) -> &mut Self {
        self.plan.preferred.take_if(|preferred| *preferred == version);
        self.set(version, VersionState::Draining { successor })
    }

    /// Takes back [`drain`](Self::drain).
    pub fn activate(&mut self, version: u16) -> &mut Self {
        self.set(version, VersionState::Active)
    }

    /// Makes another name lead to this family, for keys that were written before it was renamed. The name becomes one
    /// after the rest of the update; until it is [removed](Self::remove_alias) nothing is registered under it.
    pub fn alias(&mut self, segment: &'static str, kind: &'static str) -> &mut Self {
        let name = FamilyName { segment, kind };
        self.check_name(name).wish(name, Wish::Leads, Wish::Leads)
    }

    /// Makes another name lead here no longer: its keys are unknown until it becomes an alias or a family again.
    pub fn remove_alias(&mut self, segment: &'static str, kind: &'static str) -> &mut Self {
        self.wish(FamilyName { segment, kind }, Wish::Gone, Wish::Never)
    }

    /// The versions and their states as they are to be.
    pub fn versions(&self) -> impl Iterator<Item = (u16, VersionState)> {
        told(&self.plan.versions)
    }

    /// What is to become of an alias, the first time that it is named and again.
    fn wish(&mut self, name: FamilyName<'static>, first: Wish, again: Wish) -> &mut Self {
        match self.plan.aliases.iter_mut().find(|(known, _)| *known == name) {
            Some((_, wish)) => *wish = again,
            None => self.plan.aliases.push((name, first)),
        }
        self
    }

    fn set(&mut self, version: u16, state: VersionState) -> &mut Self {
        let known = self.plan.get(version).map(|known| known.state = state);
        self.refuse(known.is_none().then_some(UpdateError::UnknownVersion { version }))
    }

    fn key(&self, version: u16) -> VTableKey {
        VTableKey { segment: self.plan.name.segment, kind: self.plan.name.kind, version }
    }

    fn put(&mut self, node: OwnedNode) -> &mut Self {
        let name = self.plan.name;
        if self.plan.put(node) { self.check_name(name) } else { self }
    }

    fn check_name(&mut self, name: FamilyName<'static>) -> &mut Self {
        self.refuse(name.check().err().map(|error| UpdateError::BadName { name, error }))
    }

    /// The first of several errors is told.
    fn refuse(&mut self, error: Option<UpdateError>) -> &mut Self {
        self.error = self.error.or(error);
        self
    }

    /// Whether all that the closure named is there.
    fn check(&mut self) -> Result<(), UpdateError> {
        if let Some(version) = self.plan.preferred {
            let error = match self.plan.get(version).map(|known| known.state) {
                None => Some(UpdateError::UnknownVersion { version }),
                Some(VersionState::Draining { .. }) => Some(UpdateError::PreferredDrains { version }),
                Some(VersionState::Active) => None,
            };
            self.refuse(error);
        }
        self.error.map_or(Ok(()), Err)
    }
}

impl<C> fmt::Debug for Family<'_, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Family").field("name", &self.name).field("versions", &self.versions()).finish()
    }
}

impl<C> fmt::Debug for FamilyUpdate<'_, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let preferred = &self.plan.preferred;
        f.debug_struct("FamilyUpdate")
            .field("name", &self.plan.name)
            .field("preferred", preferred)
            .finish_non_exhaustive()
    }
}
