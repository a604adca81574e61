//! A table from hashes to items, read without waiting: it only grows, and nothing in it moves.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::marker::PhantomData;
use core::ptr::{self, NonNull};

use super::block::{Block, OwnedBlock};
use crate::sync::{AtomicPtr, AtomicUsize, Ordering, const_fn};

/// Items by hash, open addressing with linear probing, at most a quarter full, or half where it is large.
///
/// A look-up is one load of the array, and for each cell that it passes one load of the cell; no locked instruction, and
/// nothing to wait for. When the array is full enough, a writer publishes one of twice the size; the old one is kept, since
/// nobody knows who still reads it. All the old ones together are smaller than the last.
///
/// # Invariants
///
/// 1. `array` is null, or an array that was published whole. That outlives the index, as do all that were left for it. It
///    is changed by one writer at a time.
/// 2. A cell's item is null, or out of a box that the index owns. A cell whose item is not null does not change again;
///    its hash was written before its item.
/// 3. An array has a power of two of cells, and an empty one, so every probe ends.
pub(super) struct Index<T> {
    array: AtomicPtr<Array<T>>,
    items: PhantomData<Box<T>>,
}

type Array<T> = Block<(), Cell<T>>;
pub(super) type OwnedArray<T> = OwnedBlock<(), Cell<T>>;

pub(super) struct Cell<T> {
    hash: AtomicUsize,
    item: AtomicPtr<T>,
}

/// The size of the first array.
const FIRST: usize = 8;

/// Up to so many cells, 128 kB, an array is at most a quarter full: the second cell of a probe costs a branch that is
/// predicted wrong. A larger one costs caches what that saves.
const SPARSE: usize = 8192;

impl<T> Index<T> {
    const_fn! {
        pub(super) fn new() -> Self {
            Self { array: AtomicPtr::new(ptr::null_mut()), items: PhantomData }
        }
    }

    /// The first item with this hash that `is` the one.
    pub(super) fn find(&self, hash: u64, is: impl Fn(&T) -> bool) -> Option<&T> {
        // SAFETY: invariant 1.
        let cells = unsafe { Block::parts(NonNull::new(self.array.load(Ordering::Acquire))?) }.1;
        let hash = narrow(hash);
        let mut at = hash;
        loop {
            // SAFETY: below the number of cells, by invariant 3.
            let cell = unsafe { cells.get_unchecked(at & (cells.len() - 1)) };
            #[cfg(all(test, feature = "std", not(loom)))]
            tests::a_cell_is_read();
            // SAFETY: invariant 2.
            let item = unsafe { cell.item.load(Ordering::Acquire).as_ref() }?;
            if cell.hash.load(Ordering::Relaxed) == hash && is(item) {
                return Some(item);
            }
            at = at.wrapping_add(1);
        }
    }

    /// All items, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        let items = self.cells().iter().map(|cell| cell.item.load(Ordering::Acquire));
        // SAFETY: invariant 2.
        items.filter_map(|item| unsafe { item.as_ref() })
    }

    /// Puts an item beside the `length` that there are, and lends it. Where one more has no room, there is a new array.
    ///
    /// # Safety
    ///
    /// One writer at a time. `kept` keeps what is put into it for longer than the index lives.
    pub(super) unsafe fn insert(&self, hash: u64, item: Box<T>, length: usize, kept: &mut Vec<OwnedArray<T>>) -> &T {
        let before = self.cells();
        if length >= most(before.len()) {
            let empty = |_| Cell { hash: AtomicUsize::new(0), item: AtomicPtr::new(ptr::null_mut()) };
            let grown = OwnedArray::new((), (2 * before.len()).max(FIRST), empty);
            for cell in before {
                let item = cell.item.load(Ordering::Relaxed);
                if !item.is_null() {
                    put(grown.items(), cell.hash.load(Ordering::Relaxed), item);
                }
            }
            let address = grown.address();
            // Kept before it is published, since this allocates. Nothing does from here on.
            kept.push(grown);
            // Release: its cells, too.
            self.array.store(address.as_ptr(), Ordering::Release);
        }
        let item = NonNull::from(Box::leak(item));
        put(self.cells(), narrow(hash), item.as_ptr());
        // SAFETY: invariant 2.
        unsafe { item.as_ref() }
    }

    fn cells(&self) -> &[Cell<T>] {
        // SAFETY: invariant 1.
        NonNull::new(self.array.load(Ordering::Acquire)).map_or(&[], |array| unsafe { Block::parts(array) }.1)
    }
}

impl<T> Drop for Index<T> {
    fn drop(&mut self) {
        for cell in self.cells() {
            let item = NonNull::new(cell.item.load(Ordering::Relaxed));
            // SAFETY: invariant 2; each item is in one cell of this array, and nobody reads it again.
            drop(item.map(|item| unsafe { Box::from_raw(item.as_ptr()) }));
        }
    }
}

/// How many items an array of so many cells may have.
fn most(cells: usize) -> usize {
    if cells <= SPARSE { cells / 4 } else { cells / 2 }
}

/// Puts an item into the first empty cell of its probe; there is one.
fn put<T>(cells: &[Cell<T>], hash: usize, item: *mut T) {
    let mut at = hash;
    loop {
        let cell = &cells[at & (cells.len() - 1)];
        if cell.item.load(Ordering::Relaxed).is_null() {
            cell.hash.store(hash, Ordering::Relaxed);
            // Release: what the item is, and the hash before it.
            cell.item.store(item, Ordering::Release);
            return;
        }
        at = at.wrapping_add(1);
    }
}

/// The part of a hash that cells keep; all of it where words have 64 bits.
#[expect(clippy::cast_possible_truncation, reason = "any part of a hash is a hash")]
fn narrow(hash: u64) -> usize {
    (hash ^ (hash >> 32)) as usize
}

#[cfg(all(test, feature = "std", not(loom)))]
mod tests;
