//! A set in a static.

use core::fmt;
use core::ptr::NonNull;

use super::child::Child;
use super::chunk::Chunk;
use super::waker_set::WakerSet;
use crate::sync::Ordering;

/// Memory for a set of `N` wakers, for a `static`; no allocator.
///
/// Its wakers count nothing: cloning and dropping one touches no memory. It can be had again when its owner is gone,
/// whatever wakers there are: an old one wakes the child that stands there now.
///
/// # Examples
///
/// ```
/// use waker_tables::StaticWakerSet;
///
/// static CHILDREN: StaticWakerSet<4> = StaticWakerSet::new();
///
/// let set = CHILDREN.take().unwrap();
/// assert!(CHILDREN.take().is_none());
/// set.waker(3).wake();
/// assert_eq!(set.drain().collect::<Vec<_>>(), [3]);
/// drop(set);
/// assert!(CHILDREN.take().is_some());
/// ```
#[repr(C)]
pub struct StaticWakerSet<const N: usize> {
    root: Chunk,
    children: [Child; N],
}

impl<const N: usize> StaticWakerSet<N> {
    /// `N` wakers that nobody has.
    #[cfg(not(loom))]
    #[must_use]
    pub const fn new() -> Self {
        let mut children = [const { Child::new(0) }; N];
        let mut number = 0;
        while number < N {
            children[number] = Child::new(number);
            number += 1;
        }
        Self { root: Chunk::new(0, 0, N), children }
    }

    /// `N` wakers that nobody has.
    #[cfg(loom)]
    #[must_use]
    pub fn new() -> Self {
        Self { root: Chunk::new(0, 0, N), children: core::array::from_fn(Child::new) }
    }

    /// The set, unless somebody has it. Costs: one locked instruction.
    #[must_use]
    pub fn take(&'static self) -> Option<WakerSet> {
        self.root.count.compare_exchange(0, 1, Ordering::Acquire, Ordering::Relaxed).ok()?;
        // SAFETY: the children stand behind the chunk, in a static, and this call set the flag.
        Some(unsafe { WakerSet::of(NonNull::from(self).cast(), false) })
    }
}

impl<const N: usize> Default for StaticWakerSet<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> fmt::Debug for StaticWakerSet<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StaticWakerSet").field("len", &N).finish_non_exhaustive()
    }
}
