//! How many cells a look-up reads, counted where it reads them.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::cell::Cell;
use core::task::Poll;
use std::thread_local;

use super::{FIRST, Index, OwnedArray, SPARSE, most, narrow};
use crate::registry::{KeyRef, VTableKey, VTableRegistry};
use crate::task::{TaskVTable, WakeableTask};

thread_local! {
    static CELLS_READ: Cell<usize> = const { Cell::new(0) };
}

/// What `find` tells in a test; other builds have no trace of it.
pub(super) fn a_cell_is_read() {
    CELLS_READ.set(CELLS_READ.get() + 1);
}

/// The cells that a look-up reads, and whether it finds the item with this hash.
fn find(index: &Index<u64>, hash: u64) -> (usize, bool) {
    CELLS_READ.set(0);
    let found = index.find(hash, |item| *item == hash).is_some();
    (CELLS_READ.get(), found)
}

/// An index of items that are their own hashes, and then its arrays, which have to outlive it.
struct Filled {
    index: Index<u64>,
    arrays: Vec<OwnedArray<u64>>,
    count: usize,
}

impl Filled {
    fn new(hashes: &[u64]) -> Self {
        let mut new = Self { index: Index::new(), arrays: Vec::new(), count: 0 };
        for hash in hashes {
            new.insert(*hash);
        }
        new
    }

    fn insert(&mut self, hash: u64) {
        // SAFETY: one writer; the index is dropped before its arrays.
        let item = unsafe { self.index.insert(hash, Box::new(hash), self.count, &mut self.arrays) };
        assert_eq!(*item, hash);
        self.count += 1;
    }
}

fn longest_run(index: &Index<u64>) -> usize {
    let used: Vec<bool> =
        index.cells().iter().map(|cell| !cell.item.load(core::sync::atomic::Ordering::Relaxed).is_null()).collect();
    // Twice round, for a run over the end.
    let (longest, _) = used.iter().chain(&used).fold((0, 0), |(longest, run), used| {
        let run = if *used { run + 1 } else { 0 };
        (longest.max(run), run)
    });
    longest
}

/// Numbers that look random, the same each time.
fn numbers(count: usize) -> Vec<u64> {
    (1..=count as u64).map(|number| number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (number << 7)).collect()
}

#[test]
fn a_miss_reads_at_most_one_cell_more_than_the_longest_run() {
    let hashes = numbers(32);
    let filled = Filled::new(&hashes);
    let index = &filled.index;
    let mask = index.cells().len() - 1;
    assert_eq!((mask, most(mask + 1)), (127, 32), "as full as it gets");
    let longest = longest_run(index);
    // Each cell where a probe may begin.
    let read: Vec<(usize, bool)> = (0..=mask as u64).map(|at| find(index, at)).collect();
    assert!(read.iter().all(|(_, found)| !found));
    assert_eq!(read.iter().map(|(read, _)| *read).max(), Some(longest + 1), "one that begins with the longest run");
}

#[test]
fn a_hit_reads_no_more_than_the_longest_run_also_where_all_hashes_are_alike() {
    let hashes: Vec<u64> = (0..9).map(|number| (number << 32 | number) ^ 7).collect();
    assert!(
        hashes.iter().all(|hash| narrow(*hash) & (FIRST - 1) == 7),
        "they begin in the last cell of the first array"
    );
    let filled = Filled::new(&hashes);
    let index = &filled.index;
    for hash in &hashes {
        let (read, found) = find(index, *hash);
        assert!(found && (1..=longest_run(index)).contains(&read), "{hash} reads {read}");
    }
}

#[test]
fn an_index_that_grows_keeps_all_and_is_never_fuller_than_it_may_be() {
    let count = if cfg!(miri) { 40 } else { 6000 };
    let hashes = numbers(count);
    let mut filled = Filled::new(&[]);
    assert!(filled.index.iter().next().is_none() && !find(&filled.index, 1).1);
    let mut sizes = Vec::new();
    for (at, hash) in hashes.iter().enumerate() {
        filled.insert(*hash);
        let cells = filled.index.cells().len();
        assert!(at < most(cells), "{at} of {cells}");
        if sizes.last() != Some(&cells) {
            assert!(sizes.iter().all(|smaller| at >= most(*smaller)), "it grows no earlier");
            sizes.push(cells);
            assert!(hashes[..=at].iter().all(|hash| find(&filled.index, *hash).1));
        }
    }
    assert!(sizes[0] == FIRST && sizes.windows(2).all(|pair| pair[1] == 2 * pair[0]));
    assert!(cfg!(miri) || sizes.contains(&(2 * SPARSE)));
    assert_eq!((most(SPARSE), most(2 * SPARSE)), (SPARSE / 4, SPARSE));
    let kept: Vec<usize> = filled.arrays.iter().map(|array| array.items().len()).collect();
    assert_eq!(kept, sizes, "and the old arrays are kept");
    let mut all: Vec<u64> = filled.index.iter().copied().collect();
    let mut given = hashes.clone();
    all.sort_unstable();
    given.sort_unstable();
    assert!(all == given);
}

/// Cells keep fewer bits where words are shorter, and an array looks at the lowest.
#[test]
fn every_bit_of_a_hash_reaches_the_low_half_of_what_a_cell_keeps() {
    for (hash, bit) in [0, u64::MAX].into_iter().flat_map(|hash| (0..64).map(move |bit| (hash, bit))) {
        let changed = (narrow(hash) ^ narrow(hash ^ 1 << bit)) & 0xffff_ffff;
        assert_eq!(changed, 1 << (bit % 32), "bit {bit} of {hash:#x}");
    }
}

#[test]
fn a_name_that_is_longer_than_any_reads_no_cell() {
    let registry = VTableRegistry::new();
    registry.register(VTableKey::new("etl", "parse", 1), const { &TaskVTable::of::<Parse>() });
    let read = |segment, kind| {
        CELLS_READ.set(0);
        let found = registry.get_ref(KeyRef { segment, kind, version: 1 }).is_some();
        (CELLS_READ.get() > 0, found)
    };
    assert_eq!([read("etl", "parse"), read("etl", "parze")], [(true, true), (true, false)]);
    assert_eq!([read("etl", "parser"), read("parser", "parse")], [(false, false); 2]);
}

struct Parse;

impl WakeableTask for Parse {
    fn poll(&mut self) -> Poll<()> {
        Poll::Ready(())
    }
}
