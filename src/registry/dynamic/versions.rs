//! The versions of a family in one of its states, and how one of them is chosen.

use core::ops::RangeInclusive;
use core::ptr::NonNull;

use super::node::Node;
use crate::task::TaskVTable;

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
        /// Where work should go instead, for people; it need not be registered here.
        successor: Option<u16>,
    },
}

/// How many versions a family may have, and how many it remembers together with those that are gone.
pub(super) const MOST_VERSIONS: usize = 256;

/// One version in a state.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Version {
    pub(super) number: u16,
    pub(super) state: VersionState,
    /// None if it is gone.
    pub(super) node: Option<NonNull<Node>>,
    /// The node's, so that a look-up of a table need not read the node; null if it is gone.
    pub(super) table: *const TaskVTable,
}

// SAFETY: what it points to is only read, and is `Sync`.
unsafe impl Send for Version {}

/// The version with this number among sorted ones, also if it is gone. Numbers mostly follow each other, so it mostly
/// stands as far from the first as its number is.
#[inline]
pub(super) fn numbered(versions: &[Version], number: u16) -> Option<&Version> {
    let (first, last) = (versions.first()?.number, versions.last()?.number);
    match versions.get(usize::from(number.wrapping_sub(first))) {
        Some(known) if known.number == number => Some(known),
        _ if number < first || number > last => None,
        _ => searched(versions, number),
    }
}

#[cold]
#[inline(never)]
fn searched(versions: &[Version], number: u16) -> Option<&Version> {
    versions.binary_search_by_key(&number, |known| known.number).ok().map(|at| &versions[at])
}

/// What a request chooses among sorted versions; else the highest one that would have been it, were it not draining.
#[inline]
pub(super) fn chosen<'v>(
    versions: &'v [Version],
    preferred: Option<u16>,
    wanted: &VersionReq,
) -> Result<NonNull<Node>, Option<&'v Version>> {
    let exact = |number| numbered(versions, number).and_then(|known| known.node);
    let (low, high) = match *wanted {
        VersionReq::Exact(number) => return exact(number).ok_or(None),
        VersionReq::AtMost(number) => (0, number),
        VersionReq::AtLeast(number) => (number, u16::MAX),
        VersionReq::Within(ref range) => (*range.start(), *range.end()),
        VersionReq::Preferred => match preferred.and_then(exact) {
            Some(preferred) => return Ok(preferred),
            None => (0, u16::MAX),
        },
    };
    let below = versions.partition_point(|known| known.number <= high);
    let mut draining = None;
    for known in versions[..below].iter().rev().take_while(|known| known.number >= low) {
        match (known.node, known.state) {
            (Some(node), VersionState::Active) => return Ok(node),
            (Some(_), VersionState::Draining { .. }) => draining = draining.or(Some(known)),
            (None, _) => {}
        }
    }
    Err(draining)
}
