//! From a waker back to its pointer: right, or not at all.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use waker_tables::{WakerRef, raw_waker_from_ptr, waker_from_arc, waker_ref, waker_vtable};

#[derive(Debug)]
struct Job(AtomicUsize);

impl Job {
    fn woken(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// The same layout and the same code as `Job`.
#[derive(Debug)]
struct Twin(AtomicUsize);

impl Twin {
    fn woken(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Wake for Job {
    fn wake(self: Arc<Self>) {
        self.woken();
    }
}

waker_vtable! {
    static JOB: Arc<Job> => Job::woken;
    static JOB_AGAIN: Arc<Job> => Job::woken;
    static TWIN: Arc<Twin> => Twin::woken;
    static STATIC: &'static Job => Job::woken;
    static ID: usize => ignore;
    static ID_AGAIN: usize => ignore;
}

const fn ignore(_: usize) {}

fn job() -> Arc<Job> {
    Arc::new(Job(AtomicUsize::new(0)))
}

#[test]
fn a_waker_leads_back_to_its_target_also_from_clones_and_borrows() {
    let arc = job();
    let borrowed = JOB.waker_ref(&arc);
    let clone = borrowed.clone();
    let clone_of_clone = clone.clone();
    for waker in [&*borrowed, &clone, &clone_of_clone] {
        assert!(std::ptr::eq(JOB.get(waker).expect("this table's"), Arc::as_ptr(&arc)));
        assert!(Arc::ptr_eq(&JOB.get_pointer(waker).expect("this table's"), &arc));
        assert!(waker.will_wake(&borrowed));
    }
    assert!(Arc::ptr_eq(&JOB.into_pointer(clone).expect("this table's"), &arc));
}

#[test]
fn another_tables_waker_is_not_recognised() {
    let arc = job();
    let twin = Arc::new(Twin(AtomicUsize::new(0)));
    let strangers = [
        JOB_AGAIN.waker(arc.clone()),
        TWIN.waker(twin),
        Waker::from(arc.clone()),
        ID.waker(Arc::as_ptr(&arc).addr()),
        Waker::noop().clone(),
    ];
    for stranger in strangers {
        assert!(!JOB.matches(&stranger));
        assert!(JOB.get(&stranger).is_none());
        assert!(JOB.get_pointer(&stranger).is_none());
        assert!(!JOB.waker_ref(&arc).will_wake(&stranger));
        let words = (stranger.data(), std::ptr::from_ref(stranger.vtable()));
        let back = JOB.into_pointer(stranger).expect_err("not this table's");
        assert_eq!((back.data(), std::ptr::from_ref(back.vtable())), words, "the waker comes back as it was");
    }
    assert_eq!(Arc::strong_count(&arc), 1);
}

#[test]
fn ids_of_every_value_go_through_a_waker() {
    for id in [0, 1, 7, isize::MAX.unsigned_abs(), usize::MAX] {
        let waker = ID.waker(id);
        assert_eq!(ID.id(&waker.clone()), Some(id));
        assert_eq!(ID.into_pointer(waker).ok(), Some(id));
        assert_eq!(ID_AGAIN.id(&ID.waker(id)), None);
    }
    assert!(!ID.waker(1).will_wake(&ID.waker(2)));
    assert!(ID.waker(1).will_wake(&ID.waker(1)));
    assert!(!ID.waker(1).will_wake(&ID_AGAIN.waker(1)));
}

#[test]
fn wakers_in_constants_are_this_tables() {
    static TARGET: Job = Job(AtomicUsize::new(0));
    static WAKER: Waker = STATIC.const_waker(&TARGET);
    const IN_A_CONSTANT: [Waker; 2] = [ID.const_waker(3), ID.const_waker(4)];

    WAKER.wake_by_ref();
    let clone = WAKER.clone();
    clone.wake();
    assert_eq!(TARGET.0.load(Ordering::Relaxed), 2);
    assert!(std::ptr::eq(STATIC.get(&WAKER).expect("this table's"), &raw const TARGET));
    assert!(WAKER.will_wake(&STATIC.waker(&TARGET)));
    assert_eq!(IN_A_CONSTANT.each_ref().map(|waker| ID.id(waker)), [Some(3), Some(4)]);
}

#[test]
fn the_functions_of_the_old_names_do_the_same() {
    let arc = job();
    let owned = waker_from_arc(arc.clone(), &JOB);
    let borrowed: WakerRef<'_> = waker_ref(&arc, &JOB);
    assert!(owned.will_wake(&borrowed));
    // SAFETY: the word carries the count that `into_raw` gave up.
    let raw = unsafe { Waker::from_raw(raw_waker_from_ptr(Arc::into_raw(arc.clone()), &JOB)) };
    assert!(raw.will_wake(&owned) && JOB.matches(&raw));
    drop((owned, raw));
    assert_eq!(Arc::strong_count(&arc), 1);
}

#[test]
fn a_combinator_that_wraps_wakers_is_not_seen_through() {
    let arc = job();
    let waker = JOB.waker(arc);
    let mut all = FuturesUnordered::new();
    all.push(poll_fn(|cx| Poll::Ready(JOB.matches(cx.waker()))));
    let answer = all.poll_next_unpin(&mut Context::from_waker(&waker));
    assert_eq!(answer, Poll::Ready(Some(false)), "the inner future has the combinator's waker");
    let direct = std::pin::pin!(poll_fn(|cx| Poll::Ready(JOB.matches(cx.waker()))));
    assert_eq!(Future::poll(direct, &mut Context::from_waker(&waker)), Poll::Ready(true));
}

#[test]
fn wakers_work_from_other_threads() {
    let arc = job();
    let waker = JOB.waker(arc.clone());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let borrowed = JOB.waker_ref(&arc);
            scope.spawn(move || {
                for _ in 0..if cfg!(miri) { 10 } else { 1000 } {
                    borrowed.wake_by_ref();
                    let owned = borrowed.clone();
                    assert!(JOB.get_pointer(&owned).is_some());
                    owned.wake();
                }
            });
        }
    });
    drop(waker);
    let expected = if cfg!(miri) { 80 } else { 8000 };
    assert_eq!((Arc::strong_count(&arc), arc.0.load(Ordering::Relaxed)), (1, expected));
}
