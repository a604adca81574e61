//! Ends of a task (a completion, a cancel, a dropped runnable) against runs, joins, and the end of the handle.

use std::future::poll_fn;

use loom::thread;
use waker_tables::{Ran, Task};

use super::*;

type Joined = Poll<Result<Output, JoinError>>;

/// What a handle says once the body is gone. It is dropped here.
fn outcome(mut handle: JoinHandle<Output, Header>) -> Result<(), JoinError> {
    assert!(handle.is_finished());
    match join(&mut handle, &Arc::default()) {
        Poll::Ready(Ok(output)) => {
            output.alive.touch();
            Ok(())
        }
        Poll::Ready(Err(error)) => Err(error),
        Poll::Pending => panic!("finished and pending"),
    }
}

#[test]
fn a_cancel_that_races_a_run_drops_the_body_once() {
    model(|| {
        let world = World::new();
        let (runnable, handle) = world.joined(1);
        let task = runnable.task();
        let canceller = thread::spawn(move || task.cancel());
        run(runnable);
        world.run_all();
        canceller.join().unwrap();
        world.run_all();
        assert_eq!(outcome(handle), Err(JoinError::Cancelled));
        assert!(world.polled() <= 1 && world.scheduled() <= 1);
        world.ended();
    });
}

#[test]
fn a_cancel_that_races_a_completion_gives_the_output_or_an_error() {
    model(|| {
        let world = World::new();
        let (runnable, handle) = world.joined(0);
        let task = runnable.task();
        let canceller = thread::spawn(move || task.cancel());
        run(runnable);
        assert!(canceller.join().unwrap() || world.polled() == 1, "who is refused came too late");
        assert_eq!(world.scheduled(), 0);
        let expected = if world.polled() == 1 { Ok(()) } else { Err(JoinError::Cancelled) };
        assert_eq!(outcome(handle), expected);
        assert_eq!(world.outputs_dropped(), world.polled());
        world.ended();
    });
}

#[test]
fn a_cancel_that_races_a_wake_schedules_once() {
    model(|| {
        let world = World::new();
        let task = world.idle();
        let (there, waker) = (world.clone(), task.to_waker());
        let waker = thread::spawn(move || {
            there.tell();
            waker.wake();
        });
        task.cancel();
        world.run_all();
        waker.join().unwrap();
        drop(task);
        world.run_all();
        // It was polled again if the wake and a poll came before the cancel: not here, where the runs are.
        assert_eq!((world.scheduled(), world.polled()), (1, 1));
        world.ended();
    });
}

#[test]
fn two_cancels_that_race_a_run_drop_the_body_once() {
    model(|| {
        let world = World::new();
        let runnable = world.detached(1);
        let (one, other) = (runnable.task(), runnable.task());
        let canceller = thread::spawn(move || one.cancel());
        let here = other.cancel();
        run(runnable);
        assert_ne!(here, canceller.join().unwrap(), "one of the two did it");
        world.run_all();
        drop(other);
        assert!(world.polled() == 0 && world.scheduled() == 0);
        world.ended();
    });
}

#[test]
fn a_dropped_runnable_races_a_wake_and_a_cancel() {
    model(|| {
        let world = World::new();
        let runnable = world.detached(1);
        let (task, waker) = (runnable.task(), runnable.task().to_waker());
        let others = thread::spawn(move || {
            waker.wake();
            task.cancel();
        });
        drop(runnable);
        others.join().unwrap();
        assert_eq!((world.scheduled(), world.polled()), (0, 0));
        world.ended();
    });
}

#[test]
fn a_woken_runnable_on_another_thread_races_a_cancel() {
    model(|| {
        let world = World::new();
        let runnable = world.detached(2);
        let task = runnable.task();
        // Woken while it is polled, by a wake before the poll pauses.
        let there = world.clone();
        let runner = thread::spawn(move || {
            run(runnable);
            there.run_all();
        });
        task.wake_by_ref();
        task.cancel();
        world.run_all();
        runner.join().unwrap();
        world.run_all();
        drop(task);
        assert!(world.polled() <= 3);
        world.ended();
    });
}

