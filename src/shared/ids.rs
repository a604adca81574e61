//! Numbers of homes and of their threads, which are never used twice.

#[cfg(target_has_atomic = "ptr")]
use core::sync::atomic::{AtomicUsize, Ordering};
#[cfg(not(target_has_atomic = "ptr"))]
use portable_atomic::{AtomicUsize, Ordering};

// Not loom's, which no static can hold; a model does not depend on the numbers.
static NEXT: AtomicUsize = AtomicUsize::new(1);

pub(super) fn next() -> usize {
    take(&NEXT)
}

fn take(next: &AtomicUsize) -> usize {
    let taken = next.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |id| id.checked_add(1));
    taken.expect("fewer homes and threads than numbers")
}

/// The number of the thread that calls this.
#[cfg(loom)]
pub(super) fn this_thread() -> usize {
    loom::thread_local! { static ID: usize = next(); }
    ID.with(|id| *id)
}

/// The number of the thread that calls this.
#[cfg(all(feature = "std", not(loom)))]
#[inline]
pub(super) fn this_thread() -> usize {
    use core::cell::Cell;

    std::thread_local! {
        static ID: Cell<usize> = const { Cell::new(0) };
    }
    match ID.get() {
        0 => {
            ID.set(next());
            ID.get()
        }
        id => id,
    }
}

#[cfg(test)]
#[test]
#[should_panic = "fewer homes and threads than numbers"]
fn numbers_are_not_used_twice() {
    let next = AtomicUsize::new(usize::MAX - 1);
    assert_eq!(take(&next), usize::MAX - 1);
    take(&next);
}
