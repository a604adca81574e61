//! A future that is linked into a list where it is pinned, and takes itself out where it is dropped: its memory must not be
//! free while it is in the list, on whatever thread its task ends.
#![cfg(all(feature = "std", unix))]

use std::alloc::{GlobalAlloc, Layout, System};
use std::env;
use std::future::Future;
use std::marker::PhantomData;
use std::os::unix::process::ExitStatusExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::process::Command;
use std::ptr;
use std::rc::Rc;
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread;

use waker_tables::{Home, LocalRunnable, Ran, Task, TaskRef};

/// Memory that was freed is written over, and not used again.
struct Poisoned;

// SAFETY: the system's allocator gives the memory, and none is given twice.
unsafe impl GlobalAlloc for Poisoned {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller has the memory no longer, and it is as large as that.
        unsafe { memory.write_bytes(0xdd, layout.size()) }
    }
}

#[global_allocator]
static ALLOCATOR: Poisoned = Poisoned;

const ALIVE: u64 = 0x0123_4567_89ab_cdef;

struct Node {
    alive: AtomicU64,
    next: AtomicPtr<Node>,
}

/// A list through the nodes, of which it owns none.
#[derive(Default)]
struct List(AtomicPtr<Node>);

impl List {
    fn link(&self, node: &Node) {
        node.next.store(self.0.load(Ordering::Relaxed), Ordering::Relaxed);
        self.0.store(ptr::from_ref(node).cast_mut(), Ordering::Relaxed);
    }

    fn unlink(&self, node: &Node) {
        let mut link = &self.0;
        while !ptr::eq(link.load(Ordering::Relaxed), node) {
            link = Self::next(link).expect("it is in the list");
        }
        link.store(node.next.load(Ordering::Relaxed), Ordering::Relaxed);
    }

    fn next(link: &AtomicPtr<Node>) -> Option<&AtomicPtr<Node>> {
        // SAFETY: null or a node; this allocator never takes one back, and its fields are good with all bits.
        let node = unsafe { link.load(Ordering::Relaxed).as_ref() }?;
        assert_eq!(node.alive.load(Ordering::Relaxed), ALIVE, "a node in the list was freed");
        Some(&node.next)
    }

    fn len(&self) -> usize {
        std::iter::successors(Self::next(&self.0), |link| Self::next(link)).count()
    }
}

static LIST: Mutex<List> = Mutex::new(List(AtomicPtr::new(ptr::null_mut())));

fn list() -> MutexGuard<'static, List> {
    LIST.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Never ready, and in the list from its first poll to its drop.
struct Waits {
    node: Node,
    linked: bool,
    here: PhantomData<Rc<()>>,
}

fn waits() -> Waits {
    let node = Node { alive: AtomicU64::new(ALIVE), next: AtomicPtr::default() };
    Waits { node, linked: false, here: PhantomData }
}

impl Future for Waits {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<()> {
        // SAFETY: it is not moved.
        let this = unsafe { self.get_unchecked_mut() };
        if !this.linked {
            this.linked = true;
            list().link(&this.node);
        }
        Poll::Pending
    }
}

impl Drop for Waits {
    fn drop(&mut self) {
        if self.linked {
            list().unlink(&self.node);
        }
    }
}

fn elsewhere(job: impl FnOnce() + Send) {
    thread::scope(|scope| scope.spawn(job).join().expect("no panic"));
}

/// A task of async-task's interface, polled once and woken.
fn local() -> (async_task::Runnable, async_task::Task<()>) {
    let (sender, queue) = channel();
    let (runnable, task) = async_task::spawn_local(waits(), move |runnable| sender.send(runnable).unwrap());
    let waker = runnable.waker();
    runnable.run();
    waker.wake();
    (queue.recv().unwrap(), task)
}

