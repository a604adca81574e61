//! The raw executor: tasks are `waker_tables`' static tasks, and the run queue is its `Queue`.
//!
//! What is interrupt, platform, macro and metadata is the published crate's, around this.

use core::cell::UnsafeCell;
use core::fmt;
use core::future::Future;
use core::marker::PhantomData;
use core::sync::atomic::{AtomicBool, AtomicPtr, Ordering};
use core::task::Waker;

use embassy_executor_timer_queue::TimerQueueItem;
use waker_tables::{Anywhere, Linked, Queue, Run, Runnable, Schedule, StaticClaim, StaticRef, StaticTask, Taker};

use super::SpawnToken;
use crate::{Metadata, SpawnError};

#[cfg(any(
    feature = "_any_trace",
    feature = "scheduler-deadline",
    feature = "scheduler-priority",
    feature = "turbowakers"
))]
compile_error!("the port is of the executor's default features");

/// What stands in a task's header.
pub(crate) struct Data {
    executor: AtomicPtr<SyncExecutor>,
    timer_queue_item: UnsafeCell<TimerQueueItem>,
    metadata: Metadata,
}

// SAFETY: the timer queue's item is for the timer queue alone, which sees to who uses it. The rest is `Send` and `Sync`.
unsafe impl Sync for Data {}

pub(crate) type Header = Linked<Data>;

impl Data {
    #[inline]
    pub(crate) fn executor(&self) -> &'static SyncExecutor {
        // SAFETY: a task that was spawned has an executor, which lives for ever.
        unsafe { &*self.executor.load(Ordering::Relaxed) }
    }
}

impl Schedule<Anywhere, Header> for Data {
    #[inline]
    fn schedule(&self, runnable: Runnable<Header>) {
        self.executor().enqueue(runnable);
    }

    #[inline]
    fn woken_while_running(&self) {
        self.executor().hint();
    }

    #[inline]
    fn woken_while_free(&self) {
        self.executor().hint();
    }
}

/// A task, as its wakers know it.
#[derive(Clone, Copy, PartialEq)]
pub struct TaskRef(StaticRef<Header>);

impl TaskRef {
    pub(crate) fn header(self) -> &'static Header {
        self.0.header()
    }

    pub(crate) fn metadata(self) -> &'static Metadata {
        &self.header().metadata
    }

    /// The executor on which the task was spawned last.
    ///
    /// # Safety
    ///
    /// The executor is used on its own thread alone.
    pub unsafe fn executor(self) -> Option<&'static Executor> {
        Some(Executor::wrap(self.header().executor()))
    }

    /// The timer queue's item in the task.
    ///
    /// # Safety
    ///
    /// As for any `&mut`: for the integrated timer queue, which sees to it.
    pub unsafe fn timer_queue_item(self) -> &'static mut TimerQueueItem {
        // SAFETY: the caller's promise.
        unsafe { &mut *self.header().timer_queue_item.get() }
    }

    /// A number of the task's own.
    pub fn id(&self) -> u32 {
        id(self.header())
    }
}

impl fmt::Debug for TaskRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TaskRef").field(&core::ptr::from_ref(self.header())).finish()
    }
}

pub(crate) fn id(header: &Header) -> u32 {
    core::ptr::from_ref(header).addr() as u32
}

pub(crate) fn metadata(header: &Header) -> &Metadata {
    &header.metadata
}

/// The task behind a waker, if it is this executor's.
pub(crate) fn try_task_from_waker(waker: &Waker) -> Option<TaskRef> {
    StaticRef::from_waker(waker).map(TaskRef)
}

/// The task behind a waker.
///
/// # Panics
///
/// If the waker is not this executor's.
pub fn task_from_waker(waker: &Waker) -> TaskRef {
    try_task_from_waker(waker).expect("a waker of the embassy executor")
}

#[unsafe(no_mangle)]
extern "Rust" fn __embassy_time_queue_item_from_waker(waker: &Waker) -> &'static mut TimerQueueItem {
    // SAFETY: it is the timer queue that calls this.
    unsafe { task_from_waker(waker).timer_queue_item() }
}

