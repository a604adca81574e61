//! The port's own tests. Those of `futures` come on top, from `run.sh`.
#![cfg(feature = "std")]

use std::future::{Future, ready};
use std::mem::ManuallyDrop;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use futures_task::{ArcWake, FutureObj, LocalFutureObj, WakerRef, noop_waker, noop_waker_ref, waker, waker_ref};

#[derive(Default)]
struct Counter<T> {
    by_value: AtomicUsize,
    by_ref: AtomicUsize,
    _data: T,
}

impl<T: Send + Sync> ArcWake for Counter<T> {
    fn wake(self: Arc<Self>) {
        self.by_value.fetch_add(1, Ordering::Relaxed);
    }

    fn wake_by_ref(arc_self: &Arc<Self>) {
        arc_self.by_ref.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn counts_are_right_after_each_call() {
    let counter = Arc::new(Counter::<String>::default());
    let borrowed = waker_ref(&counter);
    assert_eq!(Arc::strong_count(&counter), 1);
    borrowed.wake_by_ref();
    assert_eq!(Arc::strong_count(&counter), 1);
    let kept = borrowed.clone();
    assert_eq!(Arc::strong_count(&counter), 2);
    assert!(kept.will_wake(&borrowed));
    kept.wake();
    assert_eq!(Arc::strong_count(&counter), 1);
    let owned = waker(counter.clone());
    assert!(owned.will_wake(&waker_ref(&counter)));
    drop(owned.clone());
    owned.wake_by_ref();
    drop(owned);
    assert_eq!(Arc::strong_count(&counter), 1);
    let (by_value, by_ref) = (counter.by_value.load(Ordering::Relaxed), counter.by_ref.load(Ordering::Relaxed));
    assert_eq!((by_value, by_ref), (1, 2));
}

#[test]
fn waker_ref_of_a_waker_and_of_one_that_is_not_dropped() {
    let counter = Arc::new(Counter::<()>::default());
    let owned = waker(counter.clone());
    drop(WakerRef::new(&owned).clone());
    let unowned = WakerRef::new_unowned(ManuallyDrop::new(owned));
    unowned.wake_by_ref();
    assert_eq!(Arc::strong_count(&counter), 2);
    // SAFETY: the count that the waker above had, which nobody gives up and which is not used again.
    unsafe { Arc::decrement_strong_count(Arc::as_ptr(&counter)) };
    assert_eq!(counter.by_ref.load(Ordering::Relaxed), 1);
}

#[test]
fn noop_wakers_are_one() {
    noop_waker().wake();
    assert!(noop_waker().will_wake(noop_waker_ref()));
    assert!(noop_waker_ref().clone().will_wake(&noop_waker()));
}

/// Counts its destructor, and is not `Unpin`.
struct Counted<'a>(&'a AtomicUsize, std::marker::PhantomPinned);

impl Future for Counted<'_> {
    type Output = u8;

    fn poll(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<u8> {
        Poll::Ready(1)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn objects_poll_and_drop_what_they_own() {
    fn run<'a>(object: impl Into<LocalFutureObj<'a, u8>>) {
        let polled = pin!(object.into()).poll(&mut Context::from_waker(Waker::noop()));
        assert_eq!(polled, Poll::Ready(1));
    }

    let drops = AtomicUsize::new(0);
    let make = || Counted(&drops, std::marker::PhantomPinned);
    run(FutureObj::new(Box::new(make())));
    run(LocalFutureObj::new(Box::pin(make())));
    let local: Box<dyn Future<Output = u8>> = Box::new(make());
    run(LocalFutureObj::new(local));
    let sent: Pin<Box<dyn Future<Output = u8> + Send>> = Box::pin(make());
    run(FutureObj::new(sent));
    assert_eq!(drops.load(Ordering::Relaxed), 4);
    run(LocalFutureObj::new(pin!(make())));
    run(FutureObj::new(&mut ready(1)));
    assert_eq!(drops.load(Ordering::Relaxed), 5, "borrowed ones are their owners' to drop");
}
