//! The versions of one state of a family: sorted, immutable, and mostly shared with the state before.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ptr::NonNull;

use super::node::Node;
use super::snapshot::VersionState;

/// So many versions stand in the snapshot itself: the last one, the present one, and the next.
const FEW: usize = 3;

/// The most versions of a chunk. The square root of the most that a family has, so that a change of one version copies as
/// much of the list of chunks as of the chunk.
const CHUNK: usize = 64;

/// One version in a snapshot.
pub(super) struct Version<C: 'static> {
    pub(super) number: u16,
    pub(super) state: VersionState,
    pub(super) node: NonNull<Node<C>>,
}

/// The versions of a snapshot.
///
/// # Invariants
///
/// 1. They are sorted, each number is there once, and no chunk is empty.
/// 2. Nothing in a chunk ever changes; the chunks of several snapshots may be the same ones.
pub(super) enum Versions<C: 'static> {
    /// So many of the array, at least one; the rest is the last of them again.
    Few([Version<C>; FEW], usize),
    /// None, or more than a few.
    Many(Box<[Chunk<C>]>),
}

pub(super) type Chunk<C> = Arc<[Version<C>]>;

impl<C> Clone for Version<C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C> Copy for Version<C> {}

impl<C> Version<C> {
    #[inline]
    pub(super) fn is_active(&self) -> bool {
        self.state == VersionState::Active
    }

    fn is(&self, other: &Self) -> bool {
        (self.number, self.state, self.node) == (other.number, other.state, other.node)
    }
}

impl<C> Versions<C> {
    /// `all` of them, sorted; chunks of `before` in which nothing changed are shared.
    pub(super) fn of(all: &[Version<C>], before: Option<&Self>) -> Self {
        let (_, before) = before.map_or((&[][..], &[][..]), Self::parts);
        let (mut chunks, mut rest) = (Vec::new(), all);
        // Each chunk keeps its part of the numbers.
        for (at, old) in before.iter().enumerate() {
            let next = before.get(at + 1);
            let end = next.map_or(rest.len(), |next| rest.partition_point(|known| known.number < next[0].number));
            let (part, behind) = rest.split_at(end);
            rest = behind;
            if part.len() == old.len() && part.iter().zip(&**old).all(|(one, other)| one.is(other)) {
                chunks.push(old.clone());
            } else {
                chunks.extend(cut(part, next.is_none()));
            }
        }
        chunks.extend(cut(rest, true));
        Self::packed(chunks)
    }

    /// `before` with another version, or none, of this number.
    pub(super) fn with(before: Option<&Self>, number: u16, version: Option<Version<C>>) -> Self {
        let (few, chunks) = before.map_or((&[][..], &[][..]), Self::parts);
        let at = chunks.partition_point(|chunk| chunk[0].number <= number).saturating_sub(1);
        let (below, above) = chunks.split_at(at);
        let (old, above) = above.split_first().map_or((few, above), |(chunk, above)| (&**chunk, above));
        let mut part = Vec::with_capacity(old.len() + 1);
        part.extend(old.iter().filter(|known| known.number < number));
        part.extend(version);
        part.extend(old.iter().filter(|known| known.number > number));
        if let (Some(few), true) = (Self::few(&part), below.is_empty() && above.is_empty()) {
            return few;
        }
        let changed = cut(&part, above.is_empty());
        Self::packed(below.iter().cloned().chain(changed).chain(above.iter().cloned()).collect())
    }

    fn few(all: &[Version<C>]) -> Option<Self> {
        let (last, 1..=FEW) = (all.last()?, all.len()) else { return None };
        let mut few = [*last; FEW];
        few[..all.len()].copy_from_slice(all);
        Some(Self::Few(few, all.len()))
    }

    /// These chunks, unless there are few versions in them, or many chunks for what is in them.
    fn packed(chunks: Vec<Chunk<C>>) -> Self {
        let many = Self::Many(chunks.into_boxed_slice());
        let (_, chunks) = many.parts();
        let count = many.len();
        // Removals leave chunks almost empty: this is when a quarter of their room is in use.
        if count > FEW && chunks.len() <= 4 * count.div_ceil(CHUNK) {
            return many;
        }
        let all: Vec<_> = many.iter().copied().collect();
        Self::few(&all).unwrap_or_else(|| Self::Many(cut(&all, true).collect()))
    }

