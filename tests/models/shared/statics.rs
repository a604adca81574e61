//! Places whose tasks come and go, and their wakers, which count nothing.

use std::sync::Mutex;

use loom::thread;
use waker_tables::{Anywhere, AtHome, Home, Kind, Ran, StaticTask};

use super::*;

/// A place's header: the model's scheduler, which has room for one runnable, and what happened.
struct Data<K: Kind + 'static> {
    runnable: AtomicPtr<()>,
    /// Left by wakers before they wake, relaxed: what makes it visible to the poll is the wake alone.
    message: AtomicUsize,
    /// The message that the last poll saw.
    seen: Counter,
    scheduled: Counter,
    polled: Counter,
    dropped: Counter,
    /// The place's waker, which its first poll kept.
    waker: Mutex<Option<Waker>>,
    /// Touched by whoever has the place's memory: loom does not see that a second body is written over the first.
    memory: UnsafeCell<()>,
    step: AtomicUsize,
    kind: std::marker::PhantomData<fn(K)>,
}

// SAFETY: what the models are about.
unsafe impl<K: Kind> Sync for Data<K> {}
// SAFETY: as above.
unsafe impl<K: Kind> Send for Data<K> {}

impl<K: Kind> Data<K> {
    fn touch(&self) {
        self.step.fetch_add(1, Ordering::Relaxed);
        self.memory.with_mut(|_| ());
    }

    fn waker(&self) -> Waker {
        self.waker.lock().unwrap().clone().expect("it was polled")
    }

    /// Leaves a message, and wakes.
    fn tell(&self) {
        self.message.fetch_add(1, Ordering::Relaxed);
        self.waker().wake();
    }
}

impl<K: Kind> Schedule<K> for Data<K> {
    fn schedule(&self, runnable: Runnable<Self, K>) {
        self.scheduled.fetch_add(1, Ordering::Relaxed);
        let before = self.runnable.swap(runnable.into_raw().as_ptr(), Ordering::AcqRel);
        assert!(before.is_null(), "two runnables of one place");
    }
}

/// A body that is pending for so many polls.
struct Steps<K: Kind + 'static> {
    data: &'static Data<K>,
    pending: usize,
    alive: Alive,
}

impl<K: Kind> Steps<K> {
    fn new(data: &'static Data<K>, pending: usize) -> Self {
        data.touch();
        Self { data, pending, alive: Alive::new() }
    }
}

impl<K: Kind> Future for Steps<K> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.alive.touch_mut();
        self.data.touch();
        self.data.waker.lock().unwrap().get_or_insert_with(|| context.waker().clone());
        self.data.seen.store(self.data.message.load(Ordering::Relaxed), Ordering::Relaxed);
        self.data.polled.fetch_add(1, Ordering::Relaxed);
        let left = self.pending.checked_sub(1);
        self.pending = left.unwrap_or(0);
        if left.is_some() { Poll::Pending } else { Poll::Ready(()) }
    }
}

impl<K: Kind> Drop for Steps<K> {
    fn drop(&mut self) {
        self.alive.touch_mut();
        self.data.touch();
        self.data.dropped.fetch_add(1, Ordering::Relaxed);
    }
}

/// A place that ends with its model.
struct Place<K: Kind + 'static = Anywhere>(*mut StaticTask<Data<K>, Steps<K>, K>);

// SAFETY: it is the address of a place, which is `Sync`.
unsafe impl<K: Kind> Send for Place<K> {}

impl<K: Kind> Clone for Place<K> {
    fn clone(&self) -> Self {
        Self(self.0)
    }
}

impl<K: Kind> Place<K> {
    fn new() -> Self {
        Self(Box::into_raw(Box::new(StaticTask::new(Data {
            runnable: AtomicPtr::new(ptr::null_mut()),
            message: AtomicUsize::new(0),
            seen: Counter::new(0),
            scheduled: Counter::new(0),
            polled: Counter::new(0),
            dropped: Counter::new(0),
            waker: Mutex::new(None),
            memory: UnsafeCell::new(()),
            step: AtomicUsize::new(0),
            kind: std::marker::PhantomData,
        }))))
    }