const CASES: [(&str, fn()); 4] = [
    ("dropped elsewhere", || {
        let (runnable, _task) = local();
        elsewhere(move || drop(runnable));
    }),
    ("cancelled, and dropped elsewhere", || {
        let (runnable, task) = local();
        drop(task);
        elsewhere(move || drop(runnable));
    }),
    ("cancelled, and run elsewhere", || {
        let (runnable, task) = local();
        drop(task);
        elsewhere(move || {
            runnable.run();
        });
    }),
    ("run elsewhere", || {
        let (runnable, _task) = local();
        elsewhere(move || drop(catch_unwind(AssertUnwindSafe(|| runnable.run()))));
    }),
];

#[test]
fn a_local_task_that_ends_on_another_thread_ends_the_process() {
    const CASE: &str = "PINNED_CASE";
    if let Ok(case) = env::var(CASE) {
        CASES[case.parse::<usize>().unwrap()].1();
        println!("{} nodes in the list", list().len());
        return;
    }
    for (index, (name, _)) in CASES.iter().enumerate() {
        let child = Command::new(env::current_exe().unwrap())
            .args(["a_local_task_that_ends_on_another_thread_ends_the_process", "--exact", "--nocapture"])
            .env(CASE, index.to_string())
            .output()
            .unwrap();
        assert_eq!(child.status.signal(), Some(6), "{name}: {child:?}");
    }
}

/// A task at home, polled once, and what its hook does with the runnables to come.
fn at_home(home: &Home, hook: impl Fn(LocalRunnable<&'static str>) + Send + Sync + 'static) -> TaskRef<&'static str> {
    let task = Task::new(waits(), "waits").detached().at(home).hook(move |_, runnable| hook(runnable));
    let runnable = task.spawn();
    let task = runnable.task();
    assert!(matches!(home.run(runnable), Ok(Ran::Pending)));
    task
}

/// How many nodes more are in the list after `job`. All of them are looked at.
fn left_by(job: impl FnOnce()) -> usize {
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let before = list().len();
    job();
    list().len() - before
}

fn leaves_one(end: impl FnOnce()) {
    assert_eq!(left_by(end), 1);
}

#[test]
fn what_its_home_can_no_longer_reach_stays_where_it_is() {
    // Its home is gone, and then the last waker, here or elsewhere.
    leaves_one(|| drop(at_home(&Home::new(), drop)));
    leaves_one(|| {
        let task = at_home(&Home::new(), drop);
        elsewhere(move || drop(task));
    });
    // The hook drops the runnable of a wake, of a cancel, of the last handle: here, elsewhere, or in a panic.
    leaves_one(|| {
        let home = Home::new();
        let task = at_home(&home, drop);
        elsewhere(move || task.wake());
    });
    leaves_one(|| {
        let home = Home::new();
        let task = at_home(&home, drop);
        elsewhere(|| assert!(task.cancel()));
        drop(task);
    });
    leaves_one(|| {
        let task = at_home(&Home::new(), |runnable| {
            let _runnable = runnable;
            panic!("the queue is gone");
        });
        elsewhere(move || assert!(catch_unwind(AssertUnwindSafe(|| task.wake())).is_err()));
    });
    // Another home refuses the runnable, which is dropped there.
    leaves_one(|| {
        let (sender, queue) = channel();
        let task = at_home(&Home::new(), move |runnable| sender.send(runnable).unwrap());
        Waker::from(task).wake();
        let runnable = queue.recv().unwrap();
        elsewhere(move || drop(Home::new().run(runnable)));
    });
}

#[test]
fn what_its_home_drops_is_out_of_the_list() {
    let left = left_by(|| {
        let (sender, queue) = channel();
        let home = Home::new();
        let task = at_home(&home, move |runnable| sender.send(runnable).unwrap());
        elsewhere(|| assert!(task.cancel()));
        assert!(matches!(home.run(queue.recv().unwrap()), Ok(Ran::Complete)));
        assert!(task.is_complete());
    });
    assert_eq!(left, 0);
}
