//! The two names of a key as a few words: what is hashed, and what is compared. Also in constants.
//!
//! A name of up to sixteen bytes, as most are, is its first and its last eight, which may overlap. Two such names of one
//! length are equal if these are, so a look-up need not read the text that it was registered with.
//!
//! The hash is a few multiplications and has no key. Text off the wire is only looked up, never inserted, so that hostile
//! text can at worst walk the longest run of keys that the program itself registered. The folded multiplication and the
//! overlapping words are wyhash's ideas.

use super::key::FamilyName;

const SEGMENT: u64 = 0x9e37_79b9_7f4a_7c15;
const KIND: u64 = 0xd6e8_feb8_6659_fd93;
const VERSION: u64 = 0xa076_1d64_78bd_642f;
const LENGTH: u64 = 0xe703_7ed1_a0b4_28db;

/// The longest name that its two words tell whole.
const SHORT: usize = 16;

/// Unit tests keep so few bits of each hash that names collide all the time: nothing may depend on a hash being good.
const KEPT: u64 = if cfg!(test) { 3 } else { u64::MAX };

/// Two names, with their words.
#[derive(Clone, Copy)]
#[repr(C)] // what is compared first stands first
pub(super) struct Names<'a> {
    ends: [u64; 4],
    pub(super) name: FamilyName<'a>,
}

impl<'a> Names<'a> {
    #[inline]
    pub(super) const fn of(name: FamilyName<'a>) -> Self {
        let (a, b) = ends(name.segment.as_bytes());
        let (c, d) = ends(name.kind.as_bytes());
        Self { ends: [a, b, c, d], name }
    }

    /// The hash of the names, and of one version if its number is the salt.
    #[inline]
    pub(super) const fn hash(&self, salt: u64) -> u64 {
        self.strong(salt) & KEPT
    }

    /// The two names are hashed side by side, so it is two multiplications deep.
    #[inline]
    const fn strong(&self, salt: u64) -> u64 {
        let [a, b, c, d] = self.ends;
        let FamilyName { segment, kind } = self.name;
        fold(half(segment, a, b, SEGMENT), half(kind, c, d, KIND) ^ salt.wrapping_mul(VERSION))
    }

    /// Whether these are the same names. They are read only if one of them is long.
    #[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
    #[inline]
    pub(super) fn are(&self, other: &Names<'_>) -> bool {
        let (segment, kind) = (self.name.segment.len(), self.name.kind.len());
        let lengths = (segment ^ other.name.segment.len()) | (kind ^ other.name.kind.len());
        let end = |at: usize| self.ends[at] ^ other.ends[at];
        // One branch, which is mostly predicted.
        end(0) | end(1) | end(2) | end(3) | lengths as u64 == 0
            && ((segment <= SHORT && kind <= SHORT) || self.are_long(other.name.segment, other.name.kind))
    }

    #[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
    #[cold]
    fn are_long(&self, segment: &str, kind: &str) -> bool {
        self.name == FamilyName { segment, kind }
    }
}

/// The two halves of the product, folded into one word: every bit of both factors reaches most bits of it.
#[expect(clippy::cast_possible_truncation, reason = "both halves are wanted")]
const fn fold(a: u64, b: u64) -> u64 {
    let product = (a as u128) * (b as u128);
    product as u64 ^ (product >> 64) as u64
}

/// One name. Of a long one, what stands in front of the last sixteen bytes is folded in before.
#[inline]
const fn half(name: &str, first: u64, last: u64, seed: u64) -> u64 {
    let length = name.len();
    let seed = seed ^ (length as u64).wrapping_mul(LENGTH);
    let seed = if length > SHORT { front(name.as_bytes(), seed) } else { seed };
    fold(first ^ SEGMENT, last ^ seed)
}

#[cold]
#[inline(never)]
const fn front(mut bytes: &[u8], mut seed: u64) -> u64 {
    while let (true, Some((word, rest))) = (bytes.len() > SHORT, bytes.split_first_chunk::<8>()) {
        seed = fold(seed ^ u64::from_le_bytes(*word), LENGTH);
        bytes = rest;
    }
    // The word in the middle of the last sixteen bytes or more that the ends leave out.
    match bytes.first_chunk::<8>() {
        Some(word) => fold(seed ^ u64::from_le_bytes(*word), LENGTH),
        None => seed,
    }
}

/// The words at both ends. Different names of one length, up to sixteen bytes, have different ones.
#[inline]
const fn ends(bytes: &[u8]) -> (u64, u64) {
    if let (Some(first), Some(last)) = (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        (u64::from_le_bytes(*first), u64::from_le_bytes(*last))
    } else if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        (u32::from_le_bytes(*first) as u64, u32::from_le_bytes(*last) as u64)
    } else if let [first, .., last] = *bytes {
        (first as u64 | (bytes[bytes.len() / 2] as u64) << 8, last as u64)
    } else if let [only] = *bytes {
        (only as u64, 0)
    } else {
        (0, 0)
    }
}

#[cfg(all(test, feature = "std", target_has_atomic = "ptr", not(loom)))]
mod tests;
