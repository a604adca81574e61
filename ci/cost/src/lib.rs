//! One function for each hot path. `ci/cost.sh` reads their machine code, and counts what they execute.

pub mod set;
pub mod shared;
pub mod statics;

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Poll, Wake, Waker};

use futures_task::ArcWake;
use rustc_hash::FxHashMap;
use waker_tables::{
    CachedEntry, Entry, KeyRef, LookupError, NewTaskError, OwnedTask, RegisteredTask, TaskVTable, UnsafeWakeablePtr,
    VTableKey, VTableRegistry, VersionReq, WakeableTask, WakerRef, waker_vtable,
};

pub struct Job(AtomicUsize);

impl Job {
    #[expect(clippy::new_without_default, reason = "a target for a counter")]
    pub const fn new() -> Self {
        Self(AtomicUsize::new(0))
    }

    fn woken(&self) {
        self.0.store(1, Ordering::Relaxed);
    }
}

fn ready(id: usize) {
    black_box(id);
}

waker_vtable! {
    static JOB: Arc<Job> => Job::woken;
    static FIXED: &'static Job => Job::woken;
    static ID: usize => ready;
}

#[unsafe(no_mangle)]
pub fn cost_fixed(target: &'static Job) -> Waker {
    FIXED.waker(target)
}

#[unsafe(no_mangle)]
pub fn cost_make(job: Arc<Job>) -> Waker {
    JOB.waker(job)
}

#[unsafe(no_mangle)]
pub fn cost_borrow(job: &Arc<Job>) -> WakerRef<'_> {
    JOB.waker_ref(job)
}

#[unsafe(no_mangle)]
pub fn cost_get(waker: &Waker) -> Option<&Job> {
    JOB.get(waker)
}

#[unsafe(no_mangle)]
pub fn cost_get_pointer(waker: &Waker) -> Option<Arc<Job>> {
    JOB.get_pointer(waker)
}

#[unsafe(no_mangle)]
pub fn cost_into_pointer(waker: Waker) -> Result<Arc<Job>, Waker> {
    JOB.into_pointer(waker)
}

#[unsafe(no_mangle)]
pub fn cost_id(waker: &Waker) -> Option<usize> {
    ID.id(waker)
}

#[unsafe(no_mangle)]
pub fn cost_id_waker(id: usize) -> Waker {
    ID.waker(id)
}

#[unsafe(no_mangle)]
pub fn cost_own(task: Box<Count>) -> OwnedTask {
    OwnedTask::new(task)
}

#[unsafe(no_mangle)]
pub fn cost_poll(task: &mut OwnedTask) -> Poll<()> {
    task.poll()
}

#[unsafe(no_mangle)]
pub fn cost_poll_registered(task: &mut RegisteredTask) -> Poll<()> {
    task.poll()
}

/// # Safety
///
/// The pair is of a live task.
#[unsafe(no_mangle)]
pub unsafe fn cost_poll_pair(task: &mut UnsafeWakeablePtr) -> Poll<()> {
    // SAFETY: the caller's promise.
    unsafe { task.poll() }
}

#[unsafe(no_mangle)]
pub fn cost_task_wake(task: &OwnedTask) {
    task.wake();
}

#[unsafe(no_mangle)]
pub fn cost_task_drop(task: OwnedTask) {
    drop(task);
}

#[unsafe(no_mangle)]
pub fn cost_task_drop_registered(task: RegisteredTask) {
    drop(task);
}

#[unsafe(no_mangle)]
pub fn cost_look_up(registry: &VTableRegistry, key: KeyRef<'_>) -> Option<&'static TaskVTable> {
    registry.get_ref(key)
}

#[unsafe(no_mangle)]
pub fn cost_resolve<'r>(
    registry: &'r VTableRegistry,
    segment: &str,
    kind: &str,
    wanted: &VersionReq,
) -> Result<Entry<'r>, LookupError> {
    registry.resolve(segment, kind, wanted)
}

/// What users without this crate take, where nothing is shared.
#[inline(never)]
pub fn cost_fx(
    map: &FxHashMap<KeyRef<'static>, &'static TaskVTable>,
    key: KeyRef<'static>,
) -> Option<&'static TaskVTable> {
    map.get(&key).copied()
}

static CACHED: CachedEntry = CachedEntry::new(VTableKey::new("cost", "count", 1));

#[unsafe(no_mangle)]
pub fn cost_cached() -> Option<Entry<'static>> {
    CACHED.get()
}

#[unsafe(no_mangle)]
pub fn cost_entry_task(entry: Entry<'static>, task: Box<Count>) -> Result<RegisteredTask, NewTaskError<Count>> {
    entry.task(task)
}

/// What users without tables take.
pub trait Boxed {
    fn poll(&mut self) -> Poll<()>;
}

impl Boxed for Count {
    fn poll(&mut self) -> Poll<()> {
        WakeableTask::poll(self)
    }
}

#[inline(never)]
pub fn cost_make_box() -> Box<Count> {
    Box::new(black_box(Count::new()))
}

#[inline(never)]
pub fn cost_make_dyn() -> Box<dyn Boxed> {
    Box::new(black_box(Count::new()))
}

#[inline(never)]
pub fn cost_make_owned() -> OwnedTask {
    OwnedTask::new(Box::new(black_box(Count::new())))
}

/// Panics on the way that an error would take.
#[inline(never)]
pub fn cost_make_entered(entry: Entry<'static>) -> RegisteredTask {
    match entry.task(Box::new(black_box(Count::new()))) {
        Ok(task) => task,
        Err(error) => panic!("{error}"),
    }
}

pub struct Count(u32);

impl Count {
    #[expect(clippy::new_without_default, reason = "a task for a counter")]
    pub const fn new() -> Self {
        Self(0)
    }
}

impl WakeableTask for Count {
    fn poll(&mut self) -> Poll<()> {
        self.0 += 1;
        Poll::Pending
    }
}

// What the same costs elsewhere, to be counted beside it.

impl Wake for Job {
    fn wake(self: Arc<Self>) {
        self.woken();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.woken();
    }
}

impl ArcWake for Job {
    fn wake_by_ref(this: &Arc<Self>) {
        this.woken();
    }
}

#[unsafe(no_mangle)]
pub fn std_make(job: Arc<Job>) -> Waker {
    Waker::from(job)
}

#[unsafe(no_mangle)]
pub fn futures_make(job: Arc<Job>) -> Waker {
    futures_task::waker(job)
}

#[unsafe(no_mangle)]
pub fn futures_borrow(job: &Arc<Job>) -> futures_task::WakerRef<'_> {
    futures_task::waker_ref(job)
}

pub trait Task {
    fn poll(&mut self) -> Poll<()>;
}

impl Task for Count {
    fn poll(&mut self) -> Poll<()> {
        WakeableTask::poll(self)
    }
}

#[unsafe(no_mangle)]
pub fn box_own(task: Box<Count>) -> Box<dyn Task> {
    task
}

#[unsafe(no_mangle)]
pub fn box_poll(task: &mut Box<dyn Task>) -> Poll<()> {
    Task::poll(&mut **task)
}

#[unsafe(no_mangle)]
pub fn box_drop(task: Box<dyn Task>) {
    drop(task);
}