    fn get(&self) -> &'static StaticTask<Data<K>, Steps<K>, K> {
        // SAFETY: it is freed by `end` alone.
        unsafe { &*self.0 }
    }

    fn data(&self) -> &'static Data<K> {
        self.get().header()
    }

    fn pop(&self) -> Option<Runnable<Data<K>, K>> {
        let raw = NonNull::new(self.data().runnable.swap(ptr::null_mut(), Ordering::AcqRel))?;
        // SAFETY: the hook got it from `into_raw`, and the swap gives it once.
        Some(unsafe { Runnable::from_raw(raw) })
    }

    /// Once all is over: so many bodies have ended.
    fn end(self, bodies: usize) {
        assert!(self.pop().is_none(), "a runnable is left");
        assert!(self.get().is_free());
        assert_eq!(World::count(&self.data().dropped), bodies);
        // SAFETY: nobody uses it again.
        drop(unsafe { Box::from_raw(self.0) });
    }
}

impl Place {
    fn spawn(&self, pending: usize) -> Option<Runnable<Data<Anywhere>>> {
        let claim = self.get().claim()?;
        let data = claim.header();
        Some(claim.spawn(|| Steps::new(data, pending)))
    }

    /// A place whose first task is over, so that its waker is there.
    fn used() -> Self {
        let place = Self::new();
        assert_eq!(place.spawn(0).unwrap().run(), Ran::Complete);
        place.data().polled.store(0, Ordering::Relaxed);
        place
    }

    /// Runs what is scheduled until nothing is. The answer is whether the task ended.
    fn run_all(&self) -> bool {
        let mut ended = false;
        while let Some(runnable) = self.pop() {
            ended = runnable.run() == Ran::Complete;
        }
        ended
    }

    /// Ends a task that may be idle by waking it.
    fn finish(&self) {
        while !self.get().is_free() {
            self.data().waker().wake();
            self.run_all();
        }
    }
}

#[test]
fn a_wake_of_a_place_that_races_a_run_is_not_lost() {
    model(|| {
        let place = Place::used();
        let runnable = place.spawn(1).unwrap();
        let data = place.data();
        let waking = thread::spawn(|| data.tell());
        runnable.run();
        place.run_all();
        waking.join().unwrap();
        place.run_all();
        assert_eq!(World::count(&data.seen), 1, "the wake was lost");
        assert!(World::count(&data.polled) <= 2 && World::count(&data.scheduled) <= 1);
        place.finish();
        place.end(2);
    });
}

#[test]
fn two_wakes_of_an_idle_place_schedule_once_and_are_both_seen() {
    model(|| {
        let place = Place::used();
        assert_eq!(place.spawn(3).unwrap().run(), Ran::Pending);
        let data = place.data();
        let wakers = [(), ()].map(|()| thread::spawn(|| data.tell()));
        place.run_all();
        for waker in wakers {
            waker.join().unwrap();
        }
        place.run_all();
        assert_eq!(World::count(&data.seen), 2, "a wake was lost");
        place.finish();
        place.end(2);
    });
}

#[test]
fn a_wake_that_races_the_end_of_a_task_leaves_the_place_free() {
    model(|| {
        let place = Place::used();
        let runnable = place.spawn(0).unwrap();
        let data = place.data();
        let waking = thread::spawn(|| data.tell());
        assert_eq!(runnable.run(), Ran::Complete);
        waking.join().unwrap();
        assert_eq!(World::count(&data.scheduled), 0);
        place.end(2);
    });
}

#[test]
fn an_old_waker_races_the_end_of_one_task_and_the_claim_of_the_next() {
    model(|| {
        let place = Place::used();
        let runnable = place.spawn(0).unwrap();
        let data = place.data();
        let waking = thread::spawn(|| {
            data.tell();
            data.tell();
        });
        assert_eq!(runnable.run(), Ran::Complete);
        let next = place.spawn(1).expect("the one before is over");
        next.run();
        place.run_all();
        waking.join().unwrap();
        place.run_all();
        assert_eq!(World::count(&data.polled) - 1, World::count(&data.scheduled).min(1) + 1);
        place.finish();
        place.end(3);
    });
}

