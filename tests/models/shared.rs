//! Models of shared tasks. Header, body and output are cells of loom, touched by whoever may touch them: loom reports a
//! touch that nothing orders before the end of what is touched. (The state words report that by themselves under loom.)

#[path = "shared/ends.rs"]
mod ends;
#[path = "shared/lists.rs"]
mod lists;
#[path = "shared/local.rs"]
mod local;
#[path = "shared/places.rs"]
mod places;
#[path = "shared/statics.rs"]
mod statics;
#[path = "shared/wakes.rs"]
mod wakes;

use std::future::Future;
use std::pin::Pin;
use std::ptr::{self, NonNull};
// What these count orders nothing, since loom does not know them. `Arc` too.
use std::sync::Arc;
use std::sync::atomic::AtomicUsize as Counter;
use std::task::{Context, Poll, Wake, Waker};

use loom::alloc::Track;
use loom::cell::UnsafeCell;
use loom::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

use waker_tables::{JoinError, JoinHandle, Run, Runnable, Schedule, TaskRef, spawn, spawn_detached};

/// Explores `f`, with three changes of the thread at any point, beside those at its ends; without a bound the joins take
/// minutes.
fn model(f: impl Fn() + Sync + Send + 'static) {
    let mut models = loom::model::Builder::new();
    models.preemption_bound = Some(3);
    models.check(f);
}

/// A model's scheduler, which has one task, and so room for one runnable; and what happened to the task.
struct World {
    runnable: AtomicPtr<()>,
    /// Left by wakers before they wake, relaxed: what makes it visible to the poll is the wake alone.
    message: AtomicUsize,
    /// The message that the last poll saw.
    seen: Counter,
    scheduled: Counter,
    polled: Counter,
    bodies_dropped: Counter,
    outputs_dropped: Counter,
    headers_dropped: Counter,
}

impl World {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            runnable: AtomicPtr::new(ptr::null_mut()),
            message: AtomicUsize::new(0),
            seen: Counter::new(0),
            scheduled: Counter::new(0),
            polled: Counter::new(0),
            bodies_dropped: Counter::new(0),
            outputs_dropped: Counter::new(0),
            headers_dropped: Counter::new(0),
        })
    }

    /// A task that a poll ends after `pending` others.
    fn joined(self: &Arc<Self>, pending: usize) -> (Runnable<Header>, JoinHandle<Output, Header>) {
        spawn(Body::new(self, pending), Header::new(self))
    }

    fn detached(self: &Arc<Self>, pending: usize) -> Runnable<Header> {
        spawn_detached(Body::new(self, pending), Header::new(self))
    }

    /// A task that waits for a wake, and its only handle.
    fn idle(self: &Arc<Self>) -> TaskRef<Header> {
        let runnable = self.detached(usize::MAX);
        let task = runnable.task();
        assert!(matches!(runnable.run_once(), Run::Pending));
        task
    }

    /// Leaves a message for the poll that the wake to come asks for.
    fn tell(&self) {
        self.message.fetch_add(1, Ordering::Relaxed);
    }

    fn push(&self, runnable: NonNull<()>) {
        self.scheduled.fetch_add(1, Ordering::Relaxed);
        let before = self.runnable.swap(runnable.as_ptr(), Ordering::AcqRel);
        assert!(before.is_null(), "two runnables of one task");
    }

    fn pop(&self) -> Option<Runnable<Header>> {
        let raw = NonNull::new(self.runnable.swap(ptr::null_mut(), Ordering::AcqRel))?;
        // SAFETY: `push` got it from `into_raw`, of a task with this header, and the swap gives it once.
        Some(unsafe { Runnable::from_raw(raw) })
    }

    /// Runs what is scheduled until nothing is.
    fn run_all(&self) {
        while let Some(runnable) = self.pop() {
            run(runnable);
        }
    }

    fn count(counter: &Counter) -> usize {
        counter.load(Ordering::Relaxed)
    }

    fn scheduled(&self) -> usize {
        Self::count(&self.scheduled)
    }

    fn polled(&self) -> usize {
        Self::count(&self.polled)
    }

    fn seen(&self) -> usize {
        Self::count(&self.seen)
    }

    fn outputs_dropped(&self) -> usize {
        Self::count(&self.outputs_dropped)
    }

    fn bodies_dropped(&self) -> usize {
        Self::count(&self.bodies_dropped)
    }

    /// Once every handle is gone and what was scheduled has run. (Loom finds what is not dropped, by its `Track`.)
    fn ended(&self) {
        assert!(self.pop().is_none(), "a runnable is left");
        let dropped = [&self.bodies_dropped, &self.headers_dropped].map(Self::count);
        assert_eq!(dropped, [1, 1], "body and header end once");
    }
}

