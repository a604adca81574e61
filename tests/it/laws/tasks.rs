//! Wakers of shared tasks. The target is the header, which lives as long as a handle or waker does; or the body, which
//! ends with its owner.

use std::cell::Cell;
use std::collections::VecDeque;
use std::future::{pending, poll_fn};
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

use waker_laws::Probe;
use waker_laws::waker::{WakerSubject, judge};
use waker_tables::{
    AtHome, Home, JoinHandle, LocalRunnable, Run, Runnable, Schedule, StaticRef, StaticTask, Task, TaskMemory,
    TaskRef, spawn, spawn_detached,
};

use super::{all_hold_but, lock, plan};

/// A waker of `task`, by turns in each way that there is.
fn waker_of<H: 'static>(task: &TaskRef<H>, way: &Cell<usize>) -> Waker {
    let waker = match way.replace((way.get() + 1) % 4) {
        0 => task.waker_ref().clone(),
        1 => task.to_waker(),
        2 => Waker::from(task.clone()),
        _ => TaskRef::<H>::from_waker(&task.waker_ref()).expect("its own").into(),
    };
    assert!(TaskRef::<H>::from_waker(&waker).is_some_and(|found| found.ptr_eq(task)));
    waker
}

/// A header with a probe. Its hook runs the task in place, and then tells of the wake: with the task idle, so that each
/// wake comes to the hook.
struct InPlace(Probe);

impl Schedule for InPlace {
    fn schedule(&self, runnable: Runnable<Self>) {
        let mut ran = runnable.run_once();
        while let Run::Woken(runnable) = ran {
            ran = runnable.run_once();
        }
        if matches!(ran, Run::Pending) {
            self.0.woken();
        }
    }
}

/// Headers of tasks that wait for ever: made by a function.
struct Headers<T>(fn(InPlace) -> T, PhantomData<fn() -> T>);

/// The first handle of a task.
trait First: 'static {
    fn task(&self) -> TaskRef<InPlace>;
}

impl First for JoinHandle<(), InPlace> {
    fn task(&self) -> TaskRef<InPlace> {
        JoinHandle::task(self)
    }
}

impl First for TaskRef<InPlace> {
    fn task(&self) -> TaskRef<InPlace> {
        self.clone()
    }
}

impl<T: First> WakerSubject for Headers<T> {
    type Target = (T, Cell<usize>);

    fn target(&self, probe: Probe) -> Self::Target {
        ((self.0)(InPlace(probe)), Cell::new(0))
    }

    fn waker(&self, (first, way): &Self::Target) -> Waker {
        waker_of(&first.task(), way)
    }

    /// Two that come at once, of which one finds the task running.
    fn merges(&self) -> bool {
        true
    }
}

fn started<T>((runnable, handle): (Runnable<InPlace>, T)) -> T {
    // With the handle there, so that it is not lost.
    assert!(matches!(runnable.run_once(), Run::Pending));
    handle
}

#[test]
fn of_a_header_beside_a_join_handle() {
    let make = |header| started(spawn(pending::<()>(), header));
    all_hold_but(&[], &judge(Headers(make, PhantomData), &plan()));
}

#[test]
fn of_a_detached_tasks_header() {
    let make = |header| {
        let runnable = spawn_detached(pending::<()>(), header);
        let task = runnable.task();
        started((runnable, task))
    };
    all_hold_but(&[], &judge(Headers(make, PhantomData), &plan()));
}

/// Places that are free again when the last waker is gone.
#[test]
fn of_a_header_in_memory_of_ones_own() {
    static PLACES: [TaskMemory<128, 8>; 4] = [const { TaskMemory::new() }; 4];
    let make = |header| {
        let claim = PLACES.iter().find_map(TaskMemory::claim).expect("two targets at once, and their wakers");
        started(Task::new(pending::<()>(), header).spawn_in(claim))
    };
    all_hold_but(&[], &judge(Headers(make, PhantomData), &plan()));
    assert!(PLACES.iter().all(TaskMemory::is_free));
}

type Boxed = Pin<Box<dyn Future<Output = ()> + Send>>;
/// The waker that a body was polled with.
type Kept = Arc<Mutex<Option<Waker>>>;

/// Keeps the waker of its first poll outside, tells of each later poll as of a wake, and is never ready.
fn body(probe: Probe, kept: &Kept) -> Boxed {
    let (kept, mut first) = (kept.clone(), true);
    Box::pin(poll_fn(move |context| {
        if std::mem::replace(&mut first, false) {
            *lock(&kept) = Some(context.waker().clone());
        } else {
            probe.woken();
        }
        Poll::Pending
    }))
}

/// A body in a task, whose drop cancels the task and runs what is left.
trait Owner: 'static {
    fn new(probe: Probe) -> Self;
    fn waker(&self) -> Waker;
    /// Runs what is scheduled.
    fn turn(&self);
}

struct Bodies<T>(PhantomData<fn() -> T>);

impl<T: Owner> WakerSubject for Bodies<T> {
    type Target = T;

    fn target(&self, probe: Probe) -> T {
        let owner = T::new(probe);
        owner.turn();
        owner
    }

