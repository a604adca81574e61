//! Models of sets: wakes against registering, draining, growing and the end of a set. What wakers write before a wake is
//! relaxed: what makes it visible to the poll is the wake alone. (The words of a set report under loom if they are used
//! after their end.)

// What these count orders nothing, since loom does not know them. `Arc` too.
use std::sync::Arc;
use std::sync::atomic::AtomicUsize as Counter;
use std::task::{Wake, Waker};

use loom::alloc::Track;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;

use waker_tables::{StaticWakerSet, WakerSet};

/// Explores `f`, with three changes of the thread at any point, beside those at its ends.
fn model(f: impl Fn() + Sync + Send + 'static) {
    bounded(3, f);
}

/// Models of three threads take minutes with three.
fn model_of_three(f: impl Fn() + Sync + Send + 'static) {
    bounded(2, f);
}

fn bounded(changes: usize, f: impl Fn() + Sync + Send + 'static) {
    let mut models = loom::model::Builder::new();
    models.preemption_bound = Some(changes);
    models.check(f);
}

/// A parent, who is told; and what its children are told.
struct Parent {
    told: AtomicUsize,
    calls: Counter,
    _track: Track<()>,
}

impl Parent {
    fn new() -> Arc<Self> {
        Arc::new(Self { told: AtomicUsize::new(0), calls: Counter::new(0), _track: Track::new(()) })
    }

    /// A message, and then a wake.
    fn tell(&self, child: &Waker) {
        self.told.fetch_add(1, Ordering::Relaxed);
        child.wake_by_ref();
    }

    fn told(&self) -> usize {
        self.told.load(Ordering::Relaxed)
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }

    /// Nobody has a waker of it.
    fn is_alone(self: &Arc<Self>) -> bool {
        Arc::strong_count(self) == 1
    }
}

impl Wake for Parent {
    fn wake(self: Arc<Self>) {
        self.calls.fetch_add(1, Ordering::Relaxed);
    }
}

/// One poll of a parent: it registers, and takes what was woken.
fn poll(set: &WakerSet, parent: &Arc<Parent>) -> Vec<usize> {
    set.register(&Waker::from(parent.clone()));
    set.drain().collect()
}

#[test]
fn a_wake_that_races_a_poll_is_seen_by_it_or_calls() {
    model(|| {
        let (set, parent) = (WakerSet::new(2), Parent::new());
        let (there, child) = (parent.clone(), set.waker(1));
        let waker = thread::spawn(move || there.tell(&child));
        let seen = poll(&set, &parent);
        if seen == [1] {
            assert_eq!(parent.told(), 1, "the wake is seen, and not what was before it");
            waker.join().unwrap();
        } else {
            assert_eq!(seen, []);
            waker.join().unwrap();
            assert_eq!(parent.calls(), 1, "the wake is lost");
            assert_eq!((poll(&set, &parent), parent.told()), (vec![1], 1));
        }
        assert_eq!(poll(&set, &parent), [], "given twice");
        assert!(parent.calls() <= 1);
    });
}

#[test]
fn a_wake_that_races_two_polls_is_seen_or_calls() {
    model(|| {
        let (set, parent) = (WakerSet::new(1), Parent::new());
        let (there, child) = (parent.clone(), set.waker(0));
        let waker = thread::spawn(move || there.tell(&child));
        let mut seen = poll(&set, &parent).len();
        seen += poll(&set, &parent).len();
        let calls = parent.calls();
        waker.join().unwrap();
        assert!(seen == 1 || parent.calls() == 1, "the wake is lost");
        assert!(calls <= 1);
        seen += poll(&set, &parent).len();
        assert_eq!(seen, 1);
    });
}

#[test]
fn wakes_of_one_child_that_race_are_one_and_both_are_seen() {
    model(|| {
        let (set, parent) = (WakerSet::new(1), Parent::new());
        assert_eq!(poll(&set, &parent), []);
        let (there, child) = (parent.clone(), set.waker(0));
        let waker = thread::spawn(move || there.tell(&child));
        parent.tell(&set.waker_ref(0));
        // Nothing is there yet if the other wake, which came first, is still on its way to the list.
        let mut seen: Vec<_> = set.drain().map(|_| parent.told()).collect();
        waker.join().unwrap();
        seen.extend(set.drain().map(|_| parent.told()));
        assert!(matches!(seen[..], [2] | [_, 2]), "a wake is lost: {seen:?}");
        assert_eq!(parent.calls(), 1, "the parent has not registered again");
    });
}

#[test]
fn a_wake_of_a_child_that_is_being_given_comes_again_or_is_seen() {
    model(|| {
        let (set, parent) = (WakerSet::new(2), Parent::new());
        parent.tell(&set.waker_ref(0));
        set.mark(1);
        let (there, child) = (parent.clone(), set.waker(0));
        let waker = thread::spawn(move || there.tell(&child));
        set.register(&Waker::from(parent.clone()));
        let mut told = vec![];
        let mut order = vec![];
        for index in set.drain() {
            order.push(index);
            if index == 0 {
                told.push(parent.told());
            }
        }
        assert_eq!(order, [0, 1]);
        waker.join().unwrap();
        let rest: Vec<_> = set.drain().collect();
        if told == [2] {
            assert!(rest.len() <= 1);
        } else {
            assert_eq!((told, rest), (vec![1], vec![0]), "a wake is lost");
            assert_eq!(parent.calls(), 1, "nobody was called");
        }
    });
}

