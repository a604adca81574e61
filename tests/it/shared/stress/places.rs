//! Static tasks under stress: places whose tasks come and go, while old wakers stay.

use std::future::Future;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::process::abort;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use waker_tables::{
    Anywhere, AtHome, Home, Kind, Linked, Queue, Run, Runnable, Schedule, StaticClaim, StaticRef, StaticTask, TaskRef,
};

use super::THREADS;
use super::model::{Random, World};

/// The header of a place, and what its tasks do.
pub struct Spot<K: Kind> {
    /// Whose queue has its runnables.
    thread: AtomicUsize,
    /// A lock, since a wake of a free place changes nothing that the next task's poll would see.
    asked: Mutex<Asked>,
    /// The asks that the last poll saw when it began.
    seen: AtomicUsize,
    occupied: AtomicBool,
    polling: AtomicBool,
    cancelled: AtomicBool,
    kind: PhantomData<fn(K)>,
}

struct Asked {
    /// Wakes, counted before they are done.
    asks: usize,
    /// The place's waker, if a task was polled there.
    waker: Option<Waker>,
}

type Place<K> = StaticTask<Linked<Spot<K>>, [usize; 8], K>;

impl<K: Kind> Spot<K> {
    const fn place() -> Place<K> {
        StaticTask::new(Linked::new(Self {
            thread: AtomicUsize::new(0),
            asked: Mutex::new(Asked { asks: 0, waker: None }),
            seen: AtomicUsize::new(0),
            occupied: AtomicBool::new(false),
            polling: AtomicBool::new(false),
            cancelled: AtomicBool::new(false),
            kind: PhantomData,
        }))
    }

    /// Counts a wake that the caller is about to do, with this waker.
    fn ask(&self) -> Option<Waker> {
        let mut asked = self.asked.lock().unwrap();
        asked.asks += 1;
        asked.waker.clone()
    }
}

fn check(world: &World, good: bool, what: &str) {
    if !good {
        world.wrong.lock().unwrap().push(format!("a place: {what}"));
    }
}

impl<K: Where> Schedule<K, Linked<Self>> for Spot<K> {
    fn schedule(&self, runnable: Runnable<Linked<Self>, K>) {
        assert!(K::queue(self.thread.load(Relaxed)).push(runnable).is_ok(), "it is open");
    }
}

/// A kind, with its places and queues.
pub trait Where: Kind + 'static {
    type Body: Future<Output = ()> + 'static;
    fn places() -> &'static [Place<Self>];
    fn queue(thread: usize) -> &'static Queue<Spot<Self>, Self>;
    fn spawn(
        claim: StaticClaim<Linked<Spot<Self>>, [usize; 8], Self>,
        home: &Home,
        body: impl FnOnce() -> Body<Self>,
    ) -> Runnable<Linked<Spot<Self>>, Self>;
    fn run(home: &Home, runnable: Runnable<Linked<Spot<Self>>, Self>) -> Run<Linked<Spot<Self>>, Self>;
}

impl Where for Anywhere {
    type Body = Body<Self>;

    fn places() -> &'static [Place<Self>] {
        static PLACES: [Place<Anywhere>; 6] = [const { Spot::place() }; 6];
        &PLACES
    }

    fn queue(_: usize) -> &'static Queue<Spot<Self>> {
        static QUEUE: Queue<Spot<Anywhere>> = Queue::new();
        &QUEUE
    }

    fn spawn(
        claim: StaticClaim<Linked<Spot<Self>>, [usize; 8]>,
        _: &Home,
        body: impl FnOnce() -> Body<Self>,
    ) -> Runnable<Linked<Spot<Self>>> {
        claim.spawn(body)
    }

    fn run(_: &Home, runnable: Runnable<Linked<Spot<Self>>>) -> Run<Linked<Spot<Self>>> {
        runnable.run_once()
    }
}

impl Where for AtHome {
    type Body = Local;

    fn places() -> &'static [Place<Self>] {
        static PLACES: [Place<AtHome>; 6] = [const { Spot::place() }; 6];
        &PLACES
    }

    fn queue(thread: usize) -> &'static Queue<Spot<Self>, Self> {
        static QUEUES: [Queue<Spot<AtHome>, AtHome>; THREADS] = [const { Queue::new() }; THREADS];
        &QUEUES[thread]
    }

    fn spawn(
        claim: StaticClaim<Linked<Spot<Self>>, [usize; 8], Self>,
        home: &Home,
        body: impl FnOnce() -> Body<Self>,
    ) -> Runnable<Linked<Spot<Self>>, Self> {
        claim.spawn_at(home, || Local(body(), PhantomData))
    }

    fn run(home: &Home, runnable: Runnable<Linked<Spot<Self>>, Self>) -> Run<Linked<Spot<Self>>, Self> {
        home.run_once(runnable).unwrap_or_else(|_| abort())
    }
}

/// A body that does what chance wants.
pub struct Body<K: Kind + 'static> {
    spot: &'static Spot<K>,
    world: Arc<World>,
    random: Random,
}

impl<K: Kind> Body<K> {
    fn new(spot: &'static Spot<K>, world: &Arc<World>, random: &mut Random) -> Self {
        check(world, !spot.occupied.swap(true, Relaxed), "two bodies");
        Self { spot, world: world.clone(), random: random.fork() }
    }
}

