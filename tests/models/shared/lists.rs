//! Walks through a list, and its end, against whatever puts tasks on it and takes them off.

use loom::thread;
use waker_tables::{Ran, Task, TaskList};

use super::*;

type List = Arc<TaskList<Header>>;

fn detached(list: &List, world: &Arc<World>, pending: usize) -> Runnable<Header> {
    Task::new(Body::new(world, pending), Header::new(world)).list(list.clone()).detached().spawn()
}

/// Reads the header of each task and wakes it. The answer is how many there were.
fn walk(list: &List) -> usize {
    let mut met = 0;
    list.for_each(|task| {
        met += 1;
        task.header().alive.touch();
        task.wake_by_ref();
    });
    met
}

/// Touched by bodies at their end.
struct Shared {
    memory: UnsafeCell<()>,
    step: AtomicUsize,
}

// SAFETY: what the model is about.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

impl Shared {
    fn touch(&self) {
        self.step.fetch_add(1, Ordering::Relaxed);
        self.memory.with_mut(|_| ());
    }
}

struct Touches(Arc<Shared>);

impl Drop for Touches {
    fn drop(&mut self) {
        self.0.touch();
    }
}

/// Both ways off a list: one task stands in its door, the other, if there is one, is in it.
#[test]
fn who_finds_the_list_empty_sees_what_the_bodies_did() {
    for tasks in 1..=2 {
        model(move || {
            let list = Arc::new(TaskList::new());
            let shared = Arc::new(Shared { memory: UnsafeCell::new(()), step: AtomicUsize::new(0) });
            let spawn = |_| {
                let touches = Touches(shared.clone());
                let body = async move { drop(touches) };
                Task::new(body, ()).hook(|(), _| {}).list(list.clone()).detached().spawn()
            };
            let runnables = (0..tasks).map(spawn).collect::<Vec<_>>();
            let runner = thread::spawn(move || runnables.into_iter().for_each(|runnable| drop(runnable.run_once())));
            if list.is_empty() {
                shared.touch();
            }
            runner.join().unwrap();
            assert!(list.is_empty());
        });
    }
}

/// The one that comes and goes without a turn is met or not, and closed out or not, as any other.
#[test]
fn a_walk_and_an_end_of_the_list_race_one_that_comes_and_goes() {
    model(|| {
        let (list, world) = (List::default(), World::new());
        let there = (list.clone(), world.clone());
        let spawner = thread::spawn(move || run(detached(&there.0, &there.1, 0)));
        assert!(walk(&list) <= 1);
        list.close();
        spawner.join().unwrap();
        world.run_all();
        assert!(list.is_empty());
        world.ended();
    });
}

#[test]
fn a_walk_that_races_a_spawn_meets_what_was_there() {
    model(|| {
        let (list, old, new) = (List::default(), World::new(), World::new());
        let first = detached(&list, &old, 0);
        let there = (list.clone(), new.clone());
        let spawner = thread::spawn(move || detached(&there.0, &there.1, 0));
        assert!((1..=2).contains(&walk(&list)));
        let second = spawner.join().unwrap();
        assert_eq!((list.len(), walk(&list)), (2, 2));
        run(first);
        assert_eq!(walk(&list), 1);
        run(second);
        assert!(list.is_empty());
        old.ended();
        new.ended();
    });
}

#[test]
fn a_walk_that_races_a_completion_ends_the_task_once() {
    model(|| {
        let (list, world) = (List::default(), World::new());
        let runnable = detached(&list, &world, 1);
        let task = runnable.task();
        let runner = thread::spawn(move || run(runnable));
        walk(&list);
        runner.join().unwrap();
        world.run_all();
        task.wake();
        world.run_all();
        assert!(list.is_empty());
        assert_eq!((world.polled(), world.outputs_dropped()), (2, 1));
        world.ended();
    });
}