#[unsafe(no_mangle)]
extern "Rust" fn __try_embassy_time_queue_item_from_waker(waker: &Waker) -> Option<&'static mut TimerQueueItem> {
    // SAFETY: as above.
    try_task_from_waker(waker).map(|task| unsafe { task.timer_queue_item() })
}

/// Wakes a task.
pub fn wake_task(task: TaskRef) {
    task.0.wake();
}

/// Memory for a task, for a `static`.
#[repr(transparent)]
pub struct TaskStorage<F: Future + 'static>(StaticTask<Header, F>);

impl<F: Future + 'static> TaskStorage<F> {
    const NEW: Self = Self::new();

    /// One that has no task.
    pub const fn new() -> Self {
        Self(StaticTask::new(Linked::new(Data {
            executor: AtomicPtr::new(core::ptr::null_mut()),
            timer_queue_item: UnsafeCell::new(TimerQueueItem::new()),
            metadata: Metadata::new(),
        })))
    }

    /// Makes a task of the future that `future` makes in place; an error if there is a task that is not over.
    pub fn spawn(&'static self, future: impl FnOnce() -> F) -> Result<SpawnToken<impl Sized>, SpawnError> {
        Ok(AvailableTask::claim(self).ok_or(SpawnError::Busy)?.initialize(future))
    }
}

/// The right to make a task.
pub struct AvailableTask<F: Future + 'static>(StaticClaim<Header, F>);

impl<F: Future + 'static> AvailableTask<F> {
    /// The right to make a task in `task`, if it has none.
    pub fn claim(task: &'static TaskStorage<F>) -> Option<Self> {
        task.0.claim().map(Self)
    }

    fn initialize_impl<S>(self, future: impl FnOnce() -> F) -> SpawnToken<S> {
        self.0.header().metadata.reset();
        // SAFETY: the token goes to an executor: on this thread, or it needs a `Send` type, which is the future's, or that of
        // an `async fn`'s arguments, which are all that it is before its first poll. The executor runs it on its own thread.
        SpawnToken::new(unsafe { self.0.spawn_unchecked(future) })
    }

    /// Makes a task of the future that `future` makes in place.
    pub fn initialize(self, future: impl FnOnce() -> F) -> SpawnToken<F> {
        self.initialize_impl(future)
    }

    /// `initialize` for an `async fn`, which may go to another thread if its arguments may.
    ///
    /// # Safety
    ///
    /// `future` calls an `async fn`, and has its arguments.
    #[doc(hidden)]
    pub unsafe fn __initialize_async_fn<FutFn>(self, future: impl FnOnce() -> F) -> SpawnToken<FutFn> {
        self.initialize_impl(future)
    }
}

/// Memory for `N` tasks.
pub struct TaskPool<F: Future + 'static, const N: usize>([TaskStorage<F>; N]);

impl<F: Future + 'static, const N: usize> TaskPool<F, N> {
    /// One that has no task.
    pub const fn new() -> Self {
        Self([TaskStorage::NEW; N])
    }

    fn spawn_impl<T>(&'static self, future: impl FnOnce() -> F) -> Result<SpawnToken<T>, SpawnError> {
        let task = self.0.iter().find_map(AvailableTask::claim).ok_or(SpawnError::Busy)?;
        Ok(task.initialize_impl(future))
    }

    /// Makes a task of the future that `future` makes in place; an error if there is no room.
    pub fn spawn(&'static self, future: impl FnOnce() -> F) -> Result<SpawnToken<impl Sized>, SpawnError> {
        self.spawn_impl::<F>(future)
    }

    /// `spawn` for an `async fn`, which may go to another thread if its arguments may.
    ///
    /// # Safety
    ///
    /// `future` calls an `async fn`, and has its arguments.
    #[doc(hidden)]
    pub unsafe fn _spawn_async_fn<FutFn>(&'static self, future: FutFn) -> Result<SpawnToken<impl Sized>, SpawnError>
    where
        FutFn: FnOnce() -> F,
    {
        self.spawn_impl::<FutFn>(future)
    }
}

