//! Places for tasks in statics, and the right to one of them.

use core::alloc::Layout;
use core::cell::UnsafeCell;
use core::fmt;
use core::mem::{ManuallyDrop, MaybeUninit};
use core::ptr::{self, NonNull};

use super::memory::ReleaseTask;
use crate::sync::{AtomicUsize, Ordering, const_fn};

/// A place for one task at a time, in a `static`: a [`TaskSlot`](crate::TaskSlot) or a [`TaskMemory`](crate::TaskMemory), with
/// room for an `M`. No allocator.
///
/// [`claim`](Self::claim) it, and spawn a [`Task`](crate::Task) in it. It is free again when every handle and waker of its
/// last task is gone, and no call on one of them is under way; a forgotten one keeps it busy for good, and nothing dangles. A waker
/// that somebody stored is enough: see [`StaticTask`](crate::StaticTask) for tasks that old wakers do not hold. The header
/// data is dropped by whoever drops the last handle, which may be an interrupt's waker.
///
/// For several tasks at a time take an array: `PLACES.iter().find_map(TaskPlace::claim)`.
///
/// # Invariants
///
/// 1. `memory` is used by the task that was spawned with a claim, from then until its release, and never as an `M`.
/// 2. Both fields are cells, so that a pointer made of `&'static self` may write them.
#[repr(C)]
pub struct TaskPlace<M> {
    memory: UnsafeCell<MaybeUninit<M>>,
    /// 0 while the place is free.
    taken: AtomicUsize,
}

// SAFETY: by invariant 1 what is inside is reached through tasks alone, whose header data is `Send + Sync` and whose body is
// `Send` or stays at home: a spawn asks for that. The flag is atomic.
unsafe impl<M> Sync for TaskPlace<M> {}

impl<M> TaskPlace<M> {
    const_fn! {
        /// A free place.
        #[must_use]
        pub fn new() -> Self {
            Self { memory: UnsafeCell::new(MaybeUninit::uninit()), taken: AtomicUsize::new(0) }
        }
    }

    /// The right to make a task here, if the place is free. Costs: one locked instruction.
    pub fn claim(&'static self) -> Option<Claim<M>> {
        let free = self.taken.compare_exchange(0, 1, Ordering::Acquire, Ordering::Relaxed).is_ok();
        // Made only if it is: dropped, it would leave the place of another free.
        free.then(|| Claim { place: self })
    }

    /// Whether a claim would succeed now; another thread's may come in between.
    #[must_use]
    pub fn is_free(&self) -> bool {
        self.taken.load(Ordering::Acquire) == 0
    }

    /// Refuses a task that does not fit, by a panic of the compiler's, with both sizes.
    pub(super) const fn check(task: Layout) {
        check(task, size_of::<M>(), align_of::<Self>());
    }
}

impl<M> Default for TaskPlace<M> {
    fn default() -> Self {
        Self::new()
    }
}

impl<M> fmt::Debug for TaskPlace<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskPlace").field("size", &size_of::<M>()).field("free", &self.is_free()).finish()
    }
}

/// The right to make one task in a place, which is taken until then, and free again if this is dropped. One word.
#[must_use = "dropped, it leaves the place free"]
pub struct Claim<M: 'static> {
    place: &'static TaskPlace<M>,
}

impl<M> Claim<M> {
    /// The memory, which goes back through [`InPlace`].
    pub(super) fn into_memory(self) -> NonNull<u8> {
        NonNull::from(ManuallyDrop::new(self).place).cast()
    }
}

impl<M> Drop for Claim<M> {
    fn drop(&mut self) {
        self.place.taken.store(0, Ordering::Release);
    }
}

impl<M> fmt::Debug for Claim<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claim").field("address", &ptr::from_ref(self.place)).finish()
    }
}

/// The memory of a place in a static.
pub(super) struct InPlace<M>(TaskPlace<M>);

// SAFETY: the place is left by one store to an atomic.
unsafe impl<M> ReleaseTask for InPlace<M> {
    unsafe fn release(memory: NonNull<u8>, _layout: Layout) {
        // SAFETY: the memory is the beginning of a place in a static, with whose pointer the task was made.
        unsafe { memory.cast::<TaskPlace<M>>().as_ref() }.taken.store(0, Ordering::Release);
    }
}

/// [`TaskPlace::check`] for a place of this size and alignment.
pub(super) const fn check(task: Layout, size: usize, align: usize) {
    if task.size() > size || task.align() > align {
        let mut text = Text { bytes: [0; 160], len: 0 };
        text.add(b"the task takes ").number(task.size()).add(b" bytes at alignment ").number(task.align());
        text.add(b", and its place has ").number(size).add(b" at ").number(align);
        text.add(b"; the macros take the future's function, and the header's type behind `in`");
        text.panic();
    }
}

/// A sentence that is made while compiling.
struct Text {
    bytes: [u8; 160],
    len: usize,
}

impl Text {
    const fn add(&mut self, bytes: &[u8]) -> &mut Self {
        let mut at = 0;
        while at < bytes.len() {
            self.bytes[self.len] = bytes[at];
            self.len += 1;
            at += 1;
        }
        self
    }

    const fn number(&mut self, number: usize) -> &mut Self {
        if number >= 10 {
            self.number(number / 10);
        }
        #[allow(clippy::cast_possible_truncation, reason = "a digit")]
        self.add(&[b'0' + (number % 10) as u8])
    }

    const fn panic(&self) -> ! {
        match core::str::from_utf8(self.bytes.split_at(self.len).0) {
            Ok(text) => panic!("{}", text),
            Err(_) => panic!("the task does not fit its place"),
        }
    }
}