#[test]
fn an_old_waker_races_a_claim_that_is_given_back() {
    model(|| {
        let place = Place::used();
        let data = place.data();
        let waking = thread::spawn(|| data.tell());
        drop(place.get().claim().expect("it is free"));
        waking.join().unwrap();
        assert_eq!(World::count(&data.scheduled), 0);
        assert_eq!(place.spawn(0).expect("it is free again").run(), Ran::Complete);
        place.end(2);
    });
}

#[test]
fn two_claims_make_one_task_or_one_after_the_other() {
    model(|| {
        let place = Place::new();
        let there = place.clone();
        let spawn = |place: &Place| place.spawn(0).map(|runnable| runnable.run()).is_some();
        let other = thread::spawn(move || spawn(&there));
        let here = spawn(&place);
        let there = other.join().unwrap();
        assert!(here || there);
        place.end(usize::from(here) + usize::from(there));
    });
}

#[test]
fn a_claim_that_races_the_end_of_a_task_comes_after_it() {
    model(|| {
        let place = Place::used();
        let runnable = place.spawn(0).unwrap();
        let runner = thread::spawn(move || runnable.run());
        let next = place.spawn(0).map(|runnable| runnable.run());
        assert_eq!(runner.join().unwrap(), Ran::Complete);
        place.end(2 + usize::from(next.is_some()));
    });
}

#[test]
fn a_claim_that_races_the_end_of_a_handle_comes_after_it() {
    model(|| {
        let place = Place::used();
        let runnable = place.spawn(0).unwrap();
        let task = runnable.task();
        assert_eq!(runnable.run(), Ran::Complete);
        let other = thread::spawn(move || {
            let waker = task.to_waker();
            assert!(!task.cancel(), "it is over, and no other is here");
            task.header().touch();
            drop(task);
            waker.wake();
        });
        let next = place.spawn(0).map(|runnable| runnable.run());
        other.join().unwrap();
        place.end(2 + usize::from(next.is_some()));
    });
}

#[test]
fn a_cancel_races_a_run_and_a_wake() {
    model(|| {
        let place = Place::used();
        let runnable = place.spawn(1).unwrap();
        let (task, data) = (runnable.task(), place.data());
        let other = thread::spawn(move || {
            data.tell();
            assert!(task.cancel() || task.is_complete());
        });
        runnable.run();
        place.run_all();
        other.join().unwrap();
        place.run_all();
        place.end(2);
    });
}

#[test]
fn a_dropped_runnable_races_an_old_waker() {
    model(|| {
        let place = Place::used();
        let runnable = place.spawn(0).unwrap();
        let data = place.data();
        let waking = thread::spawn(|| data.tell());
        drop(runnable);
        waking.join().unwrap();
        assert_eq!((World::count(&data.scheduled), World::count(&data.polled)), (0, 0));
        place.end(2);
    });
}

#[test]
fn a_body_at_home_waits_for_the_wake_that_brings_it_back() {
    model(|| {
        let place = Place::<AtHome>::new();
        let (home, data) = (Home::new(), place.data());
        let claim = place.get().claim().unwrap();
        let runnable = claim.spawn_at(&home, || Steps::new(data, usize::MAX));
        assert!(matches!(home.run(runnable), Ok(Ran::Pending)));
        data.waker().wake();
        let runnable = place.pop().unwrap();
        let dropper = thread::spawn(move || drop(runnable));
        data.tell();
        let mut ended = place.pop().map(|runnable| home.run(runnable)).is_some();
        dropper.join().unwrap();
        if !ended {
            assert!(!place.get().is_free());
            data.tell();
            let runnable = place.pop().expect("it is idle");
            ended = matches!(home.run(runnable), Ok(Ran::Complete));
        }
        assert!(ended && World::count(&data.polled) == 1);
        place.end(1);
    });
}
