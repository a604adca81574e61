//! An executor that ends in order: every body is dropped on its thread, whatever wakers are kept elsewhere, and a wake that
//! comes later reaches nobody.

#![forbid(unsafe_code)]

use std::cell::Cell;
use std::future::poll_fn;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::thread;

use waker_tables::{AtHome, Home, JoinError, JoinHandle, Linked, LocalRunnable, Queue, Schedule, Task, TaskList};

/// What every task's header holds.
struct On(Arc<Shared>);

struct Shared {
    queue: Queue<On, AtHome>,
    thread: thread::Thread,
    /// How often the hook was called.
    hooks: AtomicUsize,
}

impl Schedule<AtHome, Linked<Self>> for On {
    fn schedule(&self, runnable: LocalRunnable<Linked<Self>>) {
        self.0.hooks.fetch_add(1, Ordering::Relaxed);
        // Once the queue is closed no body is alive any more, so that no runnable is dropped here: its body would leak.
        if let Ok(true) = self.0.queue.push(runnable) {
            self.0.thread.unpark();
        }
    }
}

struct Executor {
    home: Home,
    shared: Arc<Shared>,
    tasks: Arc<TaskList<Linked<On>>>,
}

impl Executor {
    fn new() -> Self {
        let shared = Shared { queue: Queue::new(), thread: thread::current(), hooks: AtomicUsize::new(0) };
        Self { home: Home::new(), shared: Arc::new(shared), tasks: Arc::default() }
    }

    fn spawn<F: Future + 'static>(&self, future: F) -> JoinHandle<F::Output, Linked<On>> {
        let header = Linked::new(On(self.shared.clone()));
        let (runnable, handle) = Task::new(future, header).at(&self.home).list(self.tasks.clone()).spawn();
        runnable.schedule();
        handle
    }

    /// Runs what is in the queue now. A server would do so between two looks at its sockets.
    fn turn(&self) {
        let mut taker = self.shared.queue.taker().expect("one thread takes");
        for runnable in taker.batch() {
            self.home.run(runnable).expect("all tasks are at home here");
        }
    }

    /// Ends all tasks.
    fn shut_down(&self) {
        self.tasks.close(); // cancels them: those that wait come to the queue once more
        while !self.tasks.is_empty() {
            self.turn(); // drops their bodies, here
        }
    }
}

impl Drop for Executor {
    fn drop(&mut self) {
        self.shut_down();
        self.shared.queue.taker().expect("one thread takes").close();
        assert!(self.shared.queue.is_empty()); // nothing in it keeps it alive
    }
}

/// Stands in a body, and counts how many there are. It is not `Send`, so that it cannot die elsewhere.
struct Resident(Rc<Cell<usize>>);

impl Resident {
    fn new(alive: &Rc<Cell<usize>>) -> Self {
        alive.set(alive.get() + 1);
        Self(alive.clone())
    }
}

impl Drop for Resident {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

/// Waits for ever, and leaves its waker with others, as a socket or a timer would keep it.
async fn connection(_resident: Resident, wakers: Sender<Waker>) {
    poll_fn(|context| {
        wakers.send(context.waker().clone()).expect("somebody keeps it");
        Poll::<()>::Pending
    })
    .await;
}

/// Never waits, and never ends by itself.
async fn busy(_resident: Resident) {
    loop {
        let mut gave = false;
        poll_fn(|context| {
            if std::mem::replace(&mut gave, true) {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }
}

fn main() {
    let executor = Executor::new();
    let alive = Rc::new(Cell::new(0));
    let (sender, wakers): (_, Receiver<Waker>) = mpsc::channel();

    let connections: Vec<_> =
        (0..1_000).map(|_| executor.spawn(connection(Resident::new(&alive), sender.clone()))).collect();
    drop(executor.spawn(busy(Resident::new(&alive))));
    // Wakes from elsewhere go on all the while, under a lock that no destructor may meet.
    let kept = Arc::new(Mutex::new(Vec::new()));
    executor.turn();
    kept.lock().expect("no panic under it").extend(wakers.try_iter());
    let waking = thread::spawn({
        let kept = kept.clone();
        move || (0..100).for_each(|_| kept.lock().expect("no panic under it").iter().for_each(Waker::wake_by_ref))
    });
    executor.turn();
    println!("{} tasks are alive, with {} bodies", executor.tasks.len(), alive.get());

    executor.shut_down();
    println!("after the shutdown: {} tasks, {} bodies", executor.tasks.len(), alive.get());
    assert_eq!((executor.tasks.len(), alive.get()), (0, 0));
    for mut connection in connections {
        assert_eq!(connection.try_take(), Some(Err(JoinError::Cancelled)));
    }
    waking.join().expect("it does not panic");

    // Late wakes find tasks that are over.
    let hooks = executor.shared.hooks.load(Ordering::Relaxed);
    kept.lock().expect("no panic under it").drain(..).for_each(Waker::wake);
    assert_eq!(executor.shared.hooks.load(Ordering::Relaxed), hooks);
    println!("1000 late wakes called no hook");

    // Nor does a task begin: it is cancelled when it is made.
    let mut late = executor.spawn(async { unreachable!("nobody polls it") });
    executor.turn();
    assert_eq!(late.try_take(), Some(Err(JoinError::Cancelled)));
    println!("a late task was cancelled when it was made");
    let shared = Arc::downgrade(&executor.shared);
    drop((executor, late));
    println!("what is left of the executor: {} references", shared.strong_count());
}
