//! A table from hashes to items, read without waiting: it only grows, and nothing in it moves.

use alloc::alloc::{alloc, dealloc, handle_alloc_error};
use alloc::boxed::Box;
use core::alloc::Layout;
use core::marker::PhantomData;
use core::ptr::{self, NonNull};

use crate::sync::{AtomicPtr, AtomicUsize, Ordering};

/// Items by hash, open addressing with linear probing, at most half full.
///
/// A look-up is one load of the array, and for each cell that it passes one load of the cell; no locked instruction, and
/// nothing to wait for. When the array is half full, a writer publishes one of twice the size; the old one is kept, since
/// nobody knows who still reads it. All the old ones together are smaller than the last.
///
/// # Invariants
///
/// 1. `array` is null, or points to an `Array` that was published whole. It is changed by one writer at a time.
/// 2. A cell's item is null, or came from `Box::into_raw`, and is not freed before the index is dropped. A cell whose
///    item is not null does not change again; its hash was written before its item.
/// 3. Each array has an empty cell, so every probe ends.
pub(super) struct Index<T> {
    array: AtomicPtr<Array<T>>,
    length: AtomicUsize,
    items: PhantomData<Box<T>>,
}

/// Followed in memory by `mask + 1` cells, a power of two.
#[repr(C)]
struct Array<T> {
    mask: usize,
    older: *mut Array<T>,
}

#[repr(C)]
struct Cell<T> {
    hash: AtomicUsize,
    item: AtomicPtr<T>,
}

/// The longest run of cells in use, and memory that is kept for readers alone.
pub(super) struct Shape {
    pub(super) longest_run: usize,
    pub(super) retained: usize,
}

impl<T> Index<T> {
    #[cfg(not(loom))]
    pub(super) const fn new() -> Self {
        Self { array: AtomicPtr::new(ptr::null_mut()), length: AtomicUsize::new(0), items: PhantomData }
    }

    #[cfg(loom)]
    pub(super) fn new() -> Self {
        Self { array: AtomicPtr::new(ptr::null_mut()), length: AtomicUsize::new(0), items: PhantomData }
    }

    /// The first item with this hash that `is` the one.
    #[inline]
    pub(super) fn find(&self, hash: u64, is: impl Fn(&T) -> bool) -> Option<&T> {
        let array = self.array.load(Ordering::Acquire);
        if array.is_null() {
            return None;
        }
        let hash = narrow(hash);
        // SAFETY: invariant 1, and arrays are freed by the index's destructor alone.
        let mask = unsafe { (*array).mask };
        let mut at = hash;
        loop {
            // SAFETY: `at & mask` is below the number of cells.
            let cell = unsafe { Array::cell(array, at & mask) };
            #[cfg(all(test, feature = "std", not(loom)))]
            tests::a_cell_is_read();
            let item = NonNull::new(cell.item.load(Ordering::Acquire))?;
            if cell.hash.load(Ordering::Relaxed) == hash {
                // SAFETY: invariant 2.
                let item = unsafe { item.as_ref() };
                if is(item) {
                    return Some(item);
                }
            }
            at = at.wrapping_add(1);
        }
    }

    /// All items, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        let array = self.array.load(Ordering::Acquire);
        let cells = (0..Array::cells(array)).map(move |at| {
            // SAFETY: `at` is below the number of cells.
            unsafe { Array::cell(array, at) }
        });
        cells.filter_map(|cell| {
            let item = NonNull::new(cell.item.load(Ordering::Acquire))?;
            // SAFETY: invariant 2.
            Some(unsafe { item.as_ref() })
        })
    }

    /// Puts an item in, which stays where it is.
    ///
    /// # Safety
    ///
    /// One writer at a time. `item` came from `Box::into_raw`, and is the index's to free.
    pub(super) unsafe fn insert(&self, hash: u64, item: NonNull<T>) -> &T {
        let mut array = self.array.load(Ordering::Relaxed);
        let length = self.length.load(Ordering::Relaxed);
        if Array::cells(array) <= 2 * length {
            array = Array::grown(array);
        }
        // SAFETY: the array is one that this writer sees or has just made, and is not full.
        unsafe { Array::put(array, narrow(hash), item.as_ptr()) };
        // Release: the cells of a new array, too.
        self.array.store(array, Ordering::Release);
        self.length.store(length + 1, Ordering::Relaxed);
        // SAFETY: invariant 2.
        unsafe { item.as_ref() }
    }

    /// Walks all that there is.
    pub(super) fn shape(&self) -> Shape {
        let array = self.array.load(Ordering::Acquire);
        let cells = Array::cells(array);
        let (mut longest_run, mut run) = (0, 0);
        // Twice round, for a run over the end.
        for at in 0..2 * cells {
            // SAFETY: below the number of cells.
            let cell = unsafe { Array::cell(array, at % cells) };
            run = if cell.item.load(Ordering::Acquire).is_null() { 0 } else { run + 1 };
            longest_run = longest_run.max(run);
        }
        let (mut retained, mut older) = (0, array);
        while !older.is_null() {
            // SAFETY: an array of the chain, which is freed by the index's destructor alone.
            older = unsafe { (*older).older };
            retained += Array::cells(older) * size_of::<Cell<T>>();
        }
        Shape { longest_run, retained }
    }
}

