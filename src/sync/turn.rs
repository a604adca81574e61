//! One at a time.

use core::ops::DerefMut;
#[cfg(any(feature = "std", loom))]
use std::sync::PoisonError;

#[cfg(loom)]
use loom::sync::Mutex;
#[cfg(not(any(feature = "std", loom)))]
use spinning::Mutex;
#[cfg(all(feature = "std", not(loom)))]
use std::sync::Mutex;

use super::const_fn;

/// What one writer at a time may use: a `Mutex` with `std`, else a flag that is spun on.
pub(crate) struct Turn<T>(Mutex<T>);

impl<T> Turn<T> {
    const_fn! {
        pub(crate) fn new(value: T) -> Self {
            Self(Mutex::new(value))
        }
    }

    /// Waits for the turn. Whatever unwound in one has left nothing half done, so a poisoned lock is as good as another.
    pub(crate) fn take(&self) -> impl DerefMut<Target = T> {
        #[cfg(any(feature = "std", loom))]
        return self.0.lock().unwrap_or_else(PoisonError::into_inner);
        #[cfg(not(any(feature = "std", loom)))]
        self.0.lock()
    }
}

#[cfg(not(any(feature = "std", loom)))]
mod spinning {
    use core::cell::UnsafeCell;
    use core::hint::spin_loop;
    use core::ops::{Deref, DerefMut};

    use crate::sync::{AtomicUsize, Ordering};

    /// Never locked by an interrupt handler, which could wait for the very code that it interrupts.
    ///
    /// # Invariant
    ///
    /// `value` is used by the one holder alone, who set `taken`.
    pub(super) struct Mutex<T> {
        taken: AtomicUsize,
        value: UnsafeCell<T>,
    }

    // SAFETY: the invariant; the value goes from thread to thread, so `T: Send`.
    unsafe impl<T: Send> Sync for Mutex<T> {}

    pub(super) struct Holder<'a, T>(&'a Mutex<T>);

    impl<T> Mutex<T> {
        pub(super) const fn new(value: T) -> Self {
            Self { taken: AtomicUsize::new(0), value: UnsafeCell::new(value) }
        }

        pub(super) fn lock(&self) -> Holder<'_, T> {
            while self.taken.swap(1, Ordering::Acquire) != 0 {
                spin_loop();
            }
            Holder(self)
        }
    }

    impl<T> Deref for Holder<'_, T> {
        type Target = T;

        fn deref(&self) -> &T {
            // SAFETY: the invariant.
            unsafe { &*self.0.value.get() }
        }
    }

    impl<T> DerefMut for Holder<'_, T> {
        fn deref_mut(&mut self) -> &mut T {
            // SAFETY: the invariant.
            unsafe { &mut *self.0.value.get() }
        }
    }

    impl<T> Drop for Holder<'_, T> {
        fn drop(&mut self) {
            self.0.taken.store(0, Ordering::Release);
        }
    }
}
