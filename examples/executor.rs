//! An executor on one thread: `spawn`, `block_on`, a run queue without locks that allocates nothing, wakes from any
//! thread, and a thread that sleeps while there is nothing to run.

#![forbid(unsafe_code)]

use std::future::poll_fn;
use std::mem;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use waker_tables::{Anywhere, JoinHandle, Linked, Queue, Runnable, Schedule, spawn, waker_vtable};

struct Executor {
    thread: Thread,
    queue: Queue<On>,
    /// Whether to poll the future of `block_on`, which is no task: it may borrow.
    main: AtomicBool,
    runs: AtomicUsize,
    sleeps: AtomicUsize,
}

/// What the header of each task holds: its executor.
struct On(Arc<Executor>);

impl Schedule<Anywhere, Linked<Self>> for On {
    fn schedule(&self, runnable: Runnable<Linked<Self>>) {
        // The first push since the executor looked is the one that finds it asleep, or about to be.
        if self.0.queue.push(runnable).expect("nobody closes it") {
            self.0.thread.unpark();
        }
    }
}

waker_vtable! { static MAIN: Arc<Executor> => Executor::wake_main; }

impl Executor {
    /// For the thread that calls this.
    fn new() -> Arc<Self> {
        let (main, runs, sleeps) = (AtomicBool::new(true), AtomicUsize::new(0), AtomicUsize::new(0));
        Arc::new(Self { thread: thread::current(), queue: Queue::new(), main, runs, sleeps })
    }

    fn wake_main(&self) {
        self.main.store(true, Ordering::Release);
        self.thread.unpark();
    }

    fn spawn<F>(self: &Arc<Self>, future: F) -> JoinHandle<F::Output, Linked<On>>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        let (runnable, handle) = spawn(future, Linked::new(On(self.clone())));
        runnable.schedule();
        handle
    }

    /// Runs tasks until `future` is ready. Those that are left stay in the queue for the next call.
    fn block_on<F: Future>(self: &Arc<Self>, future: F) -> F::Output {
        let mut taker = self.queue.taker().expect("no block_on inside a block_on");
        let (mut future, waker) = (pin!(future), MAIN.waker_ref(self));
        self.main.store(true, Ordering::Relaxed);
        loop {
            if self.main.swap(false, Ordering::Acquire) {
                if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                    return output;
                }
            }
            if let Some(runnable) = taker.pop() {
                self.runs.fetch_add(1, Ordering::Relaxed);
                runnable.run(); // behind all others again, if it was woken meanwhile
            } else if !self.main.load(Ordering::Acquire) {
                // Who pushes from here on leaves a token, with which this returns at once.
                let begin = Instant::now();
                thread::park_timeout(Duration::from_secs(60));
                assert!(begin.elapsed().as_secs() < 60, "nobody wakes; where that may be, one parks for good");
                self.sleeps.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

/// The result of `work`, done by a thread of its own, which wakes the task that awaits it.
async fn on_a_thread(work: impl FnOnce() -> usize + Send + 'static) -> usize {
    let waker = poll_fn(|context| Poll::Ready(context.waker().clone())).await;
    let thread = thread::spawn(move || (work(), waker.wake()).0); // works, wakes, and has the result
    let mut done = false;
    poll_fn(|_| if mem::replace(&mut done, true) { Poll::Ready(()) } else { Poll::Pending }).await;
    thread.join().expect("it does not panic")
}

const PARTS: usize = 8;

fn primes(part: usize) -> usize {
    let range = part * 100_000 / PARTS..(part + 1) * 100_000 / PARTS;
    range.filter(|&n| n > 1 && (2..n).take_while(|d| d * d <= n).all(|d| n % d != 0)).count()
}

fn main() {
    let executor = Executor::new();
    let sum = executor.block_on(async {
        let tasks: Vec<_> = (0..PARTS).map(|part| executor.spawn(on_a_thread(move || primes(part)))).collect();
        let mut sum = 0;
        for task in tasks {
            sum += task.await.expect("neither cancelled nor panicked");
        }
        sum
    });
    println!("{sum} primes below 100000");
    assert_eq!(sum, 9592);
    let [runs, sleeps] = [&executor.runs, &executor.sleeps].map(|number| number.load(Ordering::Relaxed));
    println!("{PARTS} tasks ran {runs} times; the thread slept {sleeps} times");
    assert_eq!(runs, 2 * PARTS, "each ran when it was made, and when it was woken");
    assert_eq!(Arc::strong_count(&executor), 1, "every task is gone");
}
