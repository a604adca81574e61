//! Says how many bytes and allocations a task takes, made as async-executor makes its tasks.

use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use async_task::{Builder, Runnable};

struct Counting;

static BYTES: AtomicUsize = AtomicUsize::new(0);
static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

// SAFETY: the system's allocator does it all.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        BYTES.fetch_add(layout.size(), Relaxed);
        ALLOCATIONS.fetch_add(1, Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn measure<const SIZE: usize>() {
    let executor = Arc::new(());
    let bytes = [1_u8; SIZE];
    let future = async move {
        smol::future::yield_now().await;
        black_box(bytes);
    };
    let size = size_of_val(&future);
    let (bytes, allocations) = (BYTES.load(Relaxed), ALLOCATIONS.load(Relaxed));
    let schedule = move |runnable: Runnable| {
        black_box(&executor);
        drop(runnable);
    };
    let task = Builder::new().propagate_panic(true).spawn(|()| future, schedule);
    let (bytes, allocations) = (BYTES.load(Relaxed) - bytes, ALLOCATIONS.load(Relaxed) - allocations);
    println!("{size} {bytes} {allocations}");
    drop(task);
}

fn main() {
    measure::<0>();
    measure::<37>();
    measure::<197>();
    measure::<1000>();
    measure::<4000>();
}
