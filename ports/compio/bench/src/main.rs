//! `compio-bench <step> <times>`: does a step of a task's life so often, for a counter of instructions. `compio-bench bytes`
//! says how many bytes a task takes, with its place in the executor.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::RefCell;
use std::env;
use std::future::{Future, pending, poll_fn};
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll, Waker};
use std::thread;

use compio_executor::{Executor, ExecutorConfig};

/// Counts what is allocated and not freed.
struct Counting;

static BYTES: AtomicUsize = AtomicUsize::new(0);

// SAFETY: the system's allocator does it all.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        BYTES.fetch_add(layout.size(), Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        BYTES.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

struct SelfWakes(usize);

impl Future for SelfWakes {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.0 == 0 {
            return Poll::Ready(());
        }
        self.0 -= 1;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

fn self_wake(executor: &Executor, times: usize) {
    executor.spawn(SelfWakes(times)).detach();
    while executor.tick() {}
}

/// A task that leaves a waker and waits.
fn waits(executor: &Executor) -> Rc<RefCell<Option<Waker>>> {
    let slot = Rc::new(RefCell::new(None));
    let left = slot.clone();
    let waits = poll_fn(move |context| {
        *left.borrow_mut() = Some(context.waker().clone());
        Poll::<()>::Pending
    });
    executor.spawn(waits).detach();
    slot
}

fn wake(executor: &Executor, times: usize) {
    let slot = waits(executor);
    executor.tick();
    for _ in 0..times {
        slot.take().unwrap().wake();
        executor.tick();
    }
}

/// Sixty-four at a time, as many as the published queue takes.
fn wake_from_another_thread(executor: &Executor, times: usize) {
    let slots: Vec<_> = (0..64).map(|_| waits(executor)).collect();
    while executor.tick() {}
    for _ in 0..times / 64 {
        let wakers: Vec<Waker> = slots.iter().map(|slot| slot.take().unwrap()).collect();
        thread::spawn(|| wakers.into_iter().for_each(Waker::wake)).join().unwrap();
        while executor.tick() {}
    }
}

fn spawn(executor: &Executor, times: usize) {
    for _ in 0..times {
        executor.spawn(async { black_box(1) }).detach();
        executor.tick();
    }
}

fn join(executor: &Executor, times: usize) {
    for _ in 0..times {
        let mut handle = pin!(executor.spawn(async { black_box(1) }));
        executor.tick();
        assert!(handle.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready());
    }
}

fn wait_and_join(executor: &Executor, times: usize) {
    for _ in 0..times {
        let mut handle = pin!(executor.spawn(async { black_box(1) }));
        assert!(handle.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        executor.tick();
        assert!(handle.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready());
    }
}

fn cancel(executor: &Executor, times: usize) {
    for _ in 0..times {
        let handle = executor.spawn(pending::<()>());
        executor.tick();
        drop(handle);
        executor.tick();
    }
}

fn bytes(executor: &Executor) {
    const TASKS: usize = 8192;
    let mut handles = Vec::with_capacity(TASKS);
    let before = BYTES.load(Relaxed);
    handles.extend((0..TASKS).map(|_| executor.spawn(pending::<()>())));
    while executor.tick() {}
    println!("{}", (BYTES.load(Relaxed) - before) / TASKS);
}

fn main() {
    let executor = Executor::with_config(ExecutorConfig::default());
    let mut arguments = env::args().skip(1);
    let (step, times) = (arguments.next().unwrap_or_default(), arguments.next());
    let times = times.map_or(0, |times| times.parse().expect("a number"));
    match step.as_str() {
        "self-wake" => self_wake(&executor, times),
        "wake" => wake(&executor, times),
        "remote-wake" => wake_from_another_thread(&executor, times),
        "spawn" => spawn(&executor, times),
        "join" => join(&executor, times),
        "wait-join" => wait_and_join(&executor, times),
        "cancel" => cancel(&executor, times),
        "bytes" => bytes(&executor),
        _ => panic!("no such step: {step}"),
    }
}