#[test]
fn a_join_that_races_a_completion_is_answered_or_woken() {
    model(|| {
        let world = World::new();
        let (runnable, mut handle) = world.joined(0);
        let runner = thread::spawn(move || run(runnable));
        let bell = Arc::default();
        let mut joined = join(&mut handle, &bell);
        if joined.is_pending() {
            runner.join().unwrap();
            assert_eq!(bell.rung(), 1, "the joiner was not woken");
            joined = join(&mut handle, &bell);
        } else {
            assert_eq!(bell.rung(), 0);
            runner.join().unwrap();
        }
        let Poll::Ready(Ok(output)) = joined else { panic!("no output") };
        output.alive.touch();
        assert!(bell.is_alone());
        drop(handle);
        drop(output);
        assert_eq!(world.outputs_dropped(), 1);
        world.ended();
    });
}

#[test]
fn a_join_with_another_waker_that_races_a_completion_wakes_the_last() {
    model(|| {
        let world = World::new();
        let (runnable, mut handle) = world.joined(0);
        let (old, new) = (Arc::default(), Arc::default());
        let first = join(&mut handle, &old);
        assert!(first.is_pending());
        let runner = thread::spawn(move || run(runnable));
        let mut joined = join(&mut handle, &new);
        let waits = joined.is_pending();
        runner.join().unwrap();
        if waits {
            // The old one too, if it was being taken out just then.
            assert!(new.rung() == 1 && old.rung() <= 1, "the joiner was not woken");
            joined = join(&mut handle, &new);
        }
        assert!(matches!(joined, Joined::Ready(Ok(_))));
        drop(joined);
        drop(handle);
        assert!(old.is_alone() && new.is_alone());
        world.ended();
    });
}

/// A joiner that finds its slot in other hands is woken, and asks again.
#[test]
fn a_join_with_ever_other_wakers_that_races_a_completion_is_answered() {
    for detaches in [false, true] {
        model(move || {
            let world = World::new();
            let (runnable, mut handle) = world.joined(0);
            let mut bells = vec![Arc::default()];
            assert!(join(&mut handle, &bells[0]).is_pending());
            let runner = thread::spawn(move || run(runnable));
            let mut joined = Joined::Pending;
            while joined.is_pending() && bells.len() < 3 {
                bells.push(Arc::default());
                joined = join(&mut handle, &bells[bells.len() - 1]);
            }
            if detaches {
                drop((handle, joined));
                runner.join().unwrap();
            } else {
                runner.join().unwrap();
                if joined.is_pending() {
                    assert_eq!(bells[bells.len() - 1].rung(), 1, "the joiner was not woken");
                    joined = join(&mut handle, &Arc::default());
                }
                assert!(matches!(joined, Joined::Ready(Ok(_))));
                drop((handle, joined));
            }
            assert!(bells.iter().all(Bell::is_alone));
            assert_eq!(world.outputs_dropped(), 1);
            world.ended();
        });
    }
}

/// Who sees the end of a task and gives up its last handle ends what the hook borrows, though the run has not come back.
#[test]
fn what_a_hook_borrows_is_not_touched_after_the_end_that_a_joiner_saw() {
    model(|| {
        let world = World::new();
        let mut borrowed = Box::new(Alive::new());
        let lent = &raw const *borrowed;
        let hook = {
            let world = world.clone();
            move |_: &Header, runnable: Runnable<Header>| {
                world.push(runnable.into_raw());
                // SAFETY: this lives until all handles are gone and the task is over.
                unsafe { &*lent }.touch();
            }
        };
        let (counts, mut woken) = (world.clone(), false);
        let body = poll_fn(move |context: &mut Context<'_>| {
            counts.polled.fetch_add(1, Ordering::Relaxed);
            if std::mem::replace(&mut woken, true) {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            Poll::Pending
        });
        // SAFETY: the hook is not `Send` for its pointer alone, and is gone before what that leads to is used otherwise.
        let (runnable, mut handle) = unsafe { Task::new(body, Header::new(&world)).hook(hook).spawn_unchecked() };
        let there = world.clone();
        let runner = thread::spawn(move || {
            assert_eq!(runnable.run(), Ran::Woken);
            there.run_all();
        });
        let bell = Arc::default();
        let over = join(&mut handle, &bell).is_ready() || handle.is_finished();
        if over {
            drop(handle);
            borrowed.touch_mut();
            drop(borrowed);
            runner.join().unwrap();
        } else {
            runner.join().unwrap();
            assert!(bell.rung() == 1 && handle.is_finished());
            drop(handle);
            borrowed.touch_mut();
        }
        assert_eq!((world.polled(), World::count(&world.headers_dropped)), (2, 1));
    });
}

