//! The atomics of `core`, of `portable-atomic` where the target has no compare-and-swap, or of loom where its models run.
#![cfg(any(target_has_atomic = "ptr", feature = "portable-atomic"))]
#![cfg_attr(
    not(all(feature = "alloc", feature = "registry", feature = "set", feature = "shared")),
    allow(dead_code, unused_imports, unused_macros, reason = "each feature takes a part")
)]

pub(crate) mod turn;

#[cfg(all(not(loom), target_has_atomic = "ptr"))]
pub(crate) use core::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};
#[cfg(loom)]
pub(crate) use ended::{AtomicPtr, AtomicUsize};
#[cfg(loom)]
pub(crate) use loom::sync::atomic::Ordering;
#[cfg(not(target_has_atomic = "ptr"))]
pub(crate) use portable_atomic::{AtomicPtr, AtomicUsize, Ordering};

/// Lets another thread go on, where loom would try this one for ever.
#[inline]
pub(crate) fn yield_now() {
    #[cfg(loom)]
    loom::thread::yield_now();
}

/// Ends the process, as an overflow of `Arc`'s count does. (A panic that leaves an `extern "C"` function does.)
#[cold]
pub(crate) extern "C" fn abort() -> ! {
    #[cfg(feature = "std")]
    std::process::abort();
    #[cfg(not(feature = "std"))]
    panic!("too many handles of one task, or wakers of one set");
}

/// Writes a function that is `const`, but under loom, whose atomics cannot be made in constants.
macro_rules! const_fn {
    ($(#[$attribute:meta])* $visibility:vis fn $($rest:tt)*) => {
        #[cfg(not(loom))]
        $(#[$attribute])*
        $visibility const fn $($rest)*
        #[cfg(loom)]
        $(#[$attribute])*
        $visibility fn $($rest)*
    };
}
pub(crate) use const_fn;

/// A core `UnsafeCell`, or one of loom's, which reports accesses that nothing orders.
pub(crate) struct Cell<T> {
    #[cfg(not(loom))]
    cell: core::cell::UnsafeCell<T>,
    #[cfg(loom)]
    cell: loom::cell::UnsafeCell<T>,
    /// Changed before each access, relaxed. To loom an access is part of the thread's last atomic step: one that comes
    /// after a release would be ordered by it.
    #[cfg(loom)]
    step: loom::sync::atomic::AtomicUsize,
}

impl<T> Cell<T> {
    const_fn! {
        pub(crate) fn new(value: T) -> Self {
            #[cfg(not(loom))]
            return Self { cell: core::cell::UnsafeCell::new(value) };
            #[cfg(loom)]
            return Self { cell: loom::cell::UnsafeCell::new(value), step: loom::sync::atomic::AtomicUsize::new(0) };
        }
    }

    /// Calls `f` with the value's address; what it does there is its own `unsafe`.
    pub(crate) fn with_mut<R>(&self, f: impl FnOnce(*mut T) -> R) -> R {
        #[cfg(not(loom))]
        return f(self.cell.get());
        #[cfg(loom)]
        {
            self.step.fetch_add(1, Ordering::Relaxed);
            self.cell.with_mut(f)
        }
    }
}

/// Loom's atomics, and what keeps it from overlooking something.
///
/// - Their end is a write to them: loom reports an access which nothing orders before it, of memory that may be freed.
/// - Each step is preceded by a relaxed change of an atomic beside: loom tries both orders of a load and a store, also
///   where the thread that stores has loaded in between. (It compares a store with the last access alone.)
#[cfg(loom)]
mod ended {
    use core::ops::Deref;

    use super::Ordering;

    macro_rules! ended {
        ($atomic:ident $(<$target:ident>)?, $value:ty) => {
            #[derive(Debug)]
            pub(crate) struct $atomic $(<$target>)? {
                atomic: loom::sync::atomic::$atomic $(<$target>)?,
                step: loom::sync::atomic::AtomicUsize,
            }

            impl $(<$target>)? $atomic $(<$target>)? {
                #[track_caller]
                pub(crate) fn new(value: $value) -> Self {
                    Self {
                        atomic: loom::sync::atomic::$atomic::new(value),
                        step: loom::sync::atomic::AtomicUsize::new(0),
                    }
                }
            }

            impl $(<$target>)? Deref for $atomic $(<$target>)? {
                type Target = loom::sync::atomic::$atomic $(<$target>)?;

                fn deref(&self) -> &Self::Target {
                    self.step.fetch_add(1, Ordering::Relaxed);
                    &self.atomic
                }
            }

            impl $(<$target>)? Drop for $atomic $(<$target>)? {
                #[track_caller]
                fn drop(&mut self) {
                    if !std::thread::panicking() {
                        self.atomic.with_mut(|_| ());
                    }
                }
            }
        };
    }

    ended!(AtomicUsize, usize);
    ended!(AtomicPtr<T>, *mut T);
}
