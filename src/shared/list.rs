//! All living tasks of a scheduler.

use core::fmt;
use core::marker::PhantomData;
use core::ptr;

use super::header::{self, Ptr};
use super::task_ref::TaskRef;
use crate::sync::turn::Turn;
use crate::sync::{self, AtomicPtr, Ordering, const_fn};

/// All living tasks of a scheduler with the header data `H`: to show them, to count them, to end them.
///
/// A task is put on a list where it is made ([`Task::list`](crate::Task::list)), and is on it until its body is gone. The
/// list keeps no task alive: one that nobody can wake any more ends as ever. It is a `static`, or in an `Arc` that its
/// tasks hold.
///
/// Costs, in constant time: two locked instructions to put a task on it, two to take it off; one and one if it is the only
/// one that came that way: without a turn, while no other one that did so is alive. Four words in the task. A task on a list
/// never takes the ways of an only holder, which need no locked instruction. Without `std` the lock is a flag that is spun
/// on: do not spawn, run or walk in an interrupt handler then, nor drop a runnable. Wakes do not take it, unless their hook
/// drops the runnable: as one does whose queue is closed.
///
/// # Shutting down
///
/// [`close`](Self::close), then run what is in the queue until the list is empty: then every body is gone, dropped where
/// it would have run, whatever wakers are kept; and a late wake finds a task that is over, and calls no hook. A destructor
/// may panic: catch it in each turn of that loop, as [`run_catching`](crate::Runnable::run_catching) does, or the rest stays.
///
/// # Examples
///
/// ```
/// use std::sync::mpsc;
/// use waker_tables::{Runnable, Schedule, Task, TaskList};
///
/// struct ToQueue(mpsc::Sender<Runnable<Self>>);
///
/// impl Schedule for ToQueue {
///     fn schedule(&self, runnable: Runnable<Self>) {
///         let _ = self.0.send(runnable);
///     }
/// }
///
/// static TASKS: TaskList<ToQueue> = TaskList::new();
///
/// let (sender, queue) = mpsc::channel();
/// let forever = std::future::pending::<()>();
/// let (runnable, _handle) = Task::new(forever, ToQueue(sender)).list(&TASKS).spawn();
/// runnable.run();
/// assert_eq!(TASKS.len(), 1);
///
/// TASKS.close();
/// for runnable in queue.try_iter() {
///     runnable.run();
/// }
/// assert!(TASKS.is_empty());
/// ```
///
/// # Invariants
///
/// 1. `first` and the links of all nodes in the list are used by the holder of the turn alone. A node is in the list or in the
///    door from `enter` to `leave`, and alive and in place meanwhile; so is the list while a node is in it.
/// 2. Nobody uses a node in the door, until it is taken out: by its own `leave`, or into the list by a walk that has the turn.
/// 3. A node with a task stands in that task's own memory, and leaves before the task's end is published.
pub struct TaskList<H: 'static> {
    /// Null; or a task that came while it was null, without a turn; or `CLOSED`, for good.
    door: AtomicPtr<Node>,
    /// How many tasks are in the list, and the turn of it.
    len: Turn<usize>,
    first: Link,
    header: PhantomData<fn(H) -> H>,
}

/// No node's address is odd.
const CLOSED: *mut Node = ptr::without_provenance_mut(1);

// SAFETY: invariant 1: `first` and the nodes are reached by one at a time, from any thread.
unsafe impl<H: 'static> Send for TaskList<H> {}
// SAFETY: as above.
unsafe impl<H: 'static> Sync for TaskList<H> {}

/// The way to the next node; null: there is none.
type Link = sync::Cell<*const Node>;

/// The place of a task in a list, or that of a walk.
#[allow(missing_debug_implementations, unnameable_types, reason = "public in the eyes of a sealed trait alone")]
pub struct Node {
    /// None: it is a walk's.
    task: Option<Ptr>,
    next: Link,
    /// The link that leads here.
    from: sync::Cell<*const Link>,
}

