//! The hash itself, and a registry whose names all collide.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::task::Poll;
use std::collections::HashSet;

use super::{KEPT, Names, SHORT};
use crate::registry::key::{FamilyName, KeyRef, VTableKey};
use crate::task::{TaskVTable, WakeableTask};

const fn names<'a>(segment: &'a str, kind: &'a str) -> Names<'a> {
    Names::of(FamilyName { segment, kind })
}

fn text(length: usize) -> String {
    (0..length).map(|at| char::from(b'a' + u8::try_from(at % 26).expect("a letter"))).collect()
}

/// Every name that differs from `text` in one byte, by one bit, and those that are one byte shorter or longer.
fn neighbours(text: &str) -> Vec<String> {
    let mut all = Vec::new();
    for at in 0..text.len() {
        for bit in 0..7 {
            let mut bytes = Vec::from(text);
            bytes[at] ^= 1 << bit;
            all.push(String::from_utf8(bytes).expect("ASCII"));
        }
        all.push(format!("{}{}", &text[..at], &text[at + 1..]));
    }
    all.push(format!("{text}a"));
    all
}

/// All lengths, or as many as Miri can do.
fn few<const N: usize>(lengths: [usize; N]) -> impl Iterator<Item = usize> {
    lengths.into_iter().filter(|length| !cfg!(miri) || [3, 9, SHORT + 1].contains(length))
}

#[test]
fn names_are_the_same_only_if_both_are() {
    for length in few([0, 1, 2, 3, 4, 5, 7, 8, 9, 15, SHORT, SHORT + 1, 24, 25, 33]) {
        let own = text(length);
        let both = names(&own, &own);
        assert!(both.are(&names(&own, &own.clone())));
        for other in neighbours(&own).iter().filter(|other| **other != own) {
            for (segment, kind) in [(&own, other), (other, &own), (other, other)] {
                assert!(!both.are(&names(segment, kind)), "{own} and {segment}/{kind}");
            }
        }
    }
}

/// The words at both ends of these are the same.
#[test]
fn names_that_differ_by_their_length_alone_are_told_apart() {
    let alike =
        [("ab", "abb"), ("aaaa", "aaaaa"), ("aaaaaaaaa", "aaaaaaaaaa"), ("aaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaa")];
    for (one, other) in alike {
        let both = names(one, one);
        assert_eq!(both.ends, names(other, other).ends, "{one} and {other}");
        for (segment, kind) in [(one, other), (other, one), (other, other)] {
            assert!(!both.are(&names(segment, kind)), "{one} and {segment}/{kind}");
        }
    }
}

/// Names of sixteen bytes have four words of which none stands for a part of another.
#[test]
fn differences_that_are_alike_do_not_cancel_each_other() {
    let flipped = |word: usize, words: [bool; 4]| {
        let mut name = *b"abcdefghijklmnop";
        (0..2).for_each(|half| name[8 * half] ^= u8::from(words[2 * word + half]));
        String::from_utf8(Vec::from(name)).expect("ASCII")
    };
    let pair = |words: [bool; 4]| (flipped(0, words), flipped(1, words));
    let (segment, kind) = pair([false; 4]);
    let both = names(&segment, &kind);
    for words in 1..16 {
        let (segment, kind) = pair([0, 1, 2, 3].map(|word| words >> word & 1 == 1));
        assert!(!both.are(&names(&segment, &kind)), "{segment}/{kind}");
    }
    let other = flipped(1, [false, false, false, true]);
    assert!(!names("ab", &kind).are(&names("abb", &other)), "the length differs as the last word does");
}

/// The byte in the middle of seventeen stands in no word.
#[test]
fn a_long_name_beside_a_short_one_is_read() {
    let (long, other) = ("abcdefgh-ijklmnop", "abcdefgh~ijklmnop");
    assert!(!names(long, "k").are(&names(other, "k")) && !names("k", long).are(&names("k", other)));
    assert!(names(long, "k").are(&names(long, "k")) && names("k", long).are(&names("k", long)));
}

/// Each bit of the names reaches each bit of the hash about as often as not.
#[test]
fn every_bit_of_the_names_and_the_version_spreads_over_the_hash() {
    for length in few([1, 2, 3, 4, 7, 8, 12, SHORT, SHORT + 1, 23, 24, 25, 40]) {
        let own = text(length);
        let (mut flips, mut pairs) = ([0_u32; 64], 0);
        let mut compare = |one: u64, other: u64| {
            let changed = one ^ other;
            assert!((8..=56).contains(&changed.count_ones()), "{length}: {changed:#x}");
            (0..64).for_each(|bit| flips[bit] += u32::from(changed >> bit & 1 == 1));
            pairs += 1;
        };
        let hash = |segment: &str, kind: &str, salt| names(segment, kind).strong(salt);
        for other in neighbours(&own).iter().filter(|other| other.len() == length) {
            compare(hash(&own, "kind", 0), hash(other, "kind", 0));
            compare(hash("segment", &own, 0), hash("segment", other, 0));
        }
        for bit in 0..17 {
            compare(hash(&own, "kind", 1 << bit), hash(&own, "kind", 0));
        }
        let pairs = f64::from(pairs);
        let share = flips.map(|flips| f64::from(flips) / pairs);
        let slack = 2.5 / pairs.sqrt();
        assert!(share.iter().all(|share| (share - 0.5).abs() < slack), "{length}: {share:?}");
    }
}

