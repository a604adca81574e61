//! The run queues, and the threads that empty them.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crossbeam_queue::ArrayQueue;

use crate::stop::Stop;

thread_local! {
    static THREAD: Cell<Option<usize>> = const { Cell::new(None) };
}

/// The number of the worker that this thread is.
pub(super) fn this_thread() -> Option<usize> {
    THREAD.get()
}

/// One queue per thread, of tasks that wait to be run. A thread takes from its own first, then from the others'.
#[derive(Debug)]
pub(super) struct Queues<T> {
    /// Each has room for all tasks. A task stands in one queue at most, once, so a push never fails.
    of_threads: Box<[ArrayQueue<T>]>,
    /// Tasks that are not over.
    live: AtomicUsize,
    pub(super) stop: Arc<Stop>,
}

/// Stops all threads if this one unwinds: a task that panicked wakes nobody, and the others would wait for ever.
struct StopOnPanic<'a>(&'a Stop);

impl<T> Queues<T> {
    pub(super) fn new(threads: usize, tasks: usize, stop: Arc<Stop>) -> Self {
        assert!(threads > 0 && tasks > 0, "{threads} threads, {tasks} tasks");
        Self { of_threads: (0..threads).map(|_| ArrayQueue::new(tasks)).collect(), live: AtomicUsize::new(0), stop }
    }

    pub(super) fn threads(&self) -> usize {
        self.of_threads.len()
    }

    /// Puts a new task into the queue of `thread`.
    pub(super) fn launch(&self, thread: usize, task: T) {
        self.live.fetch_add(1, Ordering::SeqCst);
        self.push(thread, task);
    }

    pub(super) fn remove_live(&self) {
        if self.live.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.stop.bell.ring_all();
        }
    }

    /// Puts a woken task into the queue of `thread`, and has a sleeping thread look.
    pub(super) fn push(&self, thread: usize, task: T) {
        self.put(thread, task);
        self.stop.bell.ring();
    }

    /// Puts a task that goes on into the queue of this very `thread`, which is awake and looks there next.
    pub(super) fn push_own(&self, thread: usize, task: T) {
        self.put(thread, task);
    }

    fn put(&self, thread: usize, task: T) {
        let full = self.of_threads[thread].push(task).is_err();
        assert!(!full, "a task was put into a queue twice");
    }

    /// What a worker does until all tasks are over or everybody is to stop: it has `run` run what it takes.
    pub(super) fn work(&self, thread: usize, run: impl Fn(T, usize)) {
        let _guard = StopOnPanic(&self.stop);
        THREAD.set(Some(thread));
        while !self.over() {
            if let Some(task) = self.take(thread) {
                run(task, thread);
            } else {
                self.stop.bell.sleep_until(|| self.over() || self.any());
            }
        }
    }

    /// Whether there is anything to take.
    fn any(&self) -> bool {
        self.of_threads.iter().any(|queue| !queue.is_empty())
    }

    fn take(&self, thread: usize) -> Option<T> {
        let (before, from_own) = self.of_threads.split_at(thread);
        from_own.iter().chain(before).find_map(ArrayQueue::pop)
    }

    fn over(&self) -> bool {
        self.stop.asked() || self.live.load(Ordering::SeqCst) == 0
    }

    /// Drops what was not taken, and with it the stages. The tasks in the queues keep the queues.
    pub(super) fn clear(&self) {
        for queue in &self.of_threads {
            while queue.pop().is_some() {}
        }
    }
}

impl Drop for StopOnPanic<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.ask();
        }
    }
}
