//! Tasks at home on the model's first thread. Bodies that can never be dropped leak, so that these have no `Track`.

use loom::thread;
use waker_tables::{AtHome, Home, LocalRun, LocalRunnable};

use super::*;

/// Gives its runnables to the world, as words.
struct Here(Arc<World>);

impl Schedule<AtHome> for Here {
    fn schedule(&self, runnable: LocalRunnable<Self>) {
        self.0.push(runnable.into_raw());
    }
}

impl Drop for Here {
    fn drop(&mut self) {
        self.0.headers_dropped.fetch_add(1, Ordering::Relaxed);
    }
}

/// Drops what it gets.
struct Dropping(Arc<World>);

impl Schedule<AtHome> for Dropping {
    fn schedule(&self, runnable: LocalRunnable<Self>) {
        self.0.scheduled.fetch_add(1, Ordering::Relaxed);
        drop(runnable);
    }
}

/// A body that loom watches, and that only its thread has.
struct HereBody {
    world: Arc<World>,
    cell: UnsafeCell<*const ()>,
    pending: usize,
}

impl Future for HereBody {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        self.cell.with_mut(|_| ());
        self.world.seen.store(self.world.message.load(Ordering::Relaxed), Ordering::Relaxed);
        self.world.polled.fetch_add(1, Ordering::Relaxed);
        let left = self.pending.checked_sub(1);
        self.pending = left.unwrap_or(0);
        if left.is_some() { Poll::Pending } else { Poll::Ready(()) }
    }
}

impl Drop for HereBody {
    fn drop(&mut self) {
        self.cell.with_mut(|_| ());
        self.world.bodies_dropped.fetch_add(1, Ordering::Relaxed);
    }
}

fn body(world: &Arc<World>, pending: usize) -> HereBody {
    HereBody { world: world.clone(), cell: UnsafeCell::new(ptr::null()), pending }
}

fn pop(world: &World) -> Option<LocalRunnable<Here>> {
    let raw = NonNull::new(world.runnable.swap(ptr::null_mut(), Ordering::AcqRel))?;
    // SAFETY: `Here` got it from `into_raw`, and the swap gives it once.
    Some(unsafe { LocalRunnable::from_raw(raw) })
}

fn run_all(home: &Home, world: &World) {
    while let Some(mut runnable) = pop(world) {
        while let LocalRun::Woken(again) = home.run_once(runnable).unwrap() {
            runnable = again;
        }
    }
}

fn headers_dropped(world: &World) -> usize {
    World::count(&world.headers_dropped)
}

#[test]
fn a_wake_from_elsewhere_that_races_a_run_at_home_is_seen() {
    model(|| {
        let (world, home) = (World::new(), Home::new());
        let runnable = home.spawn_detached(body(&world, usize::MAX), Here(world.clone()));
        let task = runnable.task();
        let there = world.clone();
        let waker = task.to_waker();
        let waker = thread::spawn(move || {
            there.tell();
            waker.wake();
        });
        let mut runnable = runnable;
        while let LocalRun::Woken(again) = home.run_once(runnable).unwrap() {
            runnable = again;
        }
        run_all(&home, &world);
        waker.join().unwrap();
        run_all(&home, &world);
        assert_eq!(world.seen(), 1, "the wake is lost");
        drop(task);
        run_all(&home, &world);
        assert_eq!((world.bodies_dropped(), headers_dropped(&world)), (1, 1));
    });
}

#[test]
#[expect(clippy::drop_non_drop, reason = "here the home ends")]
fn a_home_that_goes_while_wakers_wake_and_drop_leaves_the_body_alone() {
    model(|| {
        let (world, home) = (World::new(), Home::new());
        let runnable = home.spawn_detached(body(&world, usize::MAX), Here(world.clone()));
        let (task, other) = (runnable.task(), runnable.task());
        assert!(matches!(home.run_once(runnable), Ok(LocalRun::Pending)));
        let there = world.clone();
        let waker = thread::spawn(move || {
            other.wake_by_ref();
            drop(other);
            // No other home runs it, and a runnable that is dropped here leaves the body alone.
            if let Some(runnable) = pop(&there) {
                drop(Home::new().run_once(runnable).err().unwrap());
            }
        });
        drop(home);
        drop(task);
        drop(pop(&world));
        waker.join().unwrap();
        drop(pop(&world));
        assert_eq!((world.polled(), world.bodies_dropped(), headers_dropped(&world)), (1, 0, 1));
        assert!((1..=3).contains(&world.scheduled()));
        assert!(pop(&world).is_none(), "the hook is called for ever");
    });
}