impl Node {
    pub(super) fn new(task: Option<Ptr>) -> Self {
        Self { task, next: sync::Cell::new(ptr::null()), from: sync::Cell::new(ptr::null()) }
    }

    /// Puts it where `from` leads.
    ///
    /// # Safety
    ///
    /// It is in no list, alive, and stays so and in place until it is taken out. `from` is a link of a list whose turn is the
    /// caller's.
    unsafe fn insert(&self, from: &Link) {
        // SAFETY: the caller's turn.
        let next = unsafe { replace(from, self) };
        // SAFETY: it is in the list now.
        unsafe { replace(&self.next, next) };
        // SAFETY: as above.
        unsafe { replace(&self.from, from) };
        // SAFETY: null, or a node in the list, which is alive.
        if let Some(next) = unsafe { next.as_ref() } {
            // SAFETY: the caller's turn.
            unsafe { replace(&next.from, &raw const self.next) };
        }
    }

    /// Takes it out.
    ///
    /// # Safety
    ///
    /// It is in a list whose turn is the caller's.
    unsafe fn remove(&self) {
        // SAFETY: the caller's turn.
        let next = unsafe { read(&self.next) };
        // SAFETY: as above.
        let from = unsafe { read(&self.from) };
        // SAFETY: a link of the list, or of a node in it, which is alive.
        let link = unsafe { &*from };
        // SAFETY: the caller's turn.
        unsafe { replace(link, next) };
        // SAFETY: null, or a node in the list, which is alive.
        if let Some(next) = unsafe { next.as_ref() } {
            // SAFETY: the caller's turn.
            unsafe { replace(&next.from, from) };
        }
    }
}

/// # Safety
///
/// The cell is that of a list whose turn is the caller's, or of a node in it.
unsafe fn replace<T>(cell: &sync::Cell<T>, value: T) -> T {
    // SAFETY: the caller's promise.
    cell.with_mut(|cell| unsafe { cell.replace(value) })
}

/// # Safety
///
/// As for [`replace`].
unsafe fn read<T: Copy>(cell: &sync::Cell<T>) -> T {
    // SAFETY: the caller's promise.
    cell.with_mut(|cell| unsafe { *cell })
}