#[test]
fn a_join_with_the_same_waker_that_races_a_completion_wakes_it() {
    model(|| {
        let world = World::new();
        let (runnable, mut handle) = world.joined(0);
        let bell = Arc::default();
        assert!(join(&mut handle, &bell).is_pending());
        let runner = thread::spawn(move || run(runnable));
        if join(&mut handle, &bell).is_pending() {
            runner.join().unwrap();
            // Twice, if the first was being taken out just then.
            assert!((1..=2).contains(&bell.rung()), "the joiner was not woken");
            assert!(matches!(join(&mut handle, &bell), Joined::Ready(Ok(_))));
        } else {
            runner.join().unwrap();
        }
        drop(handle);
        assert!(bell.is_alone());
        world.ended();
    });
}

#[test]
fn a_join_that_races_a_dropped_runnable_is_answered_or_woken() {
    model(|| {
        let world = World::new();
        let (runnable, mut handle) = world.joined(0);
        let dropper = thread::spawn(move || drop(runnable));
        let bell = Arc::default();
        let joined = join(&mut handle, &bell);
        dropper.join().unwrap();
        if joined.is_pending() {
            assert_eq!(bell.rung(), 1, "the joiner was not woken");
        }
        assert!(bell.is_alone());
        if joined.is_pending() {
            assert_eq!(outcome(handle), Err(JoinError::Cancelled));
        } else {
            assert!(matches!(joined, Poll::Ready(Err(JoinError::Cancelled))));
            drop(handle);
        }
        world.ended();
    });
}

#[test]
fn a_handle_whose_end_races_a_completion_leaves_the_output_to_one() {
    model(|| {
        let world = World::new();
        let (runnable, handle) = world.joined(0);
        let dropper = thread::spawn(move || drop(handle));
        run(runnable);
        dropper.join().unwrap();
        assert_eq!(world.outputs_dropped(), 1);
        world.ended();
    });
}

#[test]
fn a_handle_that_waited_and_ends_while_the_task_completes_loses_no_waker() {
    model(|| {
        let world = World::new();
        let (runnable, mut handle) = world.joined(0);
        let bell = Arc::default();
        assert!(join(&mut handle, &bell).is_pending());
        let runner = thread::spawn(move || run(runnable));
        drop(handle);
        runner.join().unwrap();
        assert!(bell.is_alone() && bell.rung() <= 1);
        assert_eq!(world.outputs_dropped(), 1);
        world.ended();
    });
}

#[test]
fn a_handle_whose_end_races_the_last_waker_cancels_the_task_once() {
    model(|| {
        let world = World::new();
        let (runnable, handle) = world.joined(usize::MAX);
        let task = runnable.task();
        assert!(matches!(runnable.run_once(), Run::Pending));
        let dropper = thread::spawn(move || drop(task));
        drop(handle);
        dropper.join().unwrap();
        assert_eq!((world.scheduled(), world.bodies_dropped()), (1, 0));
        world.run_all();
        assert_eq!(world.polled(), 1, "a cancelled task is polled");
        world.ended();
    });
}

#[test]
fn a_handle_that_cancels_and_ends_while_the_task_is_woken_drops_the_body_once() {
    model(|| {
        let world = World::new();
        let (runnable, handle) = world.joined(usize::MAX);
        let waker = runnable.task().to_waker();
        assert!(matches!(runnable.run_once(), Run::Pending));
        let there = world.clone();
        let waker = thread::spawn(move || {
            waker.wake();
            there.run_all();
        });
        handle.cancel();
        drop(handle);
        world.run_all();
        waker.join().unwrap();
        world.run_all();
        assert!(world.polled() <= 2);
        world.ended();
    });
}

#[test]
fn whoever_sees_a_task_finished_gets_its_output() {
    model(|| {
        let world = World::new();
        let (runnable, handle) = world.joined(0);
        let task = runnable.task();
        let runner = thread::spawn(move || run(runnable));
        let complete = task.is_complete();
        if handle.is_finished() {
            assert_eq!(outcome(handle), Ok(()));
            assert_eq!(world.bodies_dropped(), 1);
        } else {
            assert!(!complete, "it is complete and was not finished later");
            drop(handle);
        }
        runner.join().unwrap();
        drop(task);
        assert_eq!(world.outputs_dropped(), 1);
        world.ended();
    });
}
