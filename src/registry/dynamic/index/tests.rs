//! How many cells a look-up reads, counted where it reads them.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::Cell;
use core::task::Poll;
use std::thread_local;

use super::narrow;
use crate::registry::hash::Names;
use crate::{KeyRef, LookupError, TaskVTable, VTableKey, VTableRegistry, VersionReq, WakeableTask};

thread_local! {
    static CELLS_READ: Cell<usize> = const { Cell::new(0) };
}

/// What `find` tells in a test; other builds have no trace of it.
pub(super) fn a_cell_is_read() {
    CELLS_READ.set(CELLS_READ.get() + 1);
}

/// The cells that `look_up` reads.
fn cells_read(look_up: impl FnOnce()) -> usize {
    CELLS_READ.set(0);
    look_up();
    CELLS_READ.get()
}

struct Parse;

impl WakeableTask for Parse {
    fn poll(&mut self) -> Poll<()> {
        Poll::Ready(())
    }
}

static PARSE: TaskVTable = TaskVTable::of::<Parse>();

/// So many that the index of 64 cells is as full as it gets.
const KEYS: u16 = 32;
const MASK: usize = 63;

const MISSES: usize = if cfg!(miri) { 100 } else { 100_000 };

fn full() -> VTableRegistry {
    let registry = VTableRegistry::new();
    for version in 0..KEYS {
        registry.try_register(VTableKey::new("etl", "parse", version), &PARSE).expect("it is free");
    }
    registry
}

/// Keys that nobody registered, with kinds that are no longer than a registered one and hashes that share `bucket`.
fn misses(bucket: usize) -> impl Iterator<Item = (String, u16)> {
    let kinds = (0..10_u32.pow(5)).map(|number| format!("{number:05}"));
    let keys = kinds.flat_map(|kind| (0..640).map(move |version| (kind.clone(), version)));
    keys.filter(move |(kind, version)| narrow(Names::of("etl", kind).version(*version)) & MASK == bucket)
}

/// The bucket where the longest probe begins, and the cells that it reads, found by asking for each bucket.
fn worst_bucket(registry: &VTableRegistry) -> (usize, usize) {
    let probes = (0..=MASK).map(|bucket| {
        let (kind, version) = misses(bucket).next().expect("there are enough");
        let read =
            cells_read(|| assert!(registry.get_ref(KeyRef { segment: "etl", kind: &kind, version }).is_none()));
        (bucket, read)
    });
    probes.max_by_key(|(_, read)| *read).expect("there are buckets")
}

#[test]
fn a_miss_reads_at_most_one_cell_more_than_the_longest_run() {
    let registry = full();
    let stats = registry.stats();
    assert_eq!(stats.keys, usize::from(KEYS));
    let (bucket, worst) = worst_bucket(&registry);
    assert_eq!(worst, stats.longest_run + 1, "a probe that begins with the longest run reads all of it");
    let mut missed = 0;
    for (kind, version) in misses(bucket).take(MISSES) {
        let key = KeyRef { segment: "etl", kind: &kind, version };
        let read = cells_read(|| assert!(registry.get_ref(key).is_none()));
        assert!(read <= stats.longest_run + 1, "{key} reads {read} cells, {stats:?}");
        missed += 1;
    }
    assert_eq!(missed, MISSES);
}

/// Where there are aliases a miss asks for the family, too; an error asks twice more, for the family and its segment.
#[test]
fn each_index_that_a_miss_asks_is_bounded_alike() {
    let registry = full();
    registry.family("etl", "parse").update(|f| _ = f.alias("old", "parse")).expect("nothing speaks against it");
    let bound = registry.stats().longest_run + 1;
    let (bucket, _) = worst_bucket(&registry);
    for (kind, version) in misses(bucket).take(MISSES / 100) {
        let key = KeyRef { segment: "etl", kind: &kind, version };
        let read = [
            cells_read(|| assert!(registry.get_ref(key).is_none())),
            cells_read(|| {
                let error = registry.resolve("etl", &kind, &VersionReq::Preferred).expect_err("it is unknown");
                assert!(matches!(error, LookupError::UnknownKind { .. }));
            }),
            cells_read(|| assert!(registry.entry(key).is_err())),
        ];
        let most = [2 * bound, 2 * bound, 4 * bound];
        assert!(read.iter().zip(most).all(|(read, most)| *read <= most), "{key} reads {read:?}, not {most:?}");
    }
}

#[test]
fn a_name_that_is_longer_than_any_reads_no_cell() {
    let registry = full();
    for key in [("etl", "longer"), ("longer", "parse")] {
        let (segment, kind) = key;
        let read = cells_read(|| assert!(registry.get_ref(KeyRef { segment, kind, version: 1 }).is_none()));
        assert_eq!(read, 0, "{segment}/{kind}");
    }
    let all: Vec<usize> = (0..KEYS)
        .map(|version| cells_read(|| assert!(registry.get(&VTableKey::new("etl", "parse", version)).is_some())))
        .collect();
    assert!(all.iter().all(|read| (1..=registry.stats().longest_run).contains(read)), "{all:?}");
}
