//! Writers take turns.

#[cfg(not(any(feature = "std", loom)))]
use core::ops::Deref;
use core::ops::DerefMut;
#[cfg(any(feature = "std", loom))]
use std::sync::PoisonError;

#[cfg(not(any(feature = "std", loom)))]
use super::{AtomicUsize, Ordering};

/// What one writer at a time may use: a `Mutex` with `std`.
#[cfg(any(feature = "std", loom))]
pub(crate) struct Turn<T>(inner::Mutex<T>);

#[cfg(all(feature = "std", not(loom)))]
use std::sync as inner;

#[cfg(loom)]
use loom::sync as inner;

#[cfg(any(feature = "std", loom))]
impl<T> Turn<T> {
    #[cfg(not(loom))]
    pub(crate) const fn new(value: T) -> Self {
        Self(inner::Mutex::new(value))
    }

    #[cfg(loom)]
    pub(crate) fn new(value: T) -> Self {
        Self(inner::Mutex::new(value))
    }

    /// Waits for the turn. No user code runs in one, so a poisoned lock protects nothing that is half done.
    pub(crate) fn take(&self) -> impl DerefMut<Target = T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What one writer at a time may use: a flag that is spun on without `std`. Never taken by an interrupt handler, which
/// could wait for the very code that it interrupts.
///
/// # Invariants
///
/// 1. `value` is used by the holder of the turn alone, who set `taken`.
#[cfg(not(any(feature = "std", loom)))]
pub(crate) struct Turn<T> {
    taken: AtomicUsize,
    value: core::cell::UnsafeCell<T>,
}

// SAFETY: invariant 1; the value goes from thread to thread, so `T: Send`.
#[cfg(not(any(feature = "std", loom)))]
unsafe impl<T: Send> Sync for Turn<T> {}

#[cfg(not(any(feature = "std", loom)))]
struct Holder<'a, T>(&'a Turn<T>);

#[cfg(not(any(feature = "std", loom)))]
impl<T> Turn<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self { taken: AtomicUsize::new(0), value: core::cell::UnsafeCell::new(value) }
    }

    /// Waits for the turn.
    pub(crate) fn take(&self) -> impl DerefMut<Target = T> {
        while self.taken.swap(1, Ordering::Acquire) != 0 {
            core::hint::spin_loop();
        }
        Holder(self)
    }
}

#[cfg(not(any(feature = "std", loom)))]
impl<T> Deref for Holder<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: invariant 1.
        unsafe { &*self.0.value.get() }
    }
}

#[cfg(not(any(feature = "std", loom)))]
impl<T> DerefMut for Holder<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: invariant 1.
        unsafe { &mut *self.0.value.get() }
    }
}

#[cfg(not(any(feature = "std", loom)))]
impl<T> Drop for Holder<'_, T> {
    fn drop(&mut self) {
        self.0.taken.store(0, Ordering::Release);
    }
}
