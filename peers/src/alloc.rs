//! The system's allocator, counting while somebody asks it to.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

#[global_allocator]
static COUNTING: Counting = Counting;

static ON: AtomicBool = AtomicBool::new(false);
static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);
static REQUESTED: AtomicU64 = AtomicU64::new(0);
static USABLE: AtomicU64 = AtomicU64::new(0);
static FREED: AtomicU64 = AtomicU64::new(0);

/// What was allocated while counting was on. Memory given back is not subtracted, but counted by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allocated {
    /// How many pieces.
    pub allocations: u64,
    /// The bytes that were asked for.
    pub requested: u64,
    /// The bytes that `malloc_usable_size` says they have.
    pub usable: u64,
    /// The bytes that those have that were given back.
    pub freed: u64,
}

/// Counts what `work` allocates on any thread. One count at a time.
pub fn counted<T>(work: impl FnOnce() -> T) -> (T, Allocated) {
    for counter in [&ALLOCATIONS, &REQUESTED, &USABLE, &FREED] {
        counter.store(0, Relaxed);
    }
    ON.store(true, Relaxed);
    let result = work();
    ON.store(false, Relaxed);
    let all = [&ALLOCATIONS, &REQUESTED, &USABLE, &FREED];
    let [allocations, requested, usable, freed] = all.map(|counter| counter.load(Relaxed));
    (result, Allocated { allocations, requested, usable, freed })
}

/// While nothing is counted it costs a load and a branch that is never taken, the same for all candidates.
struct Counting;

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise is what the system's allocator asks for.
        let memory = unsafe { System.alloc(layout) };
        if ON.load(Relaxed) {
            note(memory, layout.size());
        }
        memory
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as in `alloc`.
        let memory = unsafe { System.alloc_zeroed(layout) };
        if ON.load(Relaxed) {
            note(memory, layout.size());
        }
        memory
    }

    #[inline]
    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if ON.load(Relaxed) {
            FREED.fetch_add(usable(memory, layout.size()), Relaxed);
        }
        // SAFETY: as in `alloc`.
        let memory = unsafe { System.realloc(memory, layout, size) };
        if ON.load(Relaxed) {
            note(memory, size);
        }
        memory
    }

    #[inline]
    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        if ON.load(Relaxed) {
            FREED.fetch_add(usable(memory, layout.size()), Relaxed);
        }
        // SAFETY: as in `alloc`.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[cold]
fn note(memory: *mut u8, size: usize) {
    ALLOCATIONS.fetch_add(1, Relaxed);
    REQUESTED.fetch_add(size as u64, Relaxed);
    USABLE.fetch_add(usable(memory, size), Relaxed);
}

#[cfg(target_env = "gnu")]
fn usable(memory: *mut u8, _size: usize) -> u64 {
    // SAFETY: the system's allocator gave the pointer and has not got it back, and on this target that is the C
    // library's `malloc`; null is allowed.
    let size = unsafe { libc::malloc_usable_size(memory.cast()) };
    size as u64
}

#[cfg(not(target_env = "gnu"))]
fn usable(_memory: *mut u8, size: usize) -> u64 {
    size as u64
}
