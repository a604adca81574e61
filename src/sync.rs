//! The atomics of `core`, of `portable-atomic` where the target has no compare-and-swap, or of loom where its models run.

#[cfg(all(not(loom), target_has_atomic = "ptr"))]
pub(crate) use core::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};
#[cfg(loom)]
pub(crate) use ended::{AtomicPtr, AtomicUsize};
#[cfg(loom)]
pub(crate) use loom::sync::atomic::Ordering;
#[cfg(not(target_has_atomic = "ptr"))]
pub(crate) use portable_atomic::{AtomicPtr, AtomicUsize, Ordering};

/// A core `UnsafeCell`, or one of loom's, which reports accesses that nothing orders.
#[cfg(feature = "shared")]
pub(crate) struct Cell<T> {
    #[cfg(not(loom))]
    cell: core::cell::UnsafeCell<T>,
    #[cfg(loom)]
    cell: loom::cell::UnsafeCell<T>,
}

#[cfg(feature = "shared")]
impl<T> Cell<T> {
    #[inline]
    pub(crate) fn new(value: T) -> Self {
        #[cfg(not(loom))]
        return Self { cell: core::cell::UnsafeCell::new(value) };
        #[cfg(loom)]
        return Self { cell: loom::cell::UnsafeCell::new(value) };
    }

    /// Calls `f` with the value's address; what it does there is its own `unsafe`.
    #[inline]
    pub(crate) fn with_mut<R>(&self, f: impl FnOnce(*mut T) -> R) -> R {
        #[cfg(not(loom))]
        return f(self.cell.get());
        #[cfg(loom)]
        return self.cell.with_mut(f);
    }
}

/// Loom's atomics. Their end is a write to them, so that loom reports an access which nothing orders before it: one of
/// memory that may have been freed.
#[cfg(loom)]
mod ended {
    use core::ops::Deref;

    macro_rules! ended {
        ($atomic:ident $(<$target:ident>)?, $value:ty) => {
            #[derive(Debug)]
            pub(crate) struct $atomic $(<$target>)? (loom::sync::atomic::$atomic $(<$target>)?);

            impl $(<$target>)? $atomic $(<$target>)? {
                #[track_caller]
                pub(crate) fn new(value: $value) -> Self {
                    Self(loom::sync::atomic::$atomic::new(value))
                }
            }

            impl $(<$target>)? Deref for $atomic $(<$target>)? {
                type Target = loom::sync::atomic::$atomic $(<$target>)?;

                fn deref(&self) -> &Self::Target {
                    &self.0
                }
            }

            impl $(<$target>)? Drop for $atomic $(<$target>)? {
                #[track_caller]
                fn drop(&mut self) {
                    if !std::thread::panicking() {
                        self.0.with_mut(|_| ());
                    }
                }
            }
        };
    }

    ended!(AtomicUsize, usize);
    ended!(AtomicPtr<T>, *mut T);
}
