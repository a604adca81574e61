//! Where the memory of a task is from, and where it goes.

use core::alloc::Layout;
use core::ptr::NonNull;

/// Takes back the memory of a task that was made by [`Task::spawn_unchecked_at`](crate::Task::spawn_unchecked_at).
///
/// # Safety
///
/// `release` is called once for each task that was made over this type, after its body and header data are gone, by
/// whoever gives up the last handle: on any thread, also inside a wake, and also where a destructor unwinds. It must then
/// be sound, and must not unwind. A task that leaks is never released.
pub unsafe trait ReleaseTask {
    /// Gives back the memory that held a task.
    ///
    /// # Safety
    ///
    /// `memory` is the pointer that the task was made with, and `layout` that of the task; nobody uses it again.
    unsafe fn release(memory: NonNull<u8>, layout: Layout);
}

/// The memory of a box.
#[cfg(feature = "alloc")]
pub(super) struct InBox;

#[cfg(feature = "alloc")]
// SAFETY: the global allocator takes memory back on any thread, and does not unwind.
unsafe impl ReleaseTask for InBox {
    #[inline]
    unsafe fn release(memory: NonNull<u8>, layout: Layout) {
        // SAFETY: it is from the global allocator, with this layout, which is that of a type with a size.
        unsafe { alloc::alloc::dealloc(memory.as_ptr(), layout) }
    }
}
