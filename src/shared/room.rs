//! Places for tasks in statics, and the right to one of them.

use core::alloc::Layout;
use core::fmt;
use core::mem::ManuallyDrop;
use core::ptr::NonNull;

use super::memory::ReleaseTask;
use crate::sync::{AtomicUsize, Ordering};

/// A place for one task at a time, in a static: a [`TaskSlot`](crate::TaskSlot) or a [`TaskMemory`](crate::TaskMemory).
pub trait Room: sealed::Room {}

impl<R: sealed::Room> Room for R {}

pub(super) mod sealed {
    use super::AtomicUsize;

    /// # Safety
    ///
    /// The place begins where `self` does and has `SIZE` bytes at `ALIGN` alignment. It and the flag are inside cells, so
    /// that a pointer made of `&'static self` may write them. Nothing but this module uses the two.
    #[allow(unnameable_types, reason = "it seals the public trait")]
    pub unsafe trait Room: Sized + 'static {
        const SIZE: usize;
        const ALIGN: usize;
        /// A free one.
        #[cfg(not(loom))]
        const NEW: Self;

        /// 0 while the place is free.
        fn taken(&self) -> &AtomicUsize;
    }
}

/// The right to make one task in a place, which is taken until then, and free again if this is dropped. One word.
#[must_use = "dropped, it leaves the place free"]
pub struct Claim<R: Room> {
    room: &'static R,
}

impl<R: Room> Claim<R> {
    /// The place, if it is free. Costs: one locked instruction.
    pub(super) fn new(room: &'static R) -> Option<Self> {
        let free = room.taken().compare_exchange(0, 1, Ordering::Acquire, Ordering::Relaxed).is_ok();
        // Made only if it is: dropped, it would leave the place of another free.
        free.then(|| Self { room })
    }

    /// The memory, which goes back through [`InRoom`].
    pub(super) fn into_memory(self) -> NonNull<u8> {
        NonNull::from(ManuallyDrop::new(self).room).cast()
    }
}

impl<R: Room> Drop for Claim<R> {
    fn drop(&mut self) {
        self.room.taken().store(0, Ordering::Release);
    }
}

impl<R: Room> fmt::Debug for Claim<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claim").field("address", &core::ptr::from_ref(self.room)).finish()
    }
}

/// The memory of a place in a static.
pub(super) struct InRoom<R>(R);

// SAFETY: the place is left by one store to an atomic.
unsafe impl<R: Room> ReleaseTask for InRoom<R> {
    #[inline]
    unsafe fn release(memory: NonNull<u8>, _layout: Layout) {
        // SAFETY: the memory is the beginning of a room in a static, with whose pointer the task was made.
        unsafe { memory.cast::<R>().as_ref() }.taken().store(0, Ordering::Release);
    }
}

/// Refuses a task that does not fit, by a panic of the compiler's, with both sizes.
pub(super) const fn check<R: Room>(task: Layout) {
    check_sizes(task, R::SIZE, R::ALIGN);
}

/// [`check`] for a place of this size and alignment.
pub(super) const fn check_sizes(task: Layout, size: usize, align: usize) {
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