/// The part of a hash that cells keep; all of it where words have 64 bits.
#[inline]
fn narrow(hash: u64) -> usize {
    #[expect(clippy::cast_possible_truncation, reason = "any part of a hash is a hash")]
    let narrow = (hash ^ (hash >> 32)) as usize;
    narrow
}

impl<T> Array<T> {
    const FIRST: usize = 8;

    /// How many cells `array` has.
    fn cells(array: *mut Self) -> usize {
        // SAFETY: null, or an array of the chain.
        unsafe { array.as_ref() }.map_or(0, |array| array.mask + 1)
    }

    fn layout(cells: usize) -> Layout {
        let cells = Layout::array::<Cell<T>>(cells).expect("there are fewer keys than bytes");
        let (layout, _) = Layout::new::<Self>().extend(cells).expect("there are fewer keys than bytes");
        layout.pad_to_align()
    }

    /// Where the cell at `at` is.
    ///
    /// # Safety
    ///
    /// `array` is an array with more than `at` cells.
    #[inline]
    unsafe fn place(array: *mut Self, at: usize) -> *mut Cell<T> {
        // SAFETY: the cells follow the header, whose size is a multiple of their alignment.
        let cells = unsafe { array.add(1) }.cast::<Cell<T>>();
        // SAFETY: the caller's promise.
        unsafe { cells.add(at) }
    }

    /// The cell at `at`.
    ///
    /// # Safety
    ///
    /// `array` is an array that lives for `'a`, with more than `at` cells.
    #[inline]
    unsafe fn cell<'a>(array: *mut Self, at: usize) -> &'a Cell<T> {
        // SAFETY: the caller's promise.
        let place = unsafe { Self::place(array, at) };
        // SAFETY: a cell, which changes by its atomics alone.
        unsafe { &*place }
    }

    /// An array of twice the size with the same items, which nobody else sees yet.
    fn grown(older: *mut Self) -> *mut Self {
        let cells = (2 * Self::cells(older)).max(Self::FIRST);
        let layout = Self::layout(cells);
        // SAFETY: the layout is not empty.
        let memory = unsafe { alloc(layout) };
        #[expect(clippy::cast_ptr_alignment, reason = "the layout is that of an array")]
        let array = memory.cast::<Self>();
        if array.is_null() {
            handle_alloc_error(layout);
        }
        // SAFETY: memory for the header.
        unsafe { array.write(Self { mask: cells - 1, older }) };
        for at in 0..cells {
            // SAFETY: below the number of cells.
            let place = unsafe { Self::place(array, at) };
            // SAFETY: memory for a cell.
            unsafe { place.write(Cell { hash: AtomicUsize::new(0), item: AtomicPtr::new(ptr::null_mut()) }) };
        }
        for at in 0..Self::cells(older) {
            // SAFETY: below the number of cells.
            let cell = unsafe { Self::cell(older, at) };
            let item = cell.item.load(Ordering::Relaxed);
            if !item.is_null() {
                // SAFETY: the new array is larger than the old one, and nobody else sees it.
                unsafe { Self::put(array, cell.hash.load(Ordering::Relaxed), item) };
            }
        }
        array
    }

    /// Puts an item into the first empty cell of its probe.
    ///
    /// # Safety
    ///
    /// `array` is an array with an empty cell, and this is the one writer.
    unsafe fn put(array: *mut Self, hash: usize, item: *mut T) {
        let mask = Self::cells(array) - 1;
        let mut at = hash;
        loop {
            // SAFETY: `at & mask` is below the number of cells.
            let cell = unsafe { Self::cell(array, at & mask) };
            if cell.item.load(Ordering::Relaxed).is_null() {
                cell.hash.store(hash, Ordering::Relaxed);
                // Release: what the item is, and the hash before it.
                cell.item.store(item, Ordering::Release);
                return;
            }
            at = at.wrapping_add(1);
        }
    }
}

impl<T> Drop for Index<T> {
    fn drop(&mut self) {
        let mut array = self.array.load(Ordering::Relaxed);
        let mut newest = true;
        while !array.is_null() {
            let cells = Array::cells(array);
            for at in 0..cells {
                // SAFETY: below the number of cells.
                let place = unsafe { Array::place(array, at) };
                // SAFETY: a cell that nobody uses again.
                let cell = unsafe { place.read() };
                let item = cell.item.load(Ordering::Relaxed);
                if newest && !item.is_null() {
                    // SAFETY: invariant 2; the newest array has every item once, and `&mut self` is the last to see it.
                    drop(unsafe { Box::from_raw(item) });
                }
            }
            // SAFETY: an array of the chain.
            let older = unsafe { (*array).older };
            // SAFETY: from `grown`, with this very layout.
            unsafe { dealloc(array.cast(), Array::<T>::layout(cells)) };
            array = older;
            newest = false;
        }
    }
}

#[cfg(all(test, feature = "std", not(loom)))]
mod tests;