    fn waker(&self, owner: &T) -> Waker {
        owner.waker()
    }

    fn settle(&self, owner: &T) {
        owner.turn();
    }

    fn merges(&self) -> bool {
        true
    }

    fn unpromised(&self, law: &str) -> Option<&'static str> {
        (law == "W4").then_some("the body ends when its owner cancels it: its wakers keep the header")
    }
}

fn bodies_are_right<T: Owner>() {
    // Wakes leave a runnable and run nothing of the body's.
    all_hold_but(&["W4", "W12", "W15", "W16"], &judge(Bodies::<T>(PhantomData), &plan()));
}

struct ToQueue(Sender<Runnable<Self>>);

impl Schedule for ToQueue {
    fn schedule(&self, runnable: Runnable<Self>) {
        drop(self.0.send(runnable));
    }
}

struct Queued {
    queue: Receiver<Runnable<ToQueue>>,
    handle: JoinHandle<(), ToQueue>,
    kept: Kept,
    way: Cell<usize>,
}

impl Owner for Queued {
    fn new(probe: Probe) -> Self {
        let ((sender, queue), kept) = (channel(), Kept::default());
        let (runnable, handle) = spawn(body(probe, &kept), ToQueue(sender));
        runnable.schedule();
        Self { queue, handle, kept, way: Cell::new(0) }
    }

    fn waker(&self) -> Waker {
        // Its own first, then those of handles.
        lock(&self.kept).take().unwrap_or_else(|| waker_of(&self.handle.task(), &self.way))
    }

    fn turn(&self) {
        for runnable in self.queue.try_iter() {
            runnable.run();
        }
    }
}

impl Drop for Queued {
    fn drop(&mut self) {
        lock(&self.kept).take();
        self.handle.cancel();
        self.turn();
    }
}

#[test]
fn of_a_body() {
    bodies_are_right::<Queued>();
}

struct Homewards(Sender<LocalRunnable<Self>>);

impl Schedule<AtHome> for Homewards {
    fn schedule(&self, runnable: LocalRunnable<Self>) {
        drop(self.0.send(runnable));
    }
}

struct QueuedAtHome {
    home: Home,
    queue: Receiver<LocalRunnable<Homewards>>,
    handle: JoinHandle<(), Homewards>,
    kept: Kept,
    way: Cell<usize>,
}

impl Owner for QueuedAtHome {
    fn new(probe: Probe) -> Self {
        let (home, (sender, queue), kept) = (Home::new(), channel(), Kept::default());
        let (runnable, handle) = home.spawn(body(probe, &kept), Homewards(sender));
        runnable.schedule();
        Self { home, queue, handle, kept, way: Cell::new(0) }
    }

    fn waker(&self) -> Waker {
        lock(&self.kept).take().unwrap_or_else(|| waker_of(&self.handle.task(), &self.way))
    }

    fn turn(&self) {
        for runnable in self.queue.try_iter() {
            assert!(self.home.run(runnable).is_ok());
        }
    }
}

impl Drop for QueuedAtHome {
    fn drop(&mut self) {
        lock(&self.kept).take();
        self.handle.cancel();
        self.turn();
    }
}

#[test]
fn of_a_body_at_home() {
    bodies_are_right::<QueuedAtHome>();
}

/// Header data of a place: the queue of its one task.
struct InStatic(Mutex<VecDeque<Runnable<Self>>>);

impl Schedule for InStatic {
    fn schedule(&self, runnable: Runnable<Self>) {
        lock(&self.0).push_back(runnable);
    }
}

/// A task in a static, whose wakers count nothing and wake whoever stands there.
struct Placed {
    task: TaskRef<InStatic>,
    place: StaticRef<InStatic>,
    first: Cell<Option<Waker>>,
}

impl Owner for Placed {
    fn new(probe: Probe) -> Self {
        static PLACES: [StaticTask<InStatic, Boxed>; 4] =
            [const { StaticTask::new(InStatic(Mutex::new(VecDeque::new()))) }; 4];
        let claim = PLACES.iter().find_map(StaticTask::claim).expect("two targets at once");
        let kept = Kept::default();
        let runnable = claim.spawn(|| body(probe, &kept));
        let task = runnable.task();
        runnable.schedule();
        turn(task.header());
        let first = lock(&kept).take().expect("polled once");
        let place = StaticRef::from_waker(&first).expect("a static task's own");
        Self { task, place, first: Cell::new(Some(first)) }
    }

    fn waker(&self) -> Waker {
        self.first.take().unwrap_or_else(|| self.place.to_waker())
    }

    fn turn(&self) {
        turn(self.task.header());
    }
}

fn turn(header: &InStatic) {
    loop {
        let runnable = lock(&header.0).pop_front();
        let Some(runnable) = runnable else { break };
        runnable.run();
    }
}

impl Drop for Placed {
    fn drop(&mut self) {
        self.task.cancel();
        self.turn();
    }
}

#[test]
fn of_a_body_in_a_static() {
    bodies_are_right::<Placed>();
}
