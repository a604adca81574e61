//! Where runnables and tasks stand without an allocation: queues and slots.

use loom::thread;
use waker_tables::{Anywhere, Linked, Queue, Task, TaskSlot};

use super::*;

/// A number, and the order in which a model took them.
struct Number {
    number: usize,
    alive: Alive,
}

impl Schedule<Anywhere, Linked<Self>> for Number {
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
    queue.taker().expect("nobody else takes").map(run_number).collect()
}

fn run_number(runnable: Runnable<Linked<Number>>) -> usize {
    let number = runnable.header().number;
    runnable.header().alive.touch();
    assert!(matches!(runnable.run_once(), Run::Complete));
    number
}

#[test]
fn a_push_that_races_a_take_is_taken_once_in_order() {
    model(|| {
        let queue = Arc::new(Queue::new());
        queue.push(task(0)).unwrap();
        let there = queue.clone();
        let pusher = thread::spawn(move || {
            there.push(task(1)).unwrap();
            there.push(task(2)).unwrap();
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
        assert!(queue.push(task(0)).unwrap(), "the taker may sleep");
        let there = queue.clone();
        let pusher = thread::spawn(move || there.push(task(1)).unwrap());
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
            thread::spawn(move || queue.push(task(number)).unwrap())
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
            queue.push(task(number)).unwrap();
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
        let pusher = thread::spawn(move || other.push(task(1)).unwrap());
        there.push(task(2)).unwrap();
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
        let spawn = |claim| Task::new(Body::new(&world, 0), Header::new(&world)).detached().spawn_in(claim);
        let runnable = spawn(slot.get().claim().unwrap());
        let task = runnable.task();
        let dropper = thread::spawn(move || drop(task));
        run(runnable);
        if let Some(claim) = slot.get().claim() {
            assert_eq!(World::count(&world.headers_dropped), 1, "the slot was free too early");
            run(spawn(claim));
        }
        dropper.join().unwrap();
        assert!(slot.get().is_free());
        run(spawn(slot.get().claim().unwrap()));
        assert!(slot.get().is_free());
        // SAFETY: all tasks are gone, and nobody uses the slot again.
        drop(unsafe { Box::from_raw(slot.0.cast_mut()) });
    });
}

/// Serves the queue as one of its workers, until nothing is there and it may sleep.
fn serve(queue: &Queue<Number>) -> Vec<usize> {
    let mut taken = Vec::new();
    // Who finds no taker sleeps.
    while let Some(mut taker) = queue.taker() {
        taken.extend(taker.by_ref().map(run_number));
        if !taker.release() {
            break;
        }
    }
    taken
}

/// One worker has found nothing; the push that comes now wakes the other one, who is refused and sleeps; so the first
/// must look again.
#[test]
fn a_push_between_two_workers_is_taken_by_one_of_them() {
    model(|| {
        let queue = Arc::new(Queue::new());
        let there = queue.clone();
        let worker = thread::spawn(move || serve(&there));
        let mut taken = if queue.push(task(1)).unwrap() { serve(&queue) } else { Vec::new() };
        taken.extend(worker.join().unwrap());
        assert_eq!(taken, [1], "both workers sleep");
    });
}

/// Who gives up the right, and is told of somebody who was refused, sees what that one pushed.
#[test]
fn who_is_told_to_look_again_finds_the_push() {
    model(|| {
        let queue = Arc::new(Queue::new());
        let there = queue.clone();
        let mut taker = queue.taker().unwrap();
        let pusher = thread::spawn(move || {
            there.push(task(1)).unwrap();
            there.taker().and_then(|mut taker| taker.pop()).map(run_number)
        });
        let taken = taker.pop().map(run_number);
        if taker.release() && taken.is_none() {
            assert!(!queue.is_empty());
        }
        pusher.join().unwrap();
    });
}

#[test]
fn pushes_of_two_workers_are_taken_by_them() {
    model(|| {
        let queue = Arc::new(Queue::new());
        let work = |queue: &Queue<Number>, number| {
            if queue.push(task(number)).unwrap() { serve(queue) } else { Vec::new() }
        };
        let there = queue.clone();
        let worker = thread::spawn(move || work(&there, 1));
        let mut taken = work(&queue, 2);
        taken.extend(worker.join().unwrap());
        taken.sort_unstable();
        assert_eq!(taken, [1, 2], "both workers sleep");
    });
}

#[test]
fn a_push_that_races_the_end_of_its_queue_is_taken_or_given_back() {
    model(|| {
        let queue = Arc::new(Queue::new());
        queue.push(task(0)).unwrap();
        let there = queue.clone();
        let pusher = thread::spawn(move || {
            [1, 2].map(|number| there.push(task(number)).map_err(|runnable| assert_eq!(run_number(runnable), number)))
        });
        let mut taker = queue.taker().unwrap();
        let mut taken = taker.pop().map(run_number).into_iter().collect::<Vec<_>>();
        taker.close();
        assert!(queue.is_closed());
        taken.extend(taker.by_ref().map(run_number));
        let pushed = pusher.join().unwrap();
        assert!(pushed[0].is_ok() || pushed[1].is_err(), "once it is closed, it is");
        let expected = 1 + pushed.iter().flatten().count();
        assert!(taken.len() == expected || pushed.contains(&Ok(true)), "the taker sleeps on");
        taken.extend(taker.by_ref().map(run_number));
        assert!(taken.iter().copied().eq(0..expected), "each that was not given back comes out once, in order");
        assert!(queue.is_empty() && queue.push(task(3)).map_err(run_number) == Err(3));
    });
}

#[test]
fn batches_that_race_pushes_give_each_once_in_order() {
    model(|| {
        let queue = Arc::new(Queue::new());
        queue.push(task(0)).unwrap();
        let there = queue.clone();
        let pusher = thread::spawn(move || [1, 2].map(|number| there.push(task(number)).unwrap()));
        let mut taker = queue.taker().unwrap();
        // The first one ends early, and leaves the rest to the second.
        let mut taken = taker.batch().take(1).map(run_number).collect::<Vec<_>>();
        taken.extend(taker.batch().map(run_number));
        let wakes = pusher.join().unwrap();
        let left = taker.batch().map(run_number).collect::<Vec<_>>();
        assert!(left.is_empty() || wakes.contains(&true), "the taker sleeps on");
        taken.extend(left);
        // A batch that followed one with something left may have left out what came later.
        taken.extend(taker.by_ref().map(run_number));
        assert_eq!(taken, [0, 1, 2]);
    });
}
