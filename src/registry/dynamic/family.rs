//! Families: versions that are changed together.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::error::Error;
use core::fmt;
use core::marker::PhantomData;
use core::panic::Location;

use super::entry::Entry;
use super::error::{LookupError, UpdateError};
use super::node::Node;
use super::snapshot::{FamilyNode, VersionReq, VersionState};
use super::writer::{Draft, Holder, Plan, Refusal};
use super::{TaskVTable, VTableRegistry, WakeableTask};
use crate::registry::key::VTableKey;

/// All versions of one `segment/kind`, to be looked at and changed as a whole.
///
/// Made by [`VTableRegistry::family`]; the family need not exist yet.
pub struct Family<'r, C: 'static> {
    registry: &'r VTableRegistry<C>,
    segment: &'static str,
    kind: &'static str,
}

/// What [`Family::update`]'s closure changes: a copy of the family.
pub struct FamilyUpdate<'u, C: 'static> {
    segment: &'static str,
    kind: &'static str,
    plan: Plan<C>,
    error: Option<UpdateError>,
    /// A brand: no two updates have one type. Otherwise nested ones could swap their copies, and one registry would
    /// publish what another one frees.
    brand: PhantomData<fn(&'u ()) -> &'u ()>,
}

impl<'r, C> Family<'r, C> {
    pub(super) const fn new(registry: &'r VTableRegistry<C>, segment: &'static str, kind: &'static str) -> Self {
        Self { registry, segment, kind }
    }

    /// Changes the family as a whole: whoever [resolves](VTableRegistry::resolve) sees all of it or nothing. (An exact
    /// look-up sees its own key; of several that change, one by one.)
    ///
    /// `change` runs on a copy, outside the registry's turn, and **again** if something else changed meanwhile; so it
    /// may use the registry, and may run more than once. If it panics, nothing is changed. Each update keeps the old
    /// snapshot for its readers until the registry is dropped ([`retained_bytes`](VTableRegistry::retained_bytes)): some
    /// ten words of a small family; of a large one what the new snapshot does not share, with one version changed at most
    /// four kilobytes.
    ///
    /// # Errors
    ///
    /// If the registry is frozen, if the name is an alias or an alias is taken, if a version that is drained, activated, preferred
    /// or removed does not exist, or if there would be more than 4 096 versions. Nothing is changed then.
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
        let catalog = self.registry.catalog();
        loop {
            let began_with =
                catalog.family(self.segment, self.kind).map(FamilyNode::real).and_then(FamilyNode::snapshot);
            let versions = began_with.into_iter().flat_map(|snapshot| snapshot.versions.iter());
            let drafts = versions.map(|known| Draft {
                version: known.number,
                state: known.state,
                node: Holder::Kept(known.node),
            });
            let plan = Plan {
                versions: drafts.collect(),
                preferred: began_with.and_then(|snapshot| snapshot.preferred),
                aliases: Vec::new(),
            };
            let mut update =
                FamilyUpdate { segment: self.segment, kind: self.kind, plan, error: None, brand: PhantomData };
            let result = change(&mut update);
            update.check()?;
            // What comes back with a refusal holds factories, and is dropped here, outside the turn.
            match catalog.update((self.segment, self.kind), began_with, update.plan) {
                Ok(()) => return Ok(result),
                Err((Refusal::Outdated, _)) => {}
                Err((refusal, _)) => return Err(refusal.into()),
            }
        }
    }

    /// The versions and their states, as they are at one instant.
    #[must_use]
    pub fn versions(&self) -> Vec<(u16, VersionState)> {
        let family = self.registry.catalog().family(self.segment, self.kind);
        let snapshot = family.and_then(|family| family.real().snapshot());
        snapshot.map_or(Vec::new(), |all| all.versions.iter().map(|known| (known.number, known.state)).collect())
    }

    /// [`VTableRegistry::resolve`] for this family.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn resolve(&self, wanted: &VersionReq) -> Result<Entry<'r>, LookupError> {
        self.registry.resolve(self.segment, self.kind, wanted)
    }
}