/// Runs a task until it is over or waits for a wake.
fn run(mut runnable: Runnable<Header>) {
    while let Run::Woken(again) = runnable.run_once() {
        runnable = again;
    }
}

/// Something that is touched while it is alive, by whoever may.
struct Alive {
    cell: UnsafeCell<()>,
    /// Changed before each touch, relaxed. To loom a touch is part of the thread's last atomic step: one that comes after
    /// a release would be ordered by it.
    step: AtomicUsize,
    _track: Track<()>,
}

// SAFETY: what the models are about.
unsafe impl Sync for Alive {}
// SAFETY: as above.
unsafe impl Send for Alive {}

impl Alive {
    fn new() -> Self {
        Self { cell: UnsafeCell::new(()), step: AtomicUsize::new(0), _track: Track::new(()) }
    }

    fn touch(&self) {
        self.step.fetch_add(1, Ordering::Relaxed);
        self.cell.with(|_| ());
    }

    fn touch_mut(&mut self) {
        self.step.fetch_add(1, Ordering::Relaxed);
        self.cell.with_mut(|_| ());
    }
}

struct Header {
    world: Arc<World>,
    alive: Alive,
}

impl Header {
    fn new(world: &Arc<World>) -> Self {
        Self { world: world.clone(), alive: Alive::new() }
    }
}

impl Schedule for Header {
    fn schedule(&self, runnable: Runnable<Self>) {
        self.world.push(runnable.into_raw());
        // Here another thread may have run the task to its end.
        self.alive.touch();
    }
}

impl Drop for Header {
    fn drop(&mut self) {
        self.alive.touch_mut();
        self.world.headers_dropped.fetch_add(1, Ordering::Relaxed);
    }
}

struct Body {
    world: Arc<World>,
    pending: usize,
    alive: Alive,
}

impl Body {
    fn new(world: &Arc<World>, pending: usize) -> Self {
        Self { world: world.clone(), pending, alive: Alive::new() }
    }
}

impl Future for Body {
    type Output = Output;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Output> {
        self.alive.touch_mut();
        self.world.seen.store(self.world.message.load(Ordering::Relaxed), Ordering::Relaxed);
        self.world.polled.fetch_add(1, Ordering::Relaxed);
        match self.pending.checked_sub(1) {
            Some(left) => {
                self.pending = left;
                Poll::Pending
            }
            None => Poll::Ready(Output { world: self.world.clone(), alive: Alive::new() }),
        }
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        self.alive.touch_mut();
        self.world.bodies_dropped.fetch_add(1, Ordering::Relaxed);
    }
}

struct Output {
    world: Arc<World>,
    alive: Alive,
}

impl Drop for Output {
    fn drop(&mut self) {
        self.alive.touch_mut();
        self.world.outputs_dropped.fetch_add(1, Ordering::Relaxed);
    }
}

/// A joiner's waker, which counts its wakes.
#[derive(Default)]
struct Bell(Counter);

impl Bell {
    fn rung(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// Nobody has a waker of it.
    fn is_alone(self: &Arc<Self>) -> bool {
        Arc::strong_count(self) == 1
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn join<T, H>(handle: &mut JoinHandle<T, H>, bell: &Arc<Bell>) -> Poll<Result<T, JoinError>> {
    let waker = Waker::from(bell.clone());
    Pin::new(handle).poll(&mut Context::from_waker(&waker))
}