impl<K: Kind> Future for Body<K> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let (spot, calm) = (self.spot, self.world.calm.load(Relaxed));
        check(&self.world, !spot.polling.swap(true, Relaxed), "two polls at once");
        self.world.polls.fetch_add(1, Relaxed);
        {
            let mut asked = spot.asked.lock().unwrap();
            spot.seen.store(asked.asks, Relaxed);
            asked.waker = Some(context.waker().clone());
        }
        if !calm && self.random.one_in(4) {
            spot.ask();
            context.waker().wake_by_ref();
        }
        spot.polling.store(false, Relaxed);
        if !calm && self.random.one_in(64) {
            resume_unwind(Box::new("by chance"));
        }
        if self.world.over.load(Relaxed) || (!calm && self.random.one_in(8)) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }
}

impl<K: Kind> Drop for Body<K> {
    fn drop(&mut self) {
        check(&self.world, !self.spot.polling.load(Relaxed), "the body ends in a poll");
        check(&self.world, self.spot.occupied.swap(false, Relaxed), "the body ends twice");
    }
}

/// A body that is not `Send`.
pub struct Local(Body<AtHome>, PhantomData<Rc<()>>);

impl Future for Local {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.0).poll(context)
    }
}

/// What one thread has of the places of one kind.
pub struct Places<K: Where> {
    thread: usize,
    tasks: Vec<TaskRef<Linked<Spot<K>>>>,
    pub spawned: usize,
}

impl<K: Where> Places<K> {
    pub const fn new(thread: usize) -> Self {
        Self { thread, tasks: Vec::new(), spawned: 0 }
    }

    pub fn step(&mut self, world: &Arc<World>, home: &Home, random: &mut Random) {
        let place = &K::places()[random.below(K::places().len())];
        match random.below(8) {
            0 | 1 => self.spawn(place, world, home, random),
            2..=4 => {
                self.run_one(home, random);
            }
            5 | 6 => Self::wake(place.header(), random),
            _ => self.handle(random),
        }
    }

    fn spawn(&mut self, place: &'static Place<K>, world: &Arc<World>, home: &Home, random: &mut Random) {
        let Some(claim) = place.claim() else { return };
        if random.one_in(8) {
            return drop(claim);
        }
        let spot = &**claim.header();
        spot.thread.store(self.thread, Relaxed);
        spot.cancelled.store(false, Relaxed);
        let runnable = K::spawn(claim, home, || Body::new(spot, world, random));
        self.spawned += 1;
        if random.one_in(4) && self.tasks.len() < 2 {
            self.tasks.push(runnable.task());
        }
        runnable.schedule();
    }

    /// Runs one, or drops it, or another thread's.
    fn run_one(&mut self, home: &Home, random: &mut Random) {
        let thread = if random.one_in(64) { random.below(THREADS) } else { self.thread };
        let Some(runnable) = K::queue(thread).taker().and_then(|mut taker| taker.pop()) else { return };
        // Elsewhere it leaves the body to the wake that brings it home, for which there must be a waker.
        let known = runnable.header().asked.lock().unwrap().waker.is_some();
        if known && (thread != self.thread || random.one_in(64)) {
            runnable.header().cancelled.store(true, Relaxed);
            return drop(runnable);
        }
        if thread != self.thread {
            return runnable.schedule();
        }
        Self::run(home, runnable);
    }

    fn run(home: &Home, runnable: Runnable<Linked<Spot<K>>, K>) {
        if let Ok(Run::Woken(again)) = catch_unwind(AssertUnwindSafe(|| K::run(home, runnable))) {
            again.schedule();
        }
    }

    /// Wakes whoever stands there, if anybody ever did.
    fn wake(spot: &Spot<K>, random: &mut Random) {
        let Some(waker) = spot.ask() else { return };
        match random.below(3) {
            0 => waker.wake(),
            1 => waker.wake_by_ref(),
            _ => StaticRef::<Linked<Spot<K>>>::from_waker(&waker).expect("a place's").wake(),
        }
    }

    fn handle(&mut self, random: &mut Random) {
        let Some(task) = self.tasks.pop() else { return };
        match random.below(4) {
            0 => {
                task.header().cancelled.store(true, Relaxed);
                task.cancel();
            }
            1 => {
                task.header().ask();
                task.wake();
            }
            2 => self.tasks.push(task),
            _ => {}
        }
    }

    /// Runs what is scheduled; the answer is how many there were.
    pub fn run_all(&mut self, home: &Home) -> usize {
        let next = || K::queue(self.thread).taker().and_then(|mut taker| taker.pop());
        std::iter::from_fn(next).map(|runnable| Self::run(home, runnable)).count()
    }

    /// Once nothing runs: no wake was lost.
    pub fn check(world: &World) {
        for place in K::places() {
            let spot = place.header();
            let asks = spot.asked.lock().unwrap().asks;
            let seen = asks == spot.seen.load(Relaxed) || spot.cancelled.load(Relaxed);
            check(world, !spot.occupied.load(Relaxed) || seen, "a wake is lost");
        }
    }

    /// Gives up handles, and wakes all, so that they end.
    pub fn end(&mut self, random: &mut Random) {
        self.tasks.clear();
        for place in K::places() {
            Self::wake(place.header(), random);
        }
    }

    /// All is over.
    pub fn check_free(world: &World) {
        for place in K::places() {
            check(world, place.is_free() && !place.header().occupied.load(Relaxed), "it is not free");
        }
    }
}