    /// Those in place, and the chunks; one of the two is empty.
    #[inline]
    fn parts(&self) -> (&[Version<C>], &[Chunk<C>]) {
        match self {
            Self::Few(few, count) => (&few[..*count], &[]),
            Self::Many(chunks) => (&[], chunks),
        }
    }

    /// A version by its number.
    #[inline]
    pub(super) fn get(&self, number: u16) -> Option<&Version<C>> {
        let last = match self {
            Self::Few(few, _) => up_to(few, number).last(),
            Self::Many(chunks) => parts_up_to(chunks, number).0.last(),
        };
        last.filter(|known| known.number == number)
    }

    /// The highest active version from `low` to `high`; else the highest one there.
    #[inline]
    pub(super) fn highest(&self, low: u16, high: u16) -> Result<&Version<C>, Option<&Version<C>>> {
        match self {
            Self::Few(few, _) => first_active(up_to(few, high).iter().rev(), low),
            Self::Many(chunks) => {
                let (part, below) = parts_up_to(chunks, high);
                let below = below.iter().rev().flat_map(|chunk| chunk.iter().rev());
                first_active(part.iter().rev().chain(below), low)
            }
        }
    }

    /// All of them, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Version<C>> {
        let (few, chunks) = self.parts();
        few.iter().chain(chunks.iter().flat_map(|chunk| chunk.iter()))
    }

    pub(super) fn len(&self) -> usize {
        let (few, chunks) = self.parts();
        few.len() + chunks.iter().map(|chunk| chunk.len()).sum::<usize>()
    }

    /// What these take in memory that is not in `self`, without what `newer` ones share.
    pub(super) fn own_bytes(&self, newer: &Self) -> usize {
        let ((_, chunks), (_, newer)) = (self.parts(), newer.parts());
        let is_shared = |chunk: &Chunk<C>| {
            let same = newer.binary_search_by_key(&chunk[0].number, |other| other[0].number);
            same.is_ok_and(|at| Arc::ptr_eq(&newer[at], chunk))
        };
        let own = chunks.iter().filter(|chunk| !is_shared(chunk));
        size_of_val(chunks) + own.map(|chunk| 2 * size_of::<usize>() + size_of_val(&**chunk)).sum::<usize>()
    }
}

/// Those that are not above `number`; the last of all may be there several times. Without branches, of which each other
/// number would mispredict one.
#[inline]
fn up_to<C>(few: &[Version<C>; FEW], number: u16) -> &[Version<C>] {
    &few[..few.iter().map(|known| usize::from(known.number <= number)).sum()]
}

/// All that are not above `number` and share a chunk with the highest of them, and the chunks below.
fn parts_up_to<C>(chunks: &[Chunk<C>], number: u16) -> (&[Version<C>], &[Chunk<C>]) {
    let below = chunks.partition_point(|chunk| chunk[0].number <= number);
    let Some((last, below)) = chunks[..below].split_last() else { return (&[], &[]) };
    (&last[..last.partition_point(|known| known.number <= number)], below)
}

/// Of versions in falling order down to `low`, the first that is active; else the first.
#[inline]
fn first_active<'v, C>(
    falling: impl Iterator<Item = &'v Version<C>>,
    low: u16,
) -> Result<&'v Version<C>, Option<&'v Version<C>>> {
    let mut draining = None;
    for known in falling.take_while(|known| known.number >= low) {
        if known.is_active() {
            return Ok(known);
        }
        draining = draining.or(Some(known));
    }
    Err(draining)
}

/// Chunks of these versions. At the end of all, where versions mostly come in order, full ones and one with room; else
/// equal ones, which all have room.
fn cut<C>(part: &[Version<C>], is_last: bool) -> impl Iterator<Item = Chunk<C>> {
    let count = part.len().div_ceil(CHUNK).max(1);
    let size = if is_last { CHUNK } else { part.len().div_ceil(count).max(1) };
    part.chunks(size).map(Arc::from)
}
