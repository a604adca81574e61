//! A runtime's own refcounted header as the target of its wakers: `WakerPointer`, once, in 40 lines.

use std::mem::ManuallyDrop;
use std::process::abort;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicUsize, Ordering, fence};

use waker_tables::{Counted, WakerPointer, waker_vtable};

struct Header {
    count: AtomicUsize,
    wakes: AtomicUsize,
}

/// One count of a `Header`.
struct HeaderRef(NonNull<Header>);

// SAFETY: `Header` is `Send` and `Sync`, and its last count frees it, on whichever thread that is.
unsafe impl Send for HeaderRef {}
// SAFETY: as above; a shared `HeaderRef` gives out `&Header` alone.
unsafe impl Sync for HeaderRef {}

// SAFETY: the word is the header's address; `clone_raw` adds to the count inside and returns its argument, `Drop` takes
// one away, and the header is freed at zero and never moves.
unsafe impl WakerPointer for HeaderRef {
    type Target = Header;
    type Kind = Counted;

    fn into_raw(self) -> *const () {
        ManuallyDrop::new(self).as_raw()
    }
    fn as_raw(&self) -> *const () {
        self.0.as_ptr().cast_const().cast()
    }
    unsafe fn from_raw(raw: *const ()) -> Self {
        // SAFETY: the word of a `HeaderRef` is not null.
        Self(unsafe { NonNull::new_unchecked(raw.cast_mut().cast()) })
    }
    unsafe fn clone_raw(raw: *const ()) -> *const () {
        // SAFETY: the caller holds a count, so the header is alive.
        let before = unsafe { Self::as_ref(raw) }.count.fetch_add(1, Ordering::Relaxed);
        if before > usize::MAX / 2 { abort() } else { raw }
    }
    unsafe fn as_ref<'a>(raw: *const ()) -> &'a Header {
        // SAFETY: the caller holds a count for `'a`.
        unsafe { &*raw.cast() }
    }
}

impl Drop for HeaderRef {
    fn drop(&mut self) {
        // SAFETY: this value holds a count; only the counter is borrowed across the decrement.
        let count = unsafe { &(*self.0.as_ptr()).count };
        if count.fetch_sub(1, Ordering::Release) == 1 {
            fence(Ordering::Acquire);
            // SAFETY: that was the last count of what `Box::leak` gave.
            drop(unsafe { Box::from_raw(self.0.as_ptr()) });
            println!("freed");
        }
    }
}

waker_vtable! { static HEADER: HeaderRef => wake; }

fn wake(header: &Header) {
    header.wakes.fetch_add(1, Ordering::Relaxed);
}

fn main() {
    let header = Box::leak(Box::new(Header { count: AtomicUsize::new(1), wakes: AtomicUsize::new(0) }));
    let waker = HEADER.waker(HeaderRef(NonNull::from(header)));
    for waker in [waker.clone(), waker.clone(), waker.clone()] {
        std::thread::spawn(move || waker.wake()).join().expect("a wake does not panic");
    }
    let header = HEADER.get(&waker).expect("it is this table's");
    println!("{:?} wakes from other threads, {:?} count left", header.wakes, header.count);
}
