//! A run queue that allocates nothing: its links stand in the tasks. A counting allocator watches thousands of wakes and
//! runs, from this thread and from others.

use std::alloc::{GlobalAlloc, Layout, System};
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, OnceLock};
use std::task::Poll;
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use waker_tables::{Anywhere, Linked, Queue, Ran, Runnable, Schedule, Taker, TaskRef, spawn_detached};

/// The system's allocator, which says how often it was asked, and for how much.
struct Counting;

static CALLS: AtomicUsize = AtomicUsize::new(0);
static BYTES: AtomicUsize = AtomicUsize::new(0);

// SAFETY: the system's allocator does it all.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        CALLS.fetch_add(1, Ordering::Relaxed);
        BYTES.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        CALLS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's promise, and the memory came from there.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What a task's header holds beside its link: nothing, since there is one queue.
struct OnQueue;

static QUEUE: Queue<OnQueue> = Queue::new();
static RUNNER: OnceLock<Thread> = OnceLock::new();
static DONE: AtomicUsize = AtomicUsize::new(0);
static SLEEPS: AtomicBool = AtomicBool::new(false);

impl Schedule<Anywhere, Linked<Self>> for OnQueue {
    fn schedule(&self, runnable: Runnable<Linked<Self>>) {
        // The first push since the runner looked is the one that finds it asleep, or about to be.
        if QUEUE.push(runnable).expect("nobody closes it") {
            RUNNER.get().expect("set before any task is made").unpark();
        }
    }
}

const TASKS: usize = if cfg!(miri) { 20 } else { 1_000 };
const LAPS: usize = if cfg!(miri) { 3 } else { 50 };
const THREADS: usize = 2;

type Task = TaskRef<Linked<OnQueue>>;

/// How often each task was woken, and what it saw of that when it ran last.
static WAKES: [AtomicUsize; TASKS] = [const { AtomicUsize::new(0) }; TASKS];
static SEEN: [AtomicUsize; TASKS] = [const { AtomicUsize::new(0) }; TASKS];
/// Which task ran last.
static LAST: AtomicUsize = AtomicUsize::new(0);

async fn member(number: usize) {
    poll_fn::<(), _>(|_| {
        LAST.store(number, Ordering::Relaxed);
        SEEN[number].store(WAKES[number].load(Ordering::Relaxed), Ordering::Relaxed);
        Poll::Pending
    })
    .await;
}

fn wake(number: usize, task: &Task) {
    // Seen by the run that follows the wake.
    WAKES[number].fetch_add(1, Ordering::Relaxed);
    task.wake_by_ref();
}

/// Runs what was pushed first; `false` if there is nothing.
fn run(taker: &mut Taker<'_, OnQueue>) -> bool {
    let Some(runnable) = taker.pop() else {
        return false;
    };
    runnable.run();
    true
}

fn main() {
    RUNNER.set(thread::current()).expect("set once");
    let mut taker = QUEUE.taker().expect("nobody else takes");
    let mut tasks = Vec::with_capacity(TASKS);
    let before = BYTES.load(Ordering::Relaxed);
    for number in 0..TASKS {
        let runnable = spawn_detached(member(number), Linked::new(OnQueue));
        tasks.push(runnable.task());
        runnable.schedule();
    }
    println!("{TASKS} tasks of {} bytes each", (BYTES.load(Ordering::Relaxed) - before) / TASKS);
    while run(&mut taker) {}

    let tasks: Arc<[Task]> = tasks.into();
    let barrier = Arc::new(Barrier::new(THREADS + 1));
    let threads = [(); THREADS].map(|()| {
        let (tasks, barrier) = (tasks.clone(), barrier.clone());
        thread::spawn(move || {
            barrier.wait(); // it has begun
            barrier.wait();
            while !SLEEPS.load(Ordering::Relaxed) {
                thread::yield_now(); // the first wake finds the runner asleep, or about to be
            }
            for _ in 0..LAPS {
                tasks.iter().enumerate().for_each(|(number, task)| wake(number, task));
            }
            while SEEN[0].load(Ordering::Relaxed) != WAKES[0].load(Ordering::Relaxed) {
                thread::yield_now(); // nor does it sleep over the last ones
            }
            DONE.fetch_add(1, Ordering::Release);
            RUNNER.get().expect("set above").unpark();
            barrier.wait(); // before it ends
        })
    });

    // Threads allocate where they begin and end. From here on, nobody does.
    barrier.wait();
    let calls = CALLS.load(Ordering::Relaxed);

    // From this thread: first in, first out.
    let mut runs = 0;
    for _ in 0..LAPS {
        tasks.iter().enumerate().for_each(|(number, task)| wake(number, task));
        for number in 0..TASKS {
            runs += usize::from(run(&mut taker));
            assert_eq!(LAST.load(Ordering::Relaxed), number, "they run in the order in which they were woken");
        }
    }
    assert_eq!(runs, LAPS * TASKS);

    // From others, while this one runs what there is, and sleeps where there is nothing.
    let (mut foreign_runs, mut sleeps) = (0, 0);
    barrier.wait();
    loop {
        let done = DONE.load(Ordering::Acquire) == THREADS;
        if run(&mut taker) {
            foreign_runs += 1;
        } else if done {
            break;
        } else {
            SLEEPS.store(true, Ordering::Relaxed);
            let begin = Instant::now();
            thread::park_timeout(Duration::from_secs(60));
            assert!(begin.elapsed().as_secs() < 60, "nobody wakes the runner");
            sleeps += 1;
        }
    }

    let calls = CALLS.load(Ordering::Relaxed) - calls;
    barrier.wait();
    println!("{runs} wakes from this thread: {runs} runs, in the order of the wakes");
    let wakes = THREADS * LAPS * TASKS;
    println!(
        "{wakes} wakes from {THREADS} threads, most of tasks in the queue: {foreign_runs} runs, {sleeps} sleeps"
    );
    println!("meanwhile the allocator was called {calls} times");
    assert_eq!(calls, 0);
    for (wakes, seen) in WAKES.iter().zip(&SEEN) {
        assert_eq!(wakes.load(Ordering::Relaxed), seen.load(Ordering::Relaxed), "a wake was lost");
    }

    for thread in threads {
        thread.join().expect("it does not panic");
    }
    // The last handles go: each task is put into the queue once more, to be dropped.
    drop(tasks);
    let mut dropped = 0;
    while let Some(runnable) = taker.pop() {
        dropped += usize::from(runnable.run() == Ran::Complete);
    }
    assert_eq!(dropped, TASKS);
}