impl<H: 'static> TaskList<H> {
    const_fn! {
        /// An empty list.
        #[must_use]
        pub fn new() -> Self {
            let (door, first) = (AtomicPtr::new(ptr::null_mut()), sync::Cell::new(ptr::null()));
            Self { door, len: Turn::new(0), first, header: PhantomData }
        }
    }

    /// How many tasks are alive.
    #[must_use]
    pub fn len(&self) -> usize {
        let len = self.len.take();
        let door = self.door.load(Ordering::Acquire);
        *len + usize::from(!door.is_null() && door != CLOSED)
    }

    /// Whether no task is alive.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether [`close`](Self::close) was called.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.door.load(Ordering::Relaxed) == CLOSED
    }

    /// Calls `each` with each task that was alive when the walk began and still is, in no order to rely on.
    ///
    /// It may spawn, wake, cancel, keep handles and walk: the list is not locked meanwhile. Costs: four locked
    /// instructions a task.
    pub fn for_each(&self, each: impl FnMut(&TaskRef<H>)) {
        self.walk(false, each);
    }

    /// Cancels all tasks, and from now on each task that is put on the list: it is spawned as ever, and its first run
    /// drops it. Each idle task's hook is called, so that draining the queue drops every body where it belongs.
    ///
    /// # Panics
    ///
    /// With what a hook panics. The list is closed then, and another call cancels those that this one has not come to.
    pub fn close(&self) {
        self.walk(true, |task| {
            task.cancel();
        });
    }

    fn walk(&self, close: bool, mut each: impl FnMut(&TaskRef<H>)) {
        let cursor = Node::new(None);
        let mut len = self.len.take();
        let door = if close || self.is_closed() { CLOSED } else { ptr::null_mut() };
        let waiting = self.door.swap(door, Ordering::Acquire);
        if !waiting.is_null() && waiting != CLOSED {
            *len += 1;
            // SAFETY: it was in the door, and so is alive.
            let waiting = unsafe { &*waiting };
            // SAFETY: it came in a spawn, as in `enter`.
            unsafe { waiting.insert(&self.first) };
        }
        // SAFETY: the cursor stands here until `walk` takes it out, also where `each` unwinds.
        unsafe { cursor.insert(&self.first) };
        drop(len);
        let walk = Walk { list: self, cursor: &cursor };
        while let Some(task) = walk.next() {
            each(&task);
        }
    }

    /// Puts a new task on the list, cancelled if that is closed.
    ///
    /// # Safety
    ///
    /// `node` is that of `task`, whose header data is an `H`, in whose memory it stands; it is taken off before the task's
    /// end is published. A count is held.
    pub(super) unsafe fn enter(&self, node: *const Node, task: Ptr) {
        if self.door.load(Ordering::Relaxed).is_null() && self.pass(ptr::null_mut(), node.cast_mut()) {
            return;
        }
        let mut len = self.len.take();
        *len += 1;
        if self.is_closed() {
            // It has a runnable, so that the hook is not to be called.
            // SAFETY: the caller's count.
            unsafe { header::state(task) }.cancel();
        }
        // SAFETY: the caller's promise.
        let node = unsafe { &*node };
        // SAFETY: as above.
        unsafe { node.insert(&self.first) };
    }

    /// Takes a task off the list.
    ///
    /// # Safety
    ///
    /// `node` was put on this list, once, and not taken off.
    pub(super) unsafe fn leave(&self, node: *const Node) {
        // No other node comes to stand at this address meanwhile.
        if ptr::eq(self.door.load(Ordering::Relaxed), node) && self.pass(node.cast_mut(), ptr::null_mut()) {
            return;
        }
        let mut len = self.len.take();
        *len -= 1;
        // SAFETY: the caller's promise.
        let node = unsafe { &*node };
        // SAFETY: as above.
        unsafe { node.remove() };
    }

    /// Puts `to` into the door, if `from` is there.
    fn pass(&self, from: *mut Node, to: *mut Node) -> bool {
        // Release: who finds a task there sees it whole; who finds none sees what the one before did.
        self.door.compare_exchange(from, to, Ordering::Release, Ordering::Relaxed).is_ok()
    }
}

/// A walk under way, whose cursor is in the list.
struct Walk<'a, H: 'static> {
    list: &'a TaskList<H>,
    cursor: &'a Node,
}

impl<H: 'static> Walk<'_, H> {
    /// The next task that somebody has a handle of; the walk adds its own.
    fn next(&self) -> Option<TaskRef<H>> {
        let turn = self.list.len.take();
        loop {
            // SAFETY: the turn is taken.
            let next = unsafe { read(&self.cursor.next) };
            // SAFETY: null, or a node in the list, which is alive.
            let node = unsafe { next.as_ref() }?;
            // SAFETY: the cursor is in the list,
            unsafe { self.cursor.remove() };
            // SAFETY: and in none now.
            unsafe { self.cursor.insert(&node.next) };
            let Some(task) = node.task else { continue };
            // SAFETY: the turn is taken, and the task leaves the list before it can be freed. The word is all atomic.
            if unsafe { header::state(task) }.retain_if_held() {
                // A subscriber hears of the handle.
                drop(turn);
                // SAFETY: the count was just added; tasks of this list have an `H` as their header data.
                return Some(unsafe { TaskRef::from_ptr(task) });
            }
        }
    }
}

impl<H: 'static> Drop for Walk<'_, H> {
    fn drop(&mut self) {
        let _turn = self.list.len.take();
        // SAFETY: the cursor is in the list.
        unsafe { self.cursor.remove() };
    }
}

impl<H: 'static> Default for TaskList<H> {
    fn default() -> Self {
        Self::new()
    }
}

impl<H: 'static> fmt::Debug for TaskList<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskList").field("len", &self.len()).field("closed", &self.is_closed()).finish()
    }
}
