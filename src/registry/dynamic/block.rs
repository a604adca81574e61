//! A head and a slice behind it: one allocation, found by one word.

use alloc::alloc::{alloc, dealloc, handle_alloc_error};
use core::alloc::Layout;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
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
    /// `block` came from [`OwnedBlock::into_raw`], and is neither freed nor changed (but by its own atomics) while `'a`
    /// lasts.
    #[inline]
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

    /// How many bytes a block of so many items takes.
    pub(super) fn bytes(len: usize) -> usize {
        Self::layout(len).size()
    }
}

/// Frees its block, with all that is in it.
pub(super) struct OwnedBlock<H, T> {
    block: NonNull<Block<H, T>>,
    parts: PhantomData<(H, T)>,
}

impl<H, T> OwnedBlock<H, T> {
    /// A block of `len` items.
    pub(super) fn new(head: H, len: usize, item: impl Fn(usize) -> T) -> Self {
        let layout = Block::<H, T>::layout(len);
        // SAFETY: the layout is not empty, since a length is in it.
        let memory = unsafe { alloc(layout) };
        #[expect(clippy::cast_ptr_alignment, reason = "the layout is that of a block")]
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

    /// Gives it up to [`from_raw`](Self::from_raw).
    pub(super) fn into_raw(self) -> NonNull<Block<H, T>> {
        ManuallyDrop::new(self).block
    }

    /// # Safety
    ///
    /// `block` came from [`into_raw`](Self::into_raw), and nobody else reads or frees it from now on.
    pub(super) unsafe fn from_raw(block: NonNull<Block<H, T>>) -> Self {
        Self { block, parts: PhantomData }
    }

    /// The head and the items of one that nobody else knows yet, or knows no longer.
    pub(super) fn parts(&self) -> (&H, &[T]) {
        // SAFETY: made by `new`, and borrowed with its owner.
        unsafe { Block::parts(self.block) }
    }
}

impl<H, T> Drop for OwnedBlock<H, T> {
    fn drop(&mut self) {
        let len = self.parts().1.len();
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
