//! `lightproc-bench <step> <times>`: does a step of a process's life so often, for a counter of instructions.
//! `lightproc-bench bytes` says how many bytes a process takes.

use std::alloc::{GlobalAlloc, Layout, System};
use std::collections::VecDeque;
use std::env;
use std::future::{Future, pending, poll_fn};
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use lightproc::prelude::{LightProc, ProcHandle, ProcStack};

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

type Queue = Arc<Mutex<VecDeque<LightProc>>>;

fn spawn<F>(queue: &Queue, stack: &ProcStack, future: F) -> ProcHandle<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    let to = queue.clone();
    let schedule = move |process| to.lock().unwrap().push_back(process);
    let (process, handle) = LightProc::build(future, schedule, stack.clone());
    process.schedule();
    handle
}

fn run_all(queue: &Queue) {
    loop {
        let Some(process) = queue.lock().unwrap().pop_front() else { return };
        process.run();
    }
}

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

fn wake(queue: &Queue, stack: &ProcStack, times: usize) {
    let slot = Arc::new(Mutex::new(None::<Waker>));
    let left = slot.clone();
    let waits = poll_fn(move |context| {
        *left.lock().unwrap() = Some(context.waker().clone());
        Poll::<()>::Pending
    });
    let _handle = spawn(queue, stack, waits);
    run_all(queue);
    for _ in 0..times {
        slot.lock().unwrap().take().unwrap().wake();
        run_all(queue);
    }
}

fn main() {
    let queue = Queue::default();
    let stack = ProcStack::default();
    let context = &mut Context::from_waker(Waker::noop());
    let mut arguments = env::args().skip(1);
    let (step, times) = (arguments.next().unwrap_or_default(), arguments.next());
    let times = times.map_or(0, |times| times.parse().expect("a number"));
    match step.as_str() {
        "self-wake" => {
            let _handle = spawn(&queue, &stack, SelfWakes(times));
            run_all(&queue);
        }
        "wake" => wake(&queue, &stack, times),
        "spawn" => (0..times).for_each(|_| {
            drop(spawn(&queue, &stack, async { black_box(1) }));
            run_all(&queue);
        }),
        "join" => (0..times).for_each(|_| {
            let mut handle = pin!(spawn(&queue, &stack, async { black_box(1) }));
            run_all(&queue);
            assert!(handle.as_mut().poll(context).is_ready());
        }),
        "wait-join" => (0..times).for_each(|_| {
            let mut handle = pin!(spawn(&queue, &stack, async { black_box(1) }));
            assert!(handle.as_mut().poll(context).is_pending());
            run_all(&queue);
            assert!(handle.as_mut().poll(context).is_ready());
        }),
        "cancel" => (0..times).for_each(|_| {
            let handle = spawn(&queue, &stack, pending::<()>());
            handle.cancel();
            run_all(&queue);
        }),
        "bytes" => {
            let before = BYTES.load(Relaxed);
            let schedule = |_| unreachable!("it is not woken");
            let process = LightProc::build(async { black_box(1_u64) }, schedule, stack);
            println!("{}", BYTES.load(Relaxed) - before);
            drop(process);
        }
        _ => panic!("no such step: {step}"),
    }
}