/// A walk is a handle: it may become the last one.
#[test]
fn a_walk_that_races_the_last_handle_leaves_the_body_to_the_scheduler() {
    model(|| {
        let (list, world) = (List::default(), World::new());
        let runnable = detached(&list, &world, usize::MAX);
        let task = runnable.task();
        assert_eq!(runnable.run(), Ran::Pending);
        let dropper = thread::spawn(move || drop(task));
        list.for_each(|task| task.header().alive.touch());
        dropper.join().unwrap();
        assert_eq!((world.scheduled(), world.bodies_dropped(), list.len()), (1, 0, 1));
        world.run_all();
        assert_eq!((world.polled(), list.len()), (1, 0), "a cancelled task is polled");
        world.ended();
    });
}

/// A task is lost, or a walk has it, wakes it, and loses it.
#[test]
fn a_walk_that_races_a_lost_task_leaves_no_body() {
    model(|| {
        let (list, world) = (List::default(), World::new());
        let runnable = detached(&list, &world, usize::MAX);
        let runner = thread::spawn(move || drop(runnable.run_once()));
        walk(&list);
        runner.join().unwrap();
        world.run_all();
        assert!(list.is_empty());
        world.ended();
    });
}

#[test]
fn two_walks_meet_each_other_and_a_task_that_goes() {
    model(|| {
        let (list, old, new) = (List::default(), World::new(), World::new());
        let (first, second) = (detached(&list, &old, 0), detached(&list, &new, 0));
        let there = list.clone();
        let walker = thread::spawn(move || {
            let mut met = 0;
            there.for_each(|task| {
                met += 1;
                task.header().alive.touch();
            });
            met
        });
        let mut second = Some(second);
        let mut met = 0;
        list.for_each(|task| {
            met += 1;
            task.header().alive.touch();
            // The one behind the cursor: the older was in the door, and is met first.
            if let Some(second) = second.take() {
                run(second);
            }
        });
        assert_eq!(met, 1);
        assert!((1..=2).contains(&walker.join().unwrap()));
        run(first);
        assert!(list.is_empty());
        old.ended();
        new.ended();
    });
}

#[test]
fn an_end_of_the_list_that_races_a_spawn_ends_the_task() {
    model(|| {
        let (list, world) = (List::default(), World::new());
        let there = (list.clone(), world.clone());
        let spawner = thread::spawn(move || {
            let runnable = detached(&there.0, &there.1, usize::MAX);
            let task = runnable.task();
            run(runnable);
            task
        });
        list.close();
        assert!(list.is_closed());
        let task = spawner.join().unwrap();
        world.run_all();
        assert!(list.is_empty() && task.is_complete() && task.is_cancelled());
        task.wake();
        world.ended();
    });
}

#[test]
fn an_end_of_the_list_that_races_whatever_ends_a_task_leaves_no_body() {
    for (pending, joined) in [(0, false), (0, true), (usize::MAX, false)] {
        model(move || {
            let (list, world) = (List::default(), World::new());
            let task = Task::new(Body::new(&world, pending), Header::new(&world)).list(list.clone());
            let (runnable, handle) = if joined {
                let (runnable, handle) = task.spawn();
                (runnable, Some(handle))
            } else {
                (task.detached().spawn(), None)
            };
            let runner = thread::spawn(move || run(runnable));
            list.close();
            drop(handle);
            runner.join().unwrap();
            world.run_all();
            assert!(list.is_empty());
            assert!(world.polled() <= 1 && world.outputs_dropped() <= 1);
            world.ended();
        });
    }
}

#[test]
fn an_end_of_the_list_that_races_the_last_handle_of_an_idle_task_schedules_it_once() {
    model(|| {
        let (list, world) = (List::default(), World::new());
        let runnable = detached(&list, &world, usize::MAX);
        let task = runnable.task();
        assert_eq!(runnable.run(), Ran::Pending);
        let dropper = thread::spawn(move || drop(task));
        list.close();
        dropper.join().unwrap();
        assert_eq!(world.scheduled(), 1);
        world.run_all();
        assert_eq!((world.polled(), list.len()), (1, 0));
        world.ended();
    });
}
