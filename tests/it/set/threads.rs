//! Many threads at once.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::task::{Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use waker_tables::WakerSet;

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Each thread leaves a number in a mailbox and wakes its child; the owner, which sleeps between, has seen the last
/// number of each at the end.
#[test]
fn nothing_that_was_left_before_a_wake_is_missed() {
    const THREADS: usize = 3;
    let rounds = if cfg!(miri) { 20 } else { 20_000 };
    let set = WakerSet::new(THREADS);
    let boxes: Arc<[AtomicUsize]> = (0..THREADS).map(|_| AtomicUsize::new(0)).collect();
    let start = Arc::new(Barrier::new(THREADS + 1));
    let threads: Vec<_> = (0..THREADS)
        .map(|index| {
            let (waker, boxes, start) = (set.waker(index), boxes.clone(), start.clone());
            thread::spawn(move || {
                start.wait();
                for number in 1..=rounds {
                    boxes[index].store(number, Ordering::Relaxed);
                    let clone = waker.clone();
                    if number % 3 == 0 { clone.wake() } else { waker.wake_by_ref() }
                }
            })
        })
        .collect();
    let parent = Waker::from(Arc::new(Unpark(thread::current())));
    start.wait();
    let mut seen = [0; THREADS];
    while seen != [rounds; THREADS] {
        set.register(&parent);
        let before = seen;
        for index in set.drain() {
            seen[index] = boxes[index].load(Ordering::Relaxed);
        }
        if seen == before {
            let begin = Instant::now();
            thread::park_timeout(Duration::from_secs(60));
            assert!(begin.elapsed().as_secs() < 60, "nobody wakes, and there is more to come");
        }
    }
    for thread in threads {
        thread.join().unwrap();
    }
    assert!(set.drain().all(|index| index < THREADS));
    assert_eq!(set.drain().count(), 0);
}

#[test]
fn sets_end_and_grow_under_threads_that_wake() {
    let rounds = if cfg!(miri) { 5 } else { 300 };
    for _ in 0..rounds {
        let set = WakerSet::new(1);
        let over = Arc::new(AtomicBool::new(false));
        let threads: Vec<_> = (0..2)
            .map(|_| {
                let (waker, over) = (set.waker(0), over.clone());
                thread::spawn(move || {
                    while !over.load(Ordering::Relaxed) {
                        drop(waker.clone());
                        waker.wake_by_ref();
                        thread::yield_now();
                    }
                    waker.wake();
                })
            })
            .collect();
        for len in 1..20 {
            set.grow(len).unwrap();
            set.mark(len - 1);
            set.register(Waker::noop());
            for index in set.drain() {
                assert!(index < len);
            }
        }
        drop(set);
        over.store(true, Ordering::Relaxed);
        for thread in threads {
            thread.join().unwrap();
        }
    }
}
