//! A head and a slice behind it: one allocation, found by one word.

use alloc::alloc::{alloc, dealloc, handle_alloc_error};
use core::alloc::Layout;
use core::marker::PhantomData;
use core::ptr::{self, NonNull};
use core::slice;

/// A head that is followed in memory by `len` items. A reference to it would not reach them, so there is none.
#[repr(C)]
pub(super) struct Block<H, T> {
    head: H,
    len: usize,
    items: [T; 0],
}

impl<H, T> Block<H, T> {
    /// What it consists of.
    ///
    /// # Safety
    ///
    /// `block` is the address of an [`OwnedBlock`] that lives for `'a`.
    pub(super) unsafe fn parts<'a>(block: NonNull<Self>) -> (&'a H, &'a [T]) {
        let block = block.as_ptr();
        // SAFETY: the caller's promise.
        let head = unsafe { &(*block).head };
        // SAFETY: as above.
        let len = unsafe { (*block).len };
        // SAFETY: a place inside the allocation, taken of a pointer to all of it.
        let items = unsafe { &raw const (*block).items };
        // SAFETY: `new` wrote so many items there.
        (head, unsafe { slice::from_raw_parts(items.cast::<T>(), len) })
    }

    fn layout(len: usize) -> Layout {
        let items = Layout::array::<T>(len).expect("there are fewer keys than bytes");
        let (layout, _) = Layout::new::<Self>().extend(items).expect("there are fewer keys than bytes");
        layout.pad_to_align()
    }
}

/// Frees its block, with all that is in it.
pub(super) struct OwnedBlock<H, T> {
    block: NonNull<Block<H, T>>,
    parts: PhantomData<(H, T)>,
}

// SAFETY: it owns both, as a box does.
unsafe impl<H: Send, T: Send> Send for OwnedBlock<H, T> {}

impl<H, T> OwnedBlock<H, T> {
    /// A block of `len` items.
    pub(super) fn new(head: H, len: usize, item: impl Fn(usize) -> T) -> Self {
        let layout = Block::<H, T>::layout(len);
        // SAFETY: the layout is not empty, since a length is in it.
        let memory = unsafe { alloc(layout) };
        let Some(block) = NonNull::new(memory.cast::<Block<H, T>>()) else { handle_alloc_error(layout) };
        // SAFETY: memory for a head, a length and no items.
        unsafe { block.write(Block { head, len, items: [] }) };
        // SAFETY: a place inside the allocation.
        let items = unsafe { &raw mut (*block.as_ptr()).items };
        for at in 0..len {
            // SAFETY: below the number of items that there is memory for.
            let place = unsafe { items.cast::<T>().add(at) };
            // SAFETY: memory for an item.
            unsafe { place.write(item(at)) };
        }
        Self { block, parts: PhantomData }
    }

    /// Where the block is, as long as this owner lives, wherever that moves.
    pub(super) fn address(&self) -> NonNull<Block<H, T>> {
        self.block
    }

    pub(super) fn items(&self) -> &[T] {
        // SAFETY: the owner is borrowed.
        unsafe { Block::parts(self.block) }.1
    }
}

impl<H, T> Drop for OwnedBlock<H, T> {
    fn drop(&mut self) {
        let len = self.items().len();
        // SAFETY: a place inside the allocation.
        let first = unsafe { &raw mut (*self.block.as_ptr()).items };
        // SAFETY: so many items are there, and nobody uses them again.
        unsafe { ptr::drop_in_place(ptr::slice_from_raw_parts_mut(first.cast::<T>(), len)) };
        // SAFETY: the head, as the items.
        unsafe { ptr::drop_in_place(self.block.as_ptr()) };
        // SAFETY: from `new`, with this very layout.
        unsafe { dealloc(self.block.as_ptr().cast(), Block::<H, T>::layout(len)) };
    }
}
