//! Memory of one's own for tasks whose futures have a name, and pools of such memory.

use core::cell::UnsafeCell;
use core::fmt;
use core::future::Future;
use core::mem::MaybeUninit;

use super::cell::Cell;
use super::hook::ByHeader;
use super::joined::Joined;
use super::kind::AtHome;
use super::member::Unlisted;
use super::room::{Claim, Room, sealed};
use crate::sync::{AtomicUsize, Ordering};

/// Memory for one task at a time with header data `H` and future `F`, for a `static`; no allocator.
///
/// [`claim`](Self::claim) it, and spawn a [`Task`](crate::Task) in it. It is free again when every handle and waker of its
/// last task is gone, and no call on one of them is under way; a forgotten one keeps it busy for good, and nothing dangles. A waker
/// that somebody stored is enough: see [`StaticTask`](crate::StaticTask) for tasks that old wakers do not hold. The header
/// data is dropped by whoever drops the last handle, which may be an interrupt's waker.
///
/// There is room for a task of these types that is joined and at home. One on a list, or with a hook that captures, needs
/// a [`TaskMemory`](crate::TaskMemory) that is larger.
///
/// The type of an `async fn`'s future has no name on stable Rust: for those [`task_slot!`](crate::task_slot) declares a
/// [`TaskMemory`](crate::TaskMemory) of the right size.
///
/// # Examples
///
/// ```
/// use std::future::{Ready, ready};
/// use waker_tables::{Ran, Task, TaskSlot};
///
/// static SLOT: TaskSlot<(), Ready<u8>> = TaskSlot::new();
///
/// let claim = SLOT.claim().expect("nobody uses it yet");
/// let runnable = Task::new(ready(1), ()).detached().hook(|(), _runnable| {}).spawn_in(claim);
/// assert!(SLOT.claim().is_none());
/// assert_eq!(runnable.run(), Ran::Complete);
/// assert!(SLOT.claim().is_some());
/// ```
#[repr(C)]
pub struct TaskSlot<H: 'static, F: Future + 'static> {
    memory: UnsafeCell<MaybeUninit<Slot<H, F>>>,
    taken: AtomicUsize,
}

type Slot<H, F> = Cell<H, Joined, AtHome, ByHeader, Unlisted, F>;

// SAFETY: a `TaskSlot` begins with the place for a cell with both types and a joiner; other cells are checked against
// the two numbers; both fields are cells, and used by the trait alone.
unsafe impl<H: 'static, F: Future + 'static> sealed::Room for TaskSlot<H, F> {
    const SIZE: usize = size_of::<Slot<H, F>>();
    const ALIGN: usize = align_of::<Self>();
    #[cfg(not(loom))]
    const NEW: Self = Self::new();

    fn taken(&self) -> &AtomicUsize {
        &self.taken
    }
}

// SAFETY: what is inside is reached through tasks alone, whose header data is `Send + Sync` and whose body is `Send` or
// stays at home: a spawn asks for that. The flag is atomic.
unsafe impl<H: 'static, F: Future + 'static> Sync for TaskSlot<H, F> {}

impl<H: 'static, F: Future + 'static> TaskSlot<H, F> {
    /// A free slot.
    #[cfg(not(loom))]
    #[must_use]
    pub const fn new() -> Self {
        Self { memory: UnsafeCell::new(MaybeUninit::uninit()), taken: AtomicUsize::new(0) }
    }

    /// A free slot.
    #[cfg(loom)]
    #[must_use]
    pub fn new() -> Self {
        Self { memory: UnsafeCell::new(MaybeUninit::uninit()), taken: AtomicUsize::new(0) }
    }
}

/// What all places have.
macro_rules! room_methods {
    () => {
        /// The right to make a task here, if the place is free. Costs: one locked instruction.
        pub fn claim(&'static self) -> Option<Claim<Self>> {
            Claim::new(self)
        }

        /// Whether a claim would succeed now; another thread's may come in between.
        #[must_use]
        pub fn is_free(&self) -> bool {
            self.taken.load(Ordering::Acquire) == 0
        }
    };
}
pub(super) use room_methods;

impl<H: 'static, F: Future + 'static> TaskSlot<H, F> {
    room_methods!();
}

impl<H: 'static, F: Future + 'static> Default for TaskSlot<H, F> {
    fn default() -> Self {
        Self::new()
    }
}

impl<H: 'static, F: Future + 'static> fmt::Debug for TaskSlot<H, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskSlot").field("free", &self.is_free()).finish_non_exhaustive()
    }
}

/// `N` places of one kind for a `static`: as many tasks at a time.
#[derive(Debug)]
pub struct TaskPool<R, const N: usize> {
    places: [R; N],
}

impl<R: Room, const N: usize> TaskPool<R, N> {
    /// A pool of free places.
    #[cfg(not(loom))]
    #[must_use]
    pub const fn new() -> Self {
        Self { places: [const { R::NEW }; N] }
    }

    /// The right to make a task in a place that is free, if there is one. Costs: one locked instruction, and one more for
    /// each place before it that is not.
    pub fn claim(&'static self) -> Option<Claim<R>> {
        self.places.iter().find_map(Claim::new)
    }
}

#[cfg(not(loom))]
impl<R: Room, const N: usize> Default for TaskPool<R, N> {
    fn default() -> Self {
        Self::new()
    }
}