#[test]
#[expect(clippy::drop_non_drop, reason = "here the home ends")]
fn last_wakers_of_a_home_that_is_gone_call_the_hook_once() {
    model(|| {
        let (world, home) = (World::new(), Home::new());
        let runnable = home.spawn_detached(body(&world, usize::MAX), Dropping(world.clone()));
        let (task, other) = (runnable.task(), runnable.task());
        assert!(matches!(home.run_once(runnable), Ok(LocalRun::Pending)));
        let dropper = thread::spawn(move || drop(other));
        drop(home);
        drop(task);
        dropper.join().unwrap();
        assert_eq!((world.scheduled(), world.polled(), world.bodies_dropped()), (1, 1, 0));
    });
}

#[test]
fn a_local_runnable_dropped_elsewhere_races_a_join() {
    model(|| {
        let (world, home) = (World::new(), Home::new());
        let (runnable, mut handle) = home.spawn(body(&world, 0), Here(world.clone()));
        let task = runnable.task();
        let dropper = thread::spawn(move || drop(runnable));
        let bell = Arc::default();
        let mut joined = join(&mut handle, &bell);
        dropper.join().unwrap();
        if joined.is_pending() {
            assert_eq!(bell.rung(), 1, "the joiner was not woken");
            joined = join(&mut handle, &bell);
        }
        assert_eq!(joined, Poll::Ready(Err(JoinError::Cancelled)));
        assert!(bell.is_alone());
        drop(handle);
        // The body is still there, and is dropped at home once somebody asks for that.
        assert_eq!(world.bodies_dropped(), 0);
        task.wake();
        run_all(&home, &world);
        assert_eq!((world.polled(), world.bodies_dropped(), headers_dropped(&world)), (0, 1, 1));
    });
}

#[test]
fn a_local_runnable_dropped_elsewhere_races_the_end_of_the_handle() {
    model(|| {
        let (world, home) = (World::new(), Home::new());
        let (runnable, mut handle) = home.spawn(body(&world, 0), Here(world.clone()));
        let bell = Arc::default();
        assert!(join(&mut handle, &bell).is_pending());
        let task = runnable.task();
        let dropper = thread::spawn(move || drop(runnable));
        drop(handle);
        dropper.join().unwrap();
        assert!(bell.is_alone() && bell.rung() <= 1);
        drop(task);
        run_all(&home, &world);
        assert_eq!((world.polled(), world.bodies_dropped(), headers_dropped(&world)), (0, 1, 1));
    });
}

#[test]
fn a_local_runnable_dropped_elsewhere_races_a_wake_and_the_body_ends_at_home() {
    model(|| {
        let (world, home) = (World::new(), Home::new());
        let runnable = home.spawn_detached(body(&world, 0), Here(world.clone()));
        let (task, waker) = (runnable.task(), runnable.task().to_waker());
        let dropper = thread::spawn(move || drop(runnable));
        waker.wake();
        run_all(&home, &world);
        dropper.join().unwrap();
        assert!(world.scheduled() <= 1);
        // Not if the wake came before.
        task.cancel();
        run_all(&home, &world);
        drop(task);
        run_all(&home, &world);
        assert_eq!((world.polled(), world.bodies_dropped(), headers_dropped(&world)), (0, 1, 1));
    });
}

#[test]
fn an_output_made_at_home_is_the_joiners_elsewhere() {
    model(|| {
        let (world, home) = (World::new(), Home::new());
        let (runnable, mut handle) = home.spawn(Body::new(&world, 0), Here(world.clone()));
        let joiner = thread::spawn(move || {
            let bell = Arc::default();
            let joined = join(&mut handle, &bell);
            if let Poll::Ready(Ok(output)) = &joined {
                output.alive.touch();
            }
            drop(handle);
            assert!(bell.rung() <= usize::from(joined.is_pending()));
        });
        assert!(matches!(home.run_once(runnable), Ok(LocalRun::Complete)));
        joiner.join().unwrap();
        assert_eq!((world.outputs_dropped(), world.bodies_dropped(), headers_dropped(&world)), (1, 1, 1));
    });
}
