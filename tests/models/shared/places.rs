//! Where runnables and tasks stand without an allocation: queues and slots.

use loom::thread;
use waker_tables::{Linked, Queue, ScheduleLinked, TaskSlot};

use super::*;

/// A number, and the order in which a model took them.
struct Number {
    number: usize,
    alive: Alive,
}

impl ScheduleLinked for Number {
    fn schedule(&self, _: Runnable<Linked<Self>>) {
        unreachable!("these tasks end in their first run, or with their runnable");
    }
}

fn task(number: usize) -> Runnable<Linked<Number>> {
    let body = Alive::new();
    spawn_detached(async move { body.touch() }, Linked::new(Number { number, alive: Alive::new() }))
}

/// What is there to take, by number. Each is run.
fn take_all(queue: &Queue<Number>) -> Vec<usize> {
    let numbers = queue.taker().expect("nobody else takes").map(|runnable| {
        let number = runnable.header().number;
        runnable.header().alive.touch();
        assert!(matches!(runnable.run(), Run::Complete));
        number
    });
    numbers.collect()
}

#[test]
fn a_push_that_races_a_take_is_taken_once_in_order() {
    model(|| {
        let queue = Arc::new(Queue::new());
        queue.push(task(0));
        let there = queue.clone();
        let pusher = thread::spawn(move || {
            there.push(task(1));
            there.push(task(2));
        });
        let mut taken = take_all(&queue);
        pusher.join().unwrap();
        taken.extend(take_all(&queue));
        assert_eq!(taken, [0, 1, 2]);
    });
}

/// The taker comes upon a push that is half done, and finds nothing though something stands behind it.
#[test]
fn a_push_that_keeps_the_taker_waiting_wakes_it() {
    model(|| {
        let queue = Arc::new(Queue::new());
        assert!(queue.push(task(0)), "the taker may sleep");
        let there = queue.clone();
        let pusher = thread::spawn(move || there.push(task(1)));
        let mut taken = take_all(&queue);
        let wakes = pusher.join().unwrap();
        assert!(wakes || taken.len() == 2, "the taker sleeps on");
        taken.extend(take_all(&queue));
        assert_eq!(taken, [0, 1]);
    });
}

#[test]
fn two_pushes_that_race_a_take_are_both_taken() {
    model(|| {
        let queue = Arc::new(Queue::new());
        let pushers = [1, 2].map(|number| {
            let queue = queue.clone();
            thread::spawn(move || queue.push(task(number)))
        });
        let mut taken = take_all(&queue);
        let first = pushers.map(|pusher| pusher.join().unwrap());
        // A taker that sleeps when it finds nothing is woken.
        assert!(first.contains(&true));
        taken.extend(take_all(&queue));
        taken.sort_unstable();
        assert_eq!(taken, [1, 2]);
    });
}

#[test]
fn takers_on_two_threads_take_one_after_the_other() {
    model(|| {
        let queue = Arc::new(Queue::new());
        for number in 0..3 {
            queue.push(task(number));
        }
        let take_one = |queue: &Queue<Number>| {
            // Tried twice: who is refused leaves the other's right alone.
            let runnable = queue.taker().or_else(|| queue.taker())?.pop()?;
            Some(runnable.header().number)
        };
        let there = queue.clone();
        let other = thread::spawn(move || take_one(&there));
        let here = take_one(&queue);
        let there = other.join().unwrap();
        let mut numbers = [here, there].into_iter().flatten().collect::<Vec<_>>();
        numbers.sort_unstable();
        assert!(!numbers.is_empty(), "one of the two could take");
        assert_eq!(numbers, (0..numbers.len()).collect::<Vec<_>>());
        // The queue's end takes the others.
    });
}

#[test]
fn a_queue_that_ends_after_pushes_ends_what_is_in_it() {
    model(|| {
        let queue = Arc::new(Queue::new());
        let there = loom::sync::Arc::new(queue.clone());
        let other = there.clone();
        let pusher = thread::spawn(move || other.push(task(1)));
        there.push(task(2));
        pusher.join().unwrap();
        drop(there);
        // Loom finds the tasks, if they are not ended.
        drop(queue);
    });
}

#[test]
fn a_slot_is_free_after_the_last_handles_end() {
    struct Slot(*const TaskSlot<Header, Body>);

    impl Slot {
        fn get(&self) -> &'static TaskSlot<Header, Body> {
            // SAFETY: it is freed at the end of the model alone.
            unsafe { &*self.0 }
        }
    }

    model(|| {
        let world = World::new();
        let slot = Slot(Box::into_raw(Box::new(TaskSlot::new())));
        let runnable = slot.get().spawn_detached(Body::new(&world, 0), Header::new(&world)).unwrap();
        let task = runnable.task();
        let dropper = thread::spawn(move || drop(task));
        run(runnable);
        match slot.get().spawn_detached(Body::new(&world, 0), Header::new(&world)) {
            Ok(runnable) => {
                assert_eq!(World::count(&world.headers_dropped), 1, "the slot was free too early");
                run(runnable);
            }
            Err(busy) => drop(busy.header),
        }
        dropper.join().unwrap();
        assert!(slot.get().is_free());
        assert_eq!(World::count(&world.headers_dropped), 2);
        // SAFETY: all tasks are gone, and nobody uses the slot again.
        drop(unsafe { Box::from_raw(slot.0.cast_mut()) });
    });
}
