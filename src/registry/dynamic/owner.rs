//! What stays where it is until its owner is dropped.

use alloc::boxed::Box;
use core::marker::PhantomData;
use core::ptr::NonNull;

/// As a box, but its value may be read through copies of its [address](Self::address) while the owner moves: moving a
/// `Box` says that nobody else has its value.
pub(super) struct Owner<T> {
    value: NonNull<T>,
    owned: PhantomData<T>,
}

// SAFETY: it owns a `T`, as a box does.
unsafe impl<T: Send> Send for Owner<T> {}

impl<T> Owner<T> {
    pub(super) fn new(value: T) -> Self {
        Self { value: NonNull::from(Box::leak(Box::new(value))), owned: PhantomData }
    }

    /// Where the value is, as long as this owner lives.
    pub(super) fn address(&self) -> NonNull<T> {
        self.value
    }

    pub(super) fn get(&self) -> &T {
        // SAFETY: from a box that only `drop` frees; nobody has it mutably.
        unsafe { self.value.as_ref() }
    }
}

impl<T> Drop for Owner<T> {
    fn drop(&mut self) {
        // SAFETY: from a box. Whoever has copied the address reads no longer than the owner lives.
        drop(unsafe { Box::from_raw(self.value.as_ptr()) });
    }
}
