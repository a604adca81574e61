//! Wakes against runs, ends, and each other.

use std::cell::RefCell;
use std::future::poll_fn;

use loom::thread;
use waker_tables::{Task, spawn_detached};

use super::*;

/// Wakes `task` once, with a message.
#[derive(Clone, Copy, Debug)]
enum How {
    ByRef,
    ByValue,
}

const HOWS: [How; 2] = [How::ByRef, How::ByValue];

impl How {
    fn wake(self, world: &World, task: Waker) {
        world.tell();
        match self {
            Self::ByRef => task.wake_by_ref(),
            Self::ByValue => task.wake(),
        }
    }
}

#[test]
fn a_wake_that_races_a_run_is_seen_by_it_or_by_the_next() {
    for how in HOWS {
        model(move || {
            let world = World::new();
            let runnable = world.detached(usize::MAX);
            let (kept, task) = (runnable.task(), runnable.task().into());
            let there = world.clone();
            let waker = thread::spawn(move || how.wake(&there, task));
            run(runnable);
            world.run_all();
            waker.join().unwrap();
            world.run_all();
            assert_eq!(world.seen(), 1, "the wake is lost");
            assert!(world.polled() <= 2 && world.scheduled() <= 1);
            drop(kept);
            world.run_all();
            world.ended();
        });
    }
}

#[test]
fn a_wake_that_races_a_completion_ends_the_task_once() {
    for how in HOWS {
        model(move || {
            let world = World::new();
            let runnable = world.detached(0);
            let task = runnable.task().into();
            let there = world.clone();
            let waker = thread::spawn(move || how.wake(&there, task));
            assert!(matches!(runnable.run_once(), Run::Complete));
            waker.join().unwrap();
            assert_eq!((world.scheduled(), world.polled(), world.outputs_dropped()), (0, 1, 1));
            world.ended();
        });
    }
}

#[test]
fn two_wakes_that_race_schedule_once_and_are_seen() {
    for (one, other) in [(How::ByValue, How::ByValue), (How::ByValue, How::ByRef), (How::ByRef, How::ByRef)] {
        model(move || {
            let world = World::new();
            let task = world.idle();
            let there = (world.clone(), task.to_waker());
            let waker = thread::spawn(move || one.wake(&there.0, there.1));
            other.wake(&world, task.into());
            waker.join().unwrap();
            assert_eq!(world.scheduled(), 1);
            world.run_all();
            assert_eq!((world.seen(), world.polled()), (2, 2), "a wake is lost");
            world.ended();
        });
    }
}

#[test]
fn wakes_that_race_the_poll_of_an_earlier_one_are_seen() {
    model(|| {
        let world = World::new();
        let task = world.idle();
        let there = (world.clone(), task.to_waker());
        let waker = thread::spawn(move || How::ByValue.wake(&there.0, there.1));
        How::ByRef.wake(&world, task.to_waker());
        // Runs its own runnable, or the other's, or none.
        world.run_all();
        waker.join().unwrap();
        world.run_all();
        assert_eq!(world.seen(), 2, "a wake is lost");
        drop(task);
        world.run_all();
        world.ended();
    });
}

#[test]
fn runs_on_two_threads_never_overlap() {
    model(|| {
        let world = World::new();
        let task = world.idle();
        let (there, waker) = (world.clone(), task.to_waker());
        let runner = thread::spawn(move || {
            How::ByRef.wake(&there, waker);
            there.run_all();
        });
        How::ByRef.wake(&world, task.to_waker());
        world.run_all();
        runner.join().unwrap();
        world.run_all();
        assert_eq!(world.seen(), 2, "a wake is lost");
        drop(task);
        world.run_all();
        world.ended();
    });
}

#[test]
fn a_last_reference_that_races_a_wake_does_not_cancel_it() {
    model(|| {
        let world = World::new();
        let task = world.idle();
        let other = task.clone();
        let dropper = thread::spawn(move || drop(other));
        How::ByValue.wake(&world, task.into());
        dropper.join().unwrap();
        assert_eq!(world.scheduled(), 1);
        world.run_all();
        assert_eq!((world.seen(), world.polled()), (1, 2), "the wake is lost");
        world.ended();
    });
}

#[test]
fn a_last_reference_that_races_a_wake_by_reference_is_the_last_once() {
    model(|| {
        let world = World::new();
        let task = world.idle();
        let (there, waker) = (world.clone(), task.to_waker());
        // The runnable may be polled and paused while the waker is there still, which then cancels the task.
        let runner = thread::spawn(move || {
            How::ByRef.wake(&there, waker);
        });
        drop(task);
        world.run_all();
        runner.join().unwrap();
        world.run_all();
        assert_eq!((world.seen(), world.polled()), (1, 2), "the wake is lost");
        world.ended();
    });
}

