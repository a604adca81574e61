//! Families: their versions as one immutable snapshot behind one pointer.

use alloc::boxed::Box;
use core::ops::RangeInclusive;
use core::ptr::{self, NonNull};

use super::versions::{Version, Versions};
use crate::registry::hash::{Names, Words};
use crate::sync::{AtomicPtr, Ordering};

/// Which version of a family is asked for. All but `Exact` choose among active versions alone.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum VersionReq {
    /// This one, also while it is draining.
    Exact(u16),
    /// The highest that is not above this one.
    AtMost(u16),
    /// The highest, if it is not below this one.
    AtLeast(u16),
    /// The highest between these two.
    Within(RangeInclusive<u16>),
    /// The one that the family prefers, or the highest where it prefers none.
    Preferred,
}

/// Whether new work should go to a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum VersionState {
    /// It should.
    Active,
    /// It should not; an exact key still finds it.
    Draining {
        /// Where work should go instead, for people.
        successor: Option<u16>,
    },
}

/// A state that a family was really in.
///
/// # Invariants
///
/// 1. The nodes of `versions` live as long as the registry.
/// 2. `preferred` is one of them, and active.
pub(super) struct Snapshot<C: 'static> {
    pub(super) versions: Versions<C>,
    pub(super) preferred: Option<u16>,
    older: *mut Snapshot<C>,
}

/// A name that leads to versions, or to another name's.
///
/// # Invariant
///
/// `snapshot` is null (no version was ever registered), or came from `Box::into_raw` and is freed when the registry is
/// dropped, as are all the older ones behind it. `real` is another family of the same registry, which is no alias.
pub(super) struct FamilyNode<C: 'static> {
    words: Words,
    pub(super) segment: &'static str,
    pub(super) kind: &'static str,
    real: Option<NonNull<FamilyNode<C>>>,
    snapshot: AtomicPtr<Snapshot<C>>,
}

// SAFETY: what they point to is shared and does not change once it is there: nodes, whose factories are `Send` and
// `Sync` whatever `C` is, snapshots and families.
unsafe impl<C> Send for FamilyNode<C> {}
// SAFETY: as above.
unsafe impl<C> Sync for FamilyNode<C> {}

impl<C> Snapshot<C> {
    /// The version that is asked for; else the highest one that would have been it, were it not draining.
    #[inline]
    pub(super) fn pick(&self, wanted: &VersionReq) -> Result<&Version<C>, Option<&Version<C>>> {
        match *wanted {
            VersionReq::Exact(version) => self.versions.get(version).ok_or(None),
            VersionReq::AtMost(version) => self.versions.highest(0, version),
            VersionReq::AtLeast(version) => self.versions.highest(version, u16::MAX),
            VersionReq::Within(ref range) => self.versions.highest(*range.start(), *range.end()),
            VersionReq::Preferred => match self.preferred.and_then(|version| self.versions.get(version)) {
                Some(preferred) => Ok(preferred),
                None => self.versions.highest(0, u16::MAX),
            },
        }
    }
}

impl<C> FamilyNode<C> {
    /// A family without versions, or, with `real`, another name of that.
    ///
    /// # Safety
    ///
    /// `real` is a family of the registry that this is going into, and no alias.
    pub(super) unsafe fn settle(
        segment: &'static str,
        kind: &'static str,
        real: Option<NonNull<Self>>,
    ) -> NonNull<Self> {
        let words = Names::of(segment, kind).words();
        let family = Self { words, segment, kind, real, snapshot: AtomicPtr::new(ptr::null_mut()) };
        NonNull::from(Box::leak(Box::new(family)))
    }

    #[inline]
    pub(super) fn is(&self, names: &Names<'_>) -> bool {
        names.are(&self.words, || (self.segment, self.kind))
    }

    pub(super) fn is_alias(&self) -> bool {
        self.real.is_some()
    }

    /// The family itself.
    #[inline]
    pub(super) fn real(&self) -> &Self {
        // SAFETY: the invariant; families live as long as the registry, from which this one is borrowed.
        self.real.map_or(self, |real| unsafe { real.as_ref() })
    }

    /// The state that the family is in. Every part of it was true at the instant of this call.
    #[inline]
    pub(super) fn snapshot(&self) -> Option<&Snapshot<C>> {
        let snapshot = NonNull::new(self.snapshot.load(Ordering::Acquire))?;
        // SAFETY: the invariant.
        Some(unsafe { snapshot.as_ref() })
    }

    /// Puts the family into a new state; the old one is kept for its readers. Gives back what it
    /// takes, without what the new one shares with it.
    ///
    /// # Safety
    ///
    /// One writer at a time. The invariants hold of the parts.
    pub(super) unsafe fn publish(&self, versions: Versions<C>, preferred: Option<u16>) -> usize {
        let (older, before) = (self.snapshot.load(Ordering::Relaxed), self.snapshot());
        let retained = before.map_or(0, |before| size_of::<Snapshot<C>>() + before.versions.own_bytes(&versions));
        let snapshot = Snapshot { versions, preferred, older };
        self.snapshot.store(Box::into_raw(Box::new(snapshot)), Ordering::Release);
        retained
    }
}

impl<C> Drop for FamilyNode<C> {
    fn drop(&mut self) {
        let mut snapshot = self.snapshot.load(Ordering::Relaxed);
        while !snapshot.is_null() {
            // SAFETY: the invariant; `&mut self` says that no borrow is left.
            let freed = unsafe { Box::from_raw(snapshot) };
            snapshot = freed.older;
        }
    }
}