#[test]
fn names_that_are_alike_have_different_hashes() {
    let mut seen = HashSet::new();
    let mut is_new = |segment: &str, kind: &str, salt| {
        assert!(seen.insert(names(segment, kind).strong(salt)), "{segment}/{kind} {salt}");
    };
    for length in 1..if cfg!(miri) { 6 } else { 60 } {
        let one = "a".repeat(length);
        is_new(&one, "b", 0);
        is_new("b", &one, 0);
        is_new(&one, &one, 0);
        for cut in 1..length {
            is_new(&"c".repeat(cut), &"c".repeat(length - cut), 0);
        }
    }
    for number in 0..if cfg!(miri) { 20 } else { 2000 } {
        is_new("segment", &format!("kind{number:06}"), 0);
        is_new("segment", "kind", number + 1);
    }
}

/// The hash is no promise, but a constant table and a program that asks it are one program: it is the same in both.
#[test]
fn a_hash_in_a_constant_is_the_hash() {
    const LONG: &str = "a kind of a name that is longer than sixteen bytes";
    const HASHES: [u64; 3] =
        [names("etl", "parse").strong(0), names("segment", "kind0000001").strong(7), names(LONG, LONG).strong(1)];
    let own = [("etl", "parse", 0), ("segment", "kind0000001", 7), (LONG, LONG, 1)];
    assert_eq!(HASHES, own.map(|(segment, kind, salt)| names(segment, kind).strong(salt)));
}

#[test]
fn so_many_of_a_hash_are_kept_and_no_others() {
    let kept = |salt| names("etl", "parse").hash(salt);
    assert!((0..40).all(|salt| kept(salt) == names("etl", "parse").strong(salt) & KEPT));
    assert_eq!((0..40).map(kept).collect::<HashSet<_>>().len(), 4, "tests keep two bits");
}

/// Hashes of names as programs have them: fixed, so that a change of the arithmetic is seen.
#[test]
fn the_hash_is_what_it_was_measured_as() {
    let hash = |segment: &str, kind: &str, salt| names(segment, kind).strong(salt);
    let lengths = [0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 23, 24, 25, 31, 32, 33, 40];
    let all = lengths.iter().fold(0_u64, |all, length| {
        all.rotate_left(7) ^ hash(&text(*length), "kind", 0) ^ hash("segment", &text(*length), 3).rotate_left(31)
    });
    assert_eq!(all, GOLDEN, "{all:#018x}");
}

const GOLDEN: u64 = 0x8b80_7173_075e_8f13;

struct Task<const N: u8>;

impl<const N: u8> WakeableTask for Task<N> {
    fn poll(&mut self) -> Poll<()> {
        Poll::Ready(())
    }
}

static ONE: TaskVTable = TaskVTable::of::<Task<1>>();
static TWO: TaskVTable = TaskVTable::of::<Task<2>>();

const NAMES: [&str; 8] =
    ["a", "ab", "ba", "abcdefgh", "abcdefghijklmnop", "abcdefghijklmnopq", "abcdefgh~jklmnopq", "zabcdefghijklmnop"];

#[test]
fn a_constant_table_tells_names_apart_whose_hashes_are_one() {
    use crate::registry::static_table::StaticTable;

    static TABLE: StaticTable<64> = StaticTable::new(
        const {
            let mut rows: [(VTableKey, &TaskVTable); 64] = [(VTableKey::new("a", "a", 0), &ONE); 64];
            let mut at = 0;
            while at < 64 {
                let key = VTableKey::new(NAMES[at / 8], NAMES[at % 8], 7);
                rows[at] = (key, if at % 3 == 0 { &TWO } else { &ONE });
                at += 1;
            }
            rows
        },
    );
    const { assert!(KEPT < 8, "they collide") };
    for at in 0..64 {
        let key = KeyRef { segment: NAMES[at / 8], kind: NAMES[at % 8], version: 7 };
        assert_eq!(TABLE.get(key).map(TaskVTable::is::<Task<2>>), Some(at % 3 == 0), "{key}");
        assert!(TABLE.get(KeyRef { version: 8, ..key }).is_none());
        assert!(TABLE.get(KeyRef { kind: "abcdefghijklmnopr", ..key }).is_none());
    }
}

#[cfg(target_has_atomic = "ptr")]
#[test]
fn a_registry_tells_names_apart_whose_hashes_are_one() {
    use crate::registry::{LookupError, VTableRegistry};

    let registry = VTableRegistry::new();
    for (at, segment) in NAMES.into_iter().enumerate() {
        for (beside, kind) in NAMES.into_iter().enumerate().filter(|(beside, _)| (at + beside) % 2 == 0) {
            let table = if beside % 4 == 0 { &TWO } else { &ONE };
            registry.try_register(VTableKey::new(segment, kind, 1), table).expect("it is free");
        }
    }
    registry.family("a", "a").update(|f| _ = f.alias("ab", "a")).expect("the name is free");
    for (at, segment) in NAMES.into_iter().enumerate() {
        for (beside, kind) in NAMES.into_iter().enumerate() {
            let key = KeyRef { segment, kind, version: 1 };
            let expected = ((at + beside) % 2 == 0).then_some(beside % 4 == 0);
            let expected = if (segment, kind) == ("ab", "a") { Some(true) } else { expected };
            assert_eq!(registry.get_ref(key).map(TaskVTable::is::<Task<2>>), expected, "{key}");
            let unknown = registry.entry(KeyRef { version: 2, ..key }).expect_err("no such version");
            assert_eq!(matches!(unknown, LookupError::UnknownVersion { .. }), expected.is_some(), "{key}");
        }
    }
    assert!(registry.get_ref(KeyRef { segment: "a", kind: "abcdefghijklmnopr", version: 1 }).is_none());
    assert_eq!(registry.len(), 32);
}