/// What every thread may use of an executor.
pub(crate) struct SyncExecutor {
    queue: Queue<Data>,
    /// There was a hint since the last poll began.
    hinted: AtomicBool,
    context: *mut (),
    /// Used by `poll` alone.
    taker: UnsafeCell<Option<Taker<'static, Data>>>,
}

// SAFETY: the context is for the pender, which is called from anywhere. The taker is used by `poll` alone, one at a time.
unsafe impl Sync for SyncExecutor {}
// SAFETY: as above.
unsafe impl Send for SyncExecutor {}

impl SyncExecutor {
    #[inline]
    fn pend(&self) {
        unsafe extern "Rust" {
            fn __pender(context: *mut ());
        }
        // SAFETY: the program has one, which takes the context that it gave.
        unsafe { __pender(self.context) }
    }

    /// Queues a task, and asks for a poll if that may not see it.
    #[inline]
    fn enqueue(&self, runnable: Runnable<Header>) {
        if let Ok(true) = self.queue.push(runnable) {
            self.pend();
        }
    }

    /// Asks for a poll, unless one was asked for since the last one began.
    ///
    /// No read-modify-write: who wakes a task that runs sees that the poll which runs it has begun, and two hints at the same
    /// time ask twice.
    #[inline]
    fn hint(&self) {
        if !self.hinted.load(Ordering::Relaxed) {
            self.hinted.store(true, Ordering::Relaxed);
            self.pend();
        }
    }

    pub(super) fn spawn(&'static self, runnable: Runnable<Header>) {
        runnable.header().executor.store(core::ptr::from_ref(self).cast_mut(), Ordering::Relaxed);
        self.enqueue(runnable);
    }

    /// # Safety
    ///
    /// On the executor's own thread, and not from within.
    pub(crate) unsafe fn poll(&'static self) {
        // SAFETY: `poll` alone uses it, one at a time.
        let taker = unsafe { &mut *self.taker.get() };
        let taker = taker.get_or_insert_with(|| self.queue.taker().expect("`poll` takes it once"));
        self.hinted.store(false, Ordering::Relaxed);
        taker.batch().for_each(|runnable| {
            if let Run::Woken(runnable) = runnable.run_once() {
                // The hint has asked for a poll.
                let _ = self.queue.push(runnable);
            }
        });
    }
}

/// The executor, without what its platform is.
#[repr(transparent)]
pub struct Executor {
    pub(crate) inner: SyncExecutor,
    not_sync: PhantomData<*mut ()>,
}

impl Executor {
    pub(crate) fn wrap(inner: &SyncExecutor) -> &Self {
        // SAFETY: it is transparent; who gets it sees to the thread.
        unsafe { &*core::ptr::from_ref(inner).cast() }
    }

    /// An executor that gives `context` to the pender.
    pub fn new(context: *mut ()) -> Self {
        let (queue, taker) = (Queue::new(), UnsafeCell::new(None));
        Self { inner: SyncExecutor { queue, hinted: AtomicBool::new(false), context, taker }, not_sync: PhantomData }
    }

    pub(super) fn spawn(&'static self, runnable: Runnable<Header>) {
        self.inner.spawn(runnable);
    }

    /// Polls what is queued.
    ///
    /// # Safety
    ///
    /// Not from within.
    pub unsafe fn poll(&'static self) {
        // SAFETY: this type stays on its thread; the rest is the caller's promise.
        unsafe { self.inner.poll() }
    }

    /// What spawns tasks here.
    pub fn spawner(&'static self) -> super::Spawner {
        super::Spawner::new(self)
    }

    /// A number of the executor's own.
    pub fn id(&'static self) -> usize {
        core::ptr::from_ref(&self.inner).addr()
    }
}