impl<C> FamilyUpdate<'_, C> {
    /// Registers a table for a version, and takes the place of one that is there. A new version is active.
    #[track_caller]
    pub fn register(&mut self, version: u16, table: &'static TaskVTable) -> &mut Self {
        let node = Node::new(self.key(version), table, Location::caller());
        self.put(version, node)
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
        let node = Node::with_factory(self.key(version), factory, Location::caller());
        self.put(version, node)
    }

    /// Removes a version; it is preferred no longer. Tasks of it stay.
    pub fn remove(&mut self, version: u16) -> &mut Self {
        if let Ok(at) = self.at(version) {
            self.plan.versions.remove(at);
            self.plan.preferred = self.plan.preferred.filter(|preferred| *preferred != version);
        }
        self
    }

    /// Makes a version the one that [`VersionReq::Preferred`] means, as long as it is active and there.
    pub fn prefer(&mut self, version: u16) -> &mut Self {
        self.plan.preferred = Some(version);
        self
    }

    /// Steers new work away from a version: requests other than its exact key no longer choose it, and it is preferred
    /// no longer.
    pub fn drain(&mut self, version: u16, successor: Option<u16>) -> &mut Self {
        if self.plan.preferred == Some(version) {
            self.plan.preferred = None;
        }
        self.set(version, VersionState::Draining { successor })
    }

    /// Takes back [`drain`](Self::drain).
    pub fn activate(&mut self, version: u16) -> &mut Self {
        self.set(version, VersionState::Active)
    }

    /// Makes another name lead to this family, for keys that were written before it was renamed. Aliases stay.
    pub fn alias(&mut self, segment: &'static str, kind: &'static str) -> &mut Self {
        self.plan.aliases.push((segment, kind));
        self
    }

    /// The versions and their states as they are to be.
    pub fn versions(&self) -> impl Iterator<Item = (u16, VersionState)> {
        self.plan.versions.iter().map(|draft| (draft.version, draft.state))
    }

    fn key(&self, version: u16) -> VTableKey {
        VTableKey { segment: self.segment, kind: self.kind, version }
    }

    fn at(&mut self, version: u16) -> Result<usize, usize> {
        let at = self.plan.versions.binary_search_by_key(&version, |draft| draft.version);
        if at.is_err() {
            self.error = self.error.or(Some(UpdateError::UnknownVersion { version }));
        }
        at
    }

    fn set(&mut self, version: u16, state: VersionState) -> &mut Self {
        if let Ok(at) = self.at(version) {
            self.plan.versions[at].state = state;
        }
        self
    }

    fn put(&mut self, version: u16, node: Node<C>) -> &mut Self {
        let node = Holder::New(Box::new(node));
        match self.plan.versions.binary_search_by_key(&version, |draft| draft.version) {
            Ok(at) => self.plan.versions[at].node = node,
            Err(at) => self.plan.versions.insert(at, Draft { version, state: VersionState::Active, node }),
        }
        self
    }

    /// Whether all that the closure named is there.
    fn check(&mut self) -> Result<(), UpdateError> {
        if let Some(version) = self.plan.preferred {
            match self.plan.versions.iter().find(|draft| draft.version == version) {
                None => self.error = self.error.or(Some(UpdateError::UnknownVersion { version })),
                Some(draft) if draft.state != VersionState::Active => {
                    self.error = self.error.or(Some(UpdateError::PreferredDrains { version }));
                }
                Some(_) => {}
            }
        }
        self.error.map_or(Ok(()), Err)
    }
}

impl<C> From<Refusal<'_, C>> for UpdateError {
    fn from(refusal: Refusal<'_, C>) -> Self {
        match refusal {
            Refusal::Alias(real) => Self::Alias { segment: real.segment, kind: real.kind },
            Refusal::AliasTaken(segment, kind) => Self::AliasTaken { segment, kind },
            Refusal::TooManyVersions => Self::TooManyVersions,
            // An update takes no key that is taken, and runs again where it is outdated.
            Refusal::Frozen | Refusal::Taken(_) | Refusal::Outdated => Self::Frozen,
        }
    }
}

impl<C> fmt::Debug for Family<'_, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Family")
            .field("segment", &self.segment)
            .field("kind", &self.kind)
            .field("versions", &self.versions())
            .finish()
    }
}

impl<C> fmt::Debug for FamilyUpdate<'_, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FamilyUpdate")
            .field("segment", &self.segment)
            .field("kind", &self.kind)
            .field("preferred", &self.plan.preferred)
            .finish_non_exhaustive()
    }
}