#[test]
fn of_two_last_references_one_is_the_last() {
    model(|| {
        let world = World::new();
        let task = world.idle();
        let other = task.clone();
        let dropper = thread::spawn(move || drop(other));
        drop(task);
        dropper.join().unwrap();
        assert_eq!((world.scheduled(), world.bodies_dropped()), (1, 0));
        world.run_all();
        assert_eq!(world.polled(), 1, "a cancelled task is polled");
        world.ended();
    });
}

#[test]
fn a_clone_that_races_a_last_drop_keeps_the_task() {
    model(|| {
        let world = World::new();
        let task = world.idle();
        let other = task.clone();
        let cloner = thread::spawn(move || {
            let clone = other.clone();
            drop(other);
            clone.header().alive.touch();
            clone
        });
        task.header().alive.touch();
        drop(task);
        let clone = cloner.join().unwrap();
        assert_eq!(world.scheduled(), 0);
        drop(clone);
        world.run_all();
        world.ended();
    });
}

#[test]
fn headers_are_read_by_all_before_the_last_frees_them() {
    model(|| {
        let world = World::new();
        let runnable = world.detached(0);
        let readers = [runnable.task(), runnable.task()].map(|task| {
            thread::spawn(move || {
                let waker = Waker::from(task);
                TaskRef::<Header>::header_behind(&waker).unwrap().alive.touch();
            })
        });
        assert!(matches!(runnable.run_once(), Run::Complete));
        for reader in readers {
            reader.join().unwrap();
        }
        world.ended();
    });
}

#[test]
fn a_woken_runnable_on_another_thread_races_a_wake() {
    model(|| {
        let world = World::new();
        let mut polls = 0;
        let (counts, alive) = (world.clone(), Alive::new());
        let body = poll_fn(move |context| {
            alive.touch();
            counts.seen.store(counts.message.load(Ordering::Relaxed), Ordering::Relaxed);
            polls += 1;
            if polls == 1 {
                context.waker().wake_by_ref();
            }
            Poll::<()>::Pending
        });
        let runnable = spawn_detached(body, Header::new(&world));
        let task = runnable.task();
        let Run::Woken(runnable) = runnable.run_once() else { panic!("not woken") };
        let runner = thread::spawn(move || run(runnable));
        How::ByRef.wake(&world, task.to_waker());
        world.run_all();
        runner.join().unwrap();
        world.run_all();
        assert_eq!(world.seen(), 1, "the wake is lost");
        drop(task);
        world.run_all();
        assert!(world.pop().is_none());
    });
}

#[test]
fn a_hook_that_ends_the_task_keeps_its_header_to_the_end_of_its_call() {
    /// Runs the task at once.
    struct Inline(Arc<World>, Alive);

    impl Schedule for Inline {
        fn schedule(&self, runnable: Runnable<Self>) {
            drop(runnable.run_once());
            self.1.touch();
        }
    }

    impl Drop for Inline {
        fn drop(&mut self) {
            self.1.touch_mut();
            self.0.headers_dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    for how in HOWS {
        model(move || {
            let world = World::new();
            let runnable = spawn_detached(Body::new(&world, 1), Inline(world.clone(), Alive::new()));
            let task = runnable.task();
            assert!(matches!(runnable.run_once(), Run::Pending));
            let other = task.clone();
            let dropper = thread::spawn(move || drop(other));
            how.wake(&world, task.into());
            dropper.join().unwrap();
            assert_eq!((world.seen(), world.polled(), world.outputs_dropped()), (1, 2, 1));
            world.ended();
        });
    }
}

std::thread_local! {
    /// The world of `Nothing`. Threads of a model are one to the system.
    static WORLD: RefCell<Option<Arc<World>>> = const { RefCell::new(None) };
}

#[test]
fn a_wake_by_value_of_a_header_without_bytes_gives_its_count_to_the_runnable() {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "hooks get their header by reference")]
    fn schedule((): &(), runnable: Runnable<()>) {
        WORLD.with_borrow(|world| world.as_ref().unwrap().push(runnable.into_raw()));
    }

    model(|| {
        let world = World::new();
        WORLD.replace(Some(world.clone()));
        let (runnable, handle) = Task::new(Body::new(&world, 1), ()).hook(schedule).spawn();
        drop(handle);
        let task = runnable.task();
        assert!(matches!(runnable.run_once(), Run::Pending));
        let (there, waker) = (world.clone(), task.to_waker());
        let waker = thread::spawn(move || How::ByValue.wake(&there, waker));
        How::ByValue.wake(&world, task.into());
        let run_all = || {
            while let Some(raw) = NonNull::new(world.runnable.swap(ptr::null_mut(), Ordering::AcqRel)) {
                // SAFETY: the hook got it from `into_raw`, of a task with this header, and the swap gives it once.
                drop(unsafe { Runnable::<()>::from_raw(raw) }.run_once());
            }
        };
        run_all();
        waker.join().unwrap();
        run_all();
        assert_eq!((world.polled(), world.bodies_dropped(), world.outputs_dropped()), (2, 1, 1));
        assert!(world.scheduled() <= 1);
        WORLD.take();
    });
}
