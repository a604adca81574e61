//! The hot paths of shared tasks, and the same loops over async-task.

use std::cell::Cell;
use std::future::Future;
use std::hint::black_box;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use waker_tables::{JoinError, JoinHandle, Run, Runnable, Schedule, Task, TaskList, TaskRef, spawn, spawn_detached};

/// Ready after so many polls, each of which wakes its task.
pub struct Steps(pub u32);

impl Future for Steps {
    type Output = u32;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<u32> {
        if self.0 == 0 {
            return Poll::Ready(1);
        }
        self.0 -= 1;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

/// Never ready.
pub struct Never;

impl Future for Never {
    type Output = u32;

    #[inline]
    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<u32> {
        Poll::Pending
    }
}

thread_local! {
    static OWN: Cell<Option<Runnable<Slot>>> = const { Cell::new(None) };
    static THEIRS: Cell<Option<async_task::Runnable>> = const { Cell::new(None) };
}

/// Header data of eight bytes, whose hook keeps the one runnable that there is.
pub struct Slot(pub usize);

impl Schedule for Slot {
    #[inline]
    fn schedule(&self, runnable: Runnable<Self>) {
        black_box(self.0);
        OWN.set(Some(runnable));
    }
}

fn hook() -> impl Fn(async_task::Runnable) + Send + Sync + 'static {
    let slot = black_box(8_usize);
    move |runnable| {
        black_box(slot);
        THEIRS.set(Some(runnable));
    }
}

#[must_use]
pub fn taken() -> Runnable<Slot> {
    OWN.take().expect("it was scheduled")
}

#[must_use]
pub fn taken_of_async_task() -> async_task::Runnable {
    THEIRS.take().expect("it was scheduled")
}

#[unsafe(no_mangle)]
pub fn cost_spawn(steps: Steps) -> (Runnable<Slot>, JoinHandle<u32, Slot>) {
    spawn(steps, Slot(8))
}

#[unsafe(no_mangle)]
pub fn cost_spawn_detached(steps: Steps) -> Runnable<Slot> {
    spawn_detached(steps, Slot(8))
}

#[unsafe(no_mangle)]
pub fn cost_run(runnable: Runnable<Slot>) -> Run<Slot> {
    runnable.run_once()
}

#[unsafe(no_mangle)]
pub fn cost_join(handle: &mut JoinHandle<u32, Slot>, context: &mut Context<'_>) -> Poll<Result<u32, JoinError>> {
    Pin::new(handle).poll(context)
}

#[unsafe(no_mangle)]
pub fn cost_from_waker(waker: &Waker) -> Option<TaskRef<Slot>> {
    TaskRef::from_waker(waker)
}

#[unsafe(no_mangle)]
pub fn cost_header_behind(waker: &Waker) -> Option<&Slot> {
    TaskRef::header_behind(waker)
}

/// Runs `runnable` to its end.
fn run_to_end(mut runnable: Runnable<Slot>) {
    while let Run::Woken(again) = runnable.run_once() {
        runnable = black_box(again);
    }
}

fn run_to_end_of_async_task(mut runnable: async_task::Runnable) {
    while runnable.run() {
        runnable = black_box(taken_of_async_task());
    }
}

/// A detached task that wakes itself `steps` times.
pub fn finish(steps: u32) {
    run_to_end(black_box(spawn_detached(Steps(steps), Slot(8))));
}

pub fn finish_of_async_task(steps: u32) {
    let (runnable, task) = async_task::spawn(Steps(steps), hook());
    task.detach();
    run_to_end_of_async_task(black_box(runnable));
}

/// The same, on a list.
pub fn finish_listed(steps: u32) {
    static LIST: TaskList<Slot> = TaskList::new();
    run_to_end(black_box(Task::new(Steps(steps), Slot(8)).detached().list(&LIST).spawn()));
}

/// Two on a list at a time, so that neither comes and goes alone.
pub fn finish_two_listed(steps: u32) {
    static LIST: TaskList<Slot> = TaskList::new();
    let spawn = || black_box(Task::new(Steps(steps), Slot(8)).detached().list(&LIST).spawn());
    let two = [spawn(), spawn()];
    two.into_iter().for_each(run_to_end);
}

/// Two on none.
pub fn finish_two(steps: u32) {
    let two = [(); 2].map(|()| black_box(spawn_detached(Steps(steps), Slot(8))));
    two.into_iter().for_each(run_to_end);
}

/// The same, joined.
pub fn join(steps: u32) {
    let (runnable, mut handle) = spawn(Steps(steps), Slot(8));
    run_to_end(black_box(runnable));
    let mut context = Context::from_waker(Waker::noop());
    assert!(Pin::new(&mut handle).poll(&mut context).is_ready());
}

pub fn join_of_async_task(steps: u32) {
    let (runnable, mut task) = async_task::spawn(Steps(steps), hook());
    run_to_end_of_async_task(black_box(runnable));
    let mut context = Context::from_waker(Waker::noop());
    assert!(Pin::new(&mut task).poll(&mut context).is_ready());
}

/// A waker of a task that is idle.
#[must_use]
pub fn idle() -> Waker {
    let (runnable, handle) = spawn(Never, Slot(8));
    let waker = runnable.task().to_waker();
    runnable.run();
    drop(handle);
    waker
}

#[must_use]
pub fn idle_of_async_task() -> Waker {
    let (runnable, task) = async_task::spawn(Never, hook());
    let waker = runnable.waker();
    runnable.run();
    task.detach();
    waker
}

/// Wakes an idle task and runs it.
pub fn wake_and_run(waker: &Waker) {
    waker.wake_by_ref();
    taken().run();
}

pub fn wake_and_run_of_async_task(waker: &Waker) {
    waker.wake_by_ref();
    taken_of_async_task().run();
}
