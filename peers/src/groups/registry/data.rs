//! The keys, the tables behind them, and what is asked for.

use std::fmt::Write as _;

use waker_tables::{KeyRef, TaskVTable, VTableKey};

use crate::groups::poll::job::Job;
use crate::keys;
use crate::rng::Rng;

/// How many keys a pass asks for.
pub(super) const ASKED: usize = 4096;

/// What the keys lead to: enough different tables that a wrong one is seen.
pub(super) static TABLES: [TaskVTable; 8] = [
    TaskVTable::of::<Job<0>>(),
    TaskVTable::of::<Job<1>>(),
    TaskVTable::of::<Job<2>>(),
    TaskVTable::of::<Job<3>>(),
    TaskVTable::of::<Job<4>>(),
    TaskVTable::of::<Job<5>>(),
    TaskVTable::of::<Job<6>>(),
    TaskVTable::of::<Job<7>>(),
];

/// What no key leads to for long.
pub(super) static ANOTHER: TaskVTable = TaskVTable::of::<Job<8>>();

/// The same for the published version before this one.
pub(super) static OLD_TABLES: [waker_tables_04::UnsafeWakeableVTable; 8] = [
    waker_tables_04::UnsafeWakeableVTable::of::<Job<0>>(),
    waker_tables_04::UnsafeWakeableVTable::of::<Job<1>>(),
    waker_tables_04::UnsafeWakeableVTable::of::<Job<2>>(),
    waker_tables_04::UnsafeWakeableVTable::of::<Job<3>>(),
    waker_tables_04::UnsafeWakeableVTable::of::<Job<4>>(),
    waker_tables_04::UnsafeWakeableVTable::of::<Job<5>>(),
    waker_tables_04::UnsafeWakeableVTable::of::<Job<6>>(),
    waker_tables_04::UnsafeWakeableVTable::of::<Job<7>>(),
];

/// A set of keys and the questions about it.
///
/// Names are leaked: keys ask for `'static` ones, and 0.4.0 also of those who ask.
#[derive(Debug)]
pub(super) struct Keys {
    all: Vec<VTableKey>,
    versions: usize,
    hits: [Vec<KeyRef<'static>>; 2],
    misses: [Vec<KeyRef<'static>>; 2],
}

impl Keys {
    /// `count` keys with so many versions of each family.
    pub(super) fn new(count: usize, versions: usize) -> Self {
        let names = keys::names(count, versions);
        let texts: Vec<_> =
            names.iter().map(|(segment, kind, version)| (*segment, kind.as_str(), *version)).collect();
        let all = buffer(&texts).iter().map(|key| VTableKey::new(key.segment, key.kind, key.version)).collect();
        let families = count.div_ceil(versions);
        let missing: Vec<_> = (0..ASKED)
            .map(|at| match at % 2 {
                0 => keys::name(families + at, at % versions),
                _ => keys::name(at % families, versions + at % 5),
            })
            .collect();
        let missing: Vec<_> =
            missing.iter().map(|(segment, kind, version)| (*segment, kind.as_str(), *version)).collect();
        Self {
            all,
            versions,
            hits: [5, 6].map(|seed| asked(&texts, seed)),
            misses: [7, 8].map(|seed| asked(&missing, seed)),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    pub(super) fn versions(&self) -> usize {
        self.versions
    }

    pub(super) fn key(&self, at: usize) -> VTableKey {
        self.all[at]
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, VTableKey)> {
        self.all.iter().copied().enumerate()
    }

    /// What the `nth` thread asks for.
    pub(super) fn asked(&self, hits: bool, nth: usize) -> &[KeyRef<'static>] {
        if hits { &self.hits[nth] } else { &self.misses[nth] }
    }
}

/// The table of the key at a place.
pub(super) fn table(at: usize) -> &'static TaskVTable {
    &TABLES[at % TABLES.len()]
}

/// So many keys as are asked for, spread evenly over all, in an order of the seed, with names in a buffer of their own.
fn asked(texts: &[(&str, &str, u16)], seed: u64) -> Vec<KeyRef<'static>> {
    let mut rng = Rng::new(seed);
    let mut places: Vec<_> = (0..ASKED.max(texts.len())).map(|at| at % texts.len()).collect();
    rng.shuffle(&mut places);
    let chosen: Vec<_> = places.iter().take(ASKED).map(|&at| texts[at]).collect();
    buffer(&chosen)
}

/// The keys with their names as slices of one text.
fn buffer(texts: &[(&str, &str, u16)]) -> Vec<KeyRef<'static>> {
    let mut text = String::new();
    for (segment, kind, version) in texts {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{segment}/{kind}@v{version}");
    }
    let text: &'static str = text.leak();
    text.lines().map(|line| KeyRef::parse(line).expect("good names")).collect()
}
