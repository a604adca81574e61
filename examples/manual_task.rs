//! A task behind the bare pair: an address, three functions, and nothing that owns or checks.
//!
//! `OwnedTask` is the safe form of the same; this one is for those who keep tasks in memory of their own.

use std::task::Poll;

use waker_tables::{OwnedTask, UnsafeWakeablePtr, UnsafeWakeableTask, derive_unsafe_wakeable_vtable};

struct Download {
    left: u32,
    buffer: Vec<u8>,
}

// SAFETY: plain functions that keep `self` valid in any order and number.
unsafe impl UnsafeWakeableTask for Download {
    unsafe fn poll(&mut self) -> Poll<()> {
        self.left = self.left.saturating_sub(1);
        self.buffer.push(b'x');
        println!("  poll: {} left", self.left);
        if self.left == 0 { Poll::Ready(()) } else { Poll::Pending }
    }

    unsafe fn wake(&self) {
        println!("  nudged, {} bytes so far", self.buffer.len());
    }

    /// The shutdown route. It leaves `self` whole: the destructor still runs.
    unsafe fn drop_in_place(&mut self) {
        println!("  closing with {} bytes", self.buffer.len());
        self.buffer.clear();
    }
}

derive_unsafe_wakeable_vtable!(Download, DOWNLOAD);

impl Download {
    const fn new(left: u32) -> Self {
        Self { left, buffer: Vec::new() }
    }
}

fn main() {
    println!("the bare pair:");
    let mut pair = UnsafeWakeablePtr { data: Box::into_raw(Box::new(Download::new(2))).cast(), vtable: &DOWNLOAD };
    loop {
        // SAFETY: a live task of the table's type, used from here alone.
        if unsafe { pair.poll() }.is_ready() {
            break;
        }
        // SAFETY: as above, and no poll is under way.
        unsafe { pair.wake() };
    }
    // SAFETY: as above; only the destructor follows.
    unsafe { pair.drop_in_place() };
    // SAFETY: the pair owns nothing, so the box is still ours to free.
    drop(unsafe { Box::from_raw(pair.data.cast::<Download>()) });

    println!("the same, owned:");
    let mut task = OwnedTask::new_unsafe(Box::new(Download::new(1)));
    println!("  it is a {} of two words", task.type_name());
    assert!(task.poll().is_ready());
}