#[test]
fn of_wakes_of_several_children_one_calls() {
    model_of_three(|| {
        let (set, parent) = (WakerSet::new(3), Parent::new());
        assert_eq!(poll(&set, &parent), []);
        let wakers = [0, 1].map(|index| {
            let (there, child) = (parent.clone(), set.waker(index));
            thread::spawn(move || there.tell(&child))
        });
        for waker in wakers {
            waker.join().unwrap();
        }
        assert_eq!(parent.calls(), 1);
        let mut seen = poll(&set, &parent);
        seen.sort_unstable();
        assert_eq!((seen, parent.told()), (vec![0, 1], 2));
    });
}

#[test]
fn two_wakers_and_a_poll() {
    model_of_three(|| {
        let (set, parent) = (WakerSet::new(2), Parent::new());
        set.register(&Waker::from(parent.clone()));
        let wakers = [0, 1].map(|index| {
            let (there, child) = (parent.clone(), set.waker(index));
            thread::spawn(move || there.tell(&child))
        });
        let calls = parent.calls();
        let mut seen = poll(&set, &parent);
        for waker in wakers {
            waker.join().unwrap();
        }
        assert!(seen.len() == 2 || parent.calls() > 0, "a wake is lost: {calls}, {seen:?}");
        assert!(parent.calls() <= 2, "one a batch");
        seen.extend(poll(&set, &parent));
        seen.sort_unstable();
        assert_eq!((seen, parent.told()), (vec![0, 1], 2));
    });
}

#[test]
fn a_change_of_the_parent_that_races_a_wake_calls_one_or_sees_it() {
    model(|| {
        let (set, one, other) = (WakerSet::new(1), Parent::new(), Parent::new());
        assert_eq!(poll(&set, &one), []);
        let (there, child) = (one.clone(), set.waker(0));
        let waker = thread::spawn(move || there.tell(&child));
        let seen = poll(&set, &other);
        waker.join().unwrap();
        assert_eq!(one.told(), 1);
        assert!(seen == [0] || other.calls() == 1, "the wake is lost");
        assert!(one.calls() + other.calls() <= 1);
        assert!(one.is_alone() && Arc::strong_count(&other) + other.calls() == 2, "a waker leaks");
        drop(set);
        assert!(other.is_alone());
    });
}

#[test]
fn parents_that_alternate_are_never_mixed_up() {
    model(|| {
        let (set, one, other) = (WakerSet::new(1), Parent::new(), Parent::new());
        set.register(&Waker::from(one.clone()));
        let child = set.waker(0);
        let waker = thread::spawn(move || child.wake());
        set.register(&Waker::from(other.clone()));
        let seen = poll(&set, &one);
        waker.join().unwrap();
        assert!(seen == [0] || one.calls() == 1, "the wake is lost");
        assert!(one.calls() + other.calls() <= 1);
        drop(set);
        assert!(one.is_alone() && other.is_alone());
    });
}

#[test]
fn a_last_waker_that_races_the_end_of_the_set_frees_once() {
    for by_value in [true, false] {
        model(move || {
            let (set, parent) = (WakerSet::new(1), Parent::new());
            set.register(&Waker::from(parent.clone()));
            let child = set.waker(0);
            let waker = thread::spawn(move || {
                if by_value {
                    child.wake();
                } else {
                    child.wake_by_ref();
                }
            });
            drop(set);
            assert!(parent.calls() <= 1);
            waker.join().unwrap();
            assert!(parent.is_alone(), "the set takes its parent's waker with it");
        });
    }
}

#[test]
fn clones_that_race_last_drops_keep_the_memory() {
    model_of_three(|| {
        let set = WakerSet::new(1);
        let wakers = [0, 1].map(|_| {
            let child = set.waker(0);
            thread::spawn(move || {
                let clone = child.clone();
                drop(child);
                clone.wake_by_ref();
                assert!(clone.will_wake(&clone.clone()));
            })
        });
        drop(set);
        for waker in wakers {
            waker.join().unwrap();
        }
    });
}

#[test]
fn a_set_grows_while_it_is_woken() {
    model(|| {
        let (set, parent) = (WakerSet::new(1), Parent::new());
        assert_eq!(poll(&set, &parent), []);
        let (there, child) = (parent.clone(), set.waker(0));
        let waker = thread::spawn(move || there.tell(&child));
        set.grow(2).unwrap();
        let new = set.waker(1);
        parent.tell(&new);
        waker.join().unwrap();
        assert_eq!(parent.calls(), 1);
        let mut seen = poll(&set, &parent);
        seen.sort_unstable();
        assert_eq!((seen, parent.told()), (vec![0, 1], 2));
        let waker = thread::spawn(move || drop(new));
        drop(set);
        waker.join().unwrap();
    });
}

#[test]
fn an_old_waker_of_a_static_races_its_next_owner() {
    model(|| {
        let memory: &'static StaticWakerSet<1> = Box::leak(Box::new(StaticWakerSet::new()));
        let (set, parent) = (memory.take().unwrap(), Parent::new());
        set.register(&Waker::from(parent.clone()));
        let (there, child) = (parent.clone(), set.waker(0));
        let waker = thread::spawn(move || there.tell(&child));
        drop(set);
        let set = memory.take().unwrap();
        let mut seen = poll(&set, &parent).len();
        waker.join().unwrap();
        seen += set.drain().count();
        assert!(seen <= 1 && parent.calls() <= 1);
        assert!(!set.is_woken(0), "it can be woken again");
        set.mark(0);
        assert_eq!(set.drain().count(), 1);
        drop(set);
        assert!(parent.is_alone());
    });
}
