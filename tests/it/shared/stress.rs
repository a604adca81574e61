//! Threads that do by chance whatever can be done with tasks, against counts of what they did.
//!
//! Polled is only what a hook was handed. `WAKER_TABLES_STRESS_STEPS` and `WAKER_TABLES_STRESS_SEED` make another run
//! of it (`ci/long/stress.sh` does); a seed fixes what each thread does, as far as the others let it.

#[path = "stress/model.rs"]
mod model;
#[path = "stress/places.rs"]
mod places;

use std::env;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::process::abort;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Barrier, Mutex};
use std::task::{Context, Poll, Waker};
use std::thread;

use waker_tables::{
    AnyTask, Anywhere, Home, JoinError, JoinHandle, Linked, LocalRun, LocalRunnable, Run, Runnable, TaskList,
    TaskRef, TaskSlot, spawn, spawn_detached,
};

use model::*;
use places::Places;

const THREADS: usize = 4;
const KEPT: usize = 24;

const PLACES: usize = 8;

static SLOTS: [TaskSlot<Plain, Body>; PLACES] = [const { TaskSlot::new() }; PLACES];

/// A handle of a task, counted.
pub struct Held {
    record: Arc<Record>,
    task: Task,
}

pub enum Task {
    Waker(Waker),
    Plain(TaskRef<Plain>),
    Hooked(TaskRef<Hooked>),
    Local(TaskRef<Local>),
    Linked(TaskRef<Linked<Link>>),
}

macro_rules! with_task {
    ($task:expr, $handle:ident => $do:expr, waker $waker:ident => $with_waker:expr) => {
        match $task {
            Task::Waker($waker) => $with_waker,
            Task::Plain($handle) => $do,
            Task::Hooked($handle) => $do,
            Task::Local($handle) => $do,
            Task::Linked($handle) => $do,
        }
    };
}

impl Task {
    /// The handle behind `waker`, by the type of its header.
    fn behind(waker: &Waker) -> Self {
        let mut found = [
            TaskRef::from_waker(waker).map(Self::Plain),
            TaskRef::from_waker(waker).map(Self::Hooked),
            TaskRef::from_waker(waker).map(Self::Local),
            TaskRef::from_waker(waker).map(Self::Linked),
        ]
        .into_iter()
        .flatten();
        let (Some(task), None) = (found.next(), found.next()) else { panic!("a waker is of one header") };
        task
    }
}

impl Held {
    fn new(record: &Arc<Record>, task: impl FnOnce() -> Task) -> Self {
        record.handles.fetch_add(1, Relaxed);
        Self { record: record.clone(), task: task() }
    }

    fn wake_by_ref(&self) {
        self.record.asks.fetch_add(1, Relaxed);
        with_task!(&self.task, task => task.wake_by_ref(), waker waker => waker.wake_by_ref());
    }

    fn wake(self) {
        self.record.asks.fetch_add(1, Relaxed);
        self.record.handles.fetch_sub(1, Relaxed);
        with_task!(self.task, task => task.wake(), waker waker => waker.wake());
    }

    fn end(self) {
        self.record.handles.fetch_sub(1, Relaxed);
        drop(self.task);
    }

    fn copy(&self) -> Self {
        Self::new(&self.record, || match &self.task {
            Task::Waker(waker) if self.record.number % 2 == 0 => Task::behind(waker),
            Task::Waker(waker) => Task::Waker(waker.clone()),
            Task::Plain(task) => Task::Plain(task.clone()),
            Task::Hooked(task) => Task::Waker(task.to_waker()),
            Task::Local(task) => Task::Local(task.clone()),
            Task::Linked(task) => Task::Waker(task.to_waker()),
        })
    }

    fn cancel(&self) {
        self.record.cancels.fetch_add(1, Relaxed);
        match &self.task {
            Task::Waker(waker) if self.record.number % 2 == 0 => {
                AnyTask::any_from_waker(waker).expect("a task's").cancel();
            }
            Task::Waker(waker) => {
                with_task!(Task::behind(waker), task => task.cancel(), waker _waker => unreachable!());
            }
            task => {
                with_task!(task, task => task.cancel(), waker _waker => unreachable!());
            }
        }
    }

    fn check(&self) {
        match &self.task {
            Task::Waker(waker) => {
                with_task!(Task::behind(waker), task => task.header().data().check(), waker _w => ());
            }
            task => with_task!(task, task => task.header().data().check(), waker _w => ()),
        }
    }
}

/// A join handle, the record of its task, and the bell that its last pending poll left.
struct Joiner {
    record: Arc<Record>,
    handle: Join,
    bell: Option<Arc<Bell>>,
}

enum Join {
    Plain(JoinHandle<Output, Plain>),
    Hooked(JoinHandle<Output, Hooked>),
    Local(JoinHandle<Output, Local>),
    Linked(JoinHandle<Output, Linked<Link>>),
}

macro_rules! with_join {
    ($join:expr, $handle:ident => $do:expr) => {
        match $join {
            Join::Plain($handle) => $do,
            Join::Hooked($handle) => $do,
            Join::Local($handle) => $do,
            Join::Linked($handle) => $do,
        }
    };
}

impl Joiner {
    fn new(record: &Arc<Record>, handle: Join) -> Self {
        record.handles.fetch_add(1, Relaxed);
        Self { record: record.clone(), handle, bell: None }
    }

    /// Polls, with the same waker or another. Gives itself back if the task is not over.
    fn poll(mut self, world: &World, same: bool) -> Option<Self> {
        let bell = self.bell.take().filter(|_| same).unwrap_or_default();
        let waker = bell.waker();
        let context = &mut Context::from_waker(&waker);
        let Poll::Ready(joined) = with_join!(&mut self.handle, handle => Pin::new(handle).poll(context)) else {
            self.bell = Some(bell);
            return Some(self);
        };
        let record = &self.record;
        let (good, what) = match joined {
            Ok(output) => (Arc::ptr_eq(&output.0, record), "another output"),
            Err(JoinError::Panicked) => (record.panicked.load(Relaxed), "no panic"),
            Err(JoinError::Cancelled) => (record.cancels.load(Relaxed) > 0, "not cancelled"),
        };
        world.check(good, record, what);
        self.end();
        None
    }

    /// Once nothing runs.
    fn check(&self, world: &World) {
        let finished = with_join!(&self.handle, handle => handle.is_finished());
        let rung = self.bell.as_ref().is_none_or(|bell| bell.rung());
        world.check(rung == finished || self.bell.is_none(), &self.record, "the joiner is not woken");
    }

    fn end(self) {
        self.record.handles.fetch_sub(1, Relaxed);
        drop(self.handle);
    }
}

struct Worker<'w> {
    world: &'w Arc<World>,
    number: usize,
    random: Random,
    home: Home,
    here: Rc<()>,
    held: Vec<Held>,
    joiners: Vec<Joiner>,
    /// Runnables that wait in no queue.
    runnables: Vec<Ready>,
    /// Handles of local tasks whose runnable was dropped, so that it was not the last one.
    forsaken: Vec<Held>,
    records: Vec<Arc<Record>>,
    anywhere: Places<Anywhere>,
    at_home: Places<waker_tables::AtHome>,
    /// Lists that were closed.
    closed: Vec<Arc<TaskList<Plain>>>,
    spawned: usize,
}

impl<'w> Worker<'w> {
    fn new(world: &'w Arc<World>, number: usize, seed: u64) -> Self {
        Self {
            world,
            number,
            random: Random::new(seed ^ (number as u64 + 1)),
            home: Home::new(),
            here: Rc::new(()),
            held: Vec::new(),
            joiners: Vec::new(),
            runnables: Vec::new(),
            forsaken: Vec::new(),
            records: Vec::new(),
            anywhere: Places::new(number),
            at_home: Places::new(number),
            closed: Vec::new(),
            spawned: 0,
        }
    }

    fn step(&mut self) {
        match self.random.below(18) {
            16 => self.anywhere.step(self.world, &self.home, &mut self.random),
            17 => self.at_home.step(self.world, &self.home, &mut self.random),
            0 if self.held.len() < KEPT => self.spawn(),
            1..=5 => self.run_one(),
            6 => {
                let mailbox = self.random.below(self.world.mail.len());
                let taken = self.world.mail[mailbox].lock().unwrap().pop();
                self.held.extend(taken);
            }
            7 => {
                if let Some(held) = self.some() {
                    self.world.post(held.copy(), &mut self.random);
                    self.held.push(held);
                }
            }
            8 => self.some().into_iter().for_each(Held::wake),
            0 | 9 => self.some().into_iter().for_each(Held::end),
            10 => {
                if let Some(held) = self.some() {
                    if self.random.one_in(8) {
                        held.cancel();
                    }
                    held.check();
                    self.held.push(held);
                }
            }
            11 => {
                if let Some(joiner) = self.joiner() {
                    let same = self.random.one_in(2);
                    self.joiners.extend(joiner.poll(self.world, same));
                }
            }
            13 if self.random.one_in(16) => {
                let random = &mut self.random;
                if random.one_in(2) {
                    Self::walk(random, &self.world.plain);
                } else {
                    Self::walk(random, &self.world.local);
                }
            }
            12 if self.joiners.len() > KEPT || self.random.one_in(8) => {
                self.joiner().into_iter().for_each(Joiner::end);
            }
            _ => {
                if let Some(held) = self.some() {
                    held.wake_by_ref();
                    self.held.push(held);
                }
            }
        }
    }

    /// Does by chance something with each task of a list. No handle is kept: none counts these.
    fn walk<H: HasData>(random: &mut Random, list: &TaskList<H>) {
        list.for_each(|task| {
            let data = task.header().data();
            data.check();
            match random.below(32) {
                0 => {
                    data.record.cancels.fetch_add(1, Relaxed);
                    task.cancel();
                }
                1..8 => {
                    data.record.asks.fetch_add(1, Relaxed);
                    task.wake_by_ref();
                }
                _ => {}
            }
        });
    }

    fn some(&mut self) -> Option<Held> {
        let count = self.held.len();
        (count > 0).then(|| self.held.swap_remove(self.random.below(count)))
    }

    fn joiner(&mut self) -> Option<Joiner> {
        let count = self.joiners.len();
        (count > 0).then(|| self.joiners.swap_remove(self.random.below(count)))
    }

    fn spawn(&mut self) {
        self.spawned += 1;
        if self.spawned % 256 == 0 {
            self.records.retain(|record| !(record.is_freed() && Self::ended(self.world, record)));
        }
        let number = self.spawned * THREADS + self.number;
        let kind = self.random.below(9);
        let record = Arc::new(Record { number, local: kind == 6 || kind == 7, ..Record::default() });
        let data = Data::new(self.world, &record);
        let body = Body::new(self.world, &record, &mut self.random);
        match kind {
            0 => self.plain(&record, spawn_detached(body, Plain(data))),
            1 => {
                let (runnable, handle) =
                    waker_tables::Task::new(body, Plain(data)).list(self.world.plain.clone()).spawn();
                self.joiners.push(Joiner::new(&record, Join::Plain(handle)));
                self.plain(&record, runnable);
            }
            2 => {
                let task = waker_tables::Task::init(Plain(data), || body);
                let (runnable, handle) = match SLOTS.iter().find_map(TaskSlot::claim) {
                    Some(claim) => task.spawn_in(claim),
                    None => task.spawn(),
                };
                self.joiners.push(Joiner::new(&record, Join::Plain(handle)));
                self.plain(&record, runnable);
            }
            3 => {
                let (runnable, handle) = waker_tables::Task::new(body, Hooked(data)).hook(Hooked::hook).spawn();
                self.joiners.push(Joiner::new(&record, Join::Hooked(handle)));
                runnable.schedule();
            }
            4 => {
                let (runnable, handle) = spawn(body, Linked::new(Link(data)));
                self.joiners.push(Joiner::new(&record, Join::Linked(handle)));
                runnable.schedule();
            }
            5 => {
                let runnable = spawn_detached(body, Linked::new(Link(data)));
                self.held.push(Held::new(&record, || Task::Linked(runnable.task())));
                runnable.schedule();
            }
            8 => {
                // It may be cancelled at any time, also at once.
                record.cancels.fetch_add(1, Relaxed);
                let list = self.world.ending.lock().unwrap().clone();
                let runnable = waker_tables::Task::new(body, Plain(data)).detached().list(list).spawn();
                self.plain(&record, runnable);
                if self.random.one_in(32) {
                    let list = std::mem::take(&mut *self.world.ending.lock().unwrap());
                    list.close();
                    self.closed.push(list);
                }
            }
            _ => {
                let header = Local(data, self.number);
                let task = waker_tables::Task::new(AtHome::new(body, &self.here), header).at(&self.home);
                let (runnable, handle) =
                    if kind == 6 { task.spawn() } else { task.list(self.world.local.clone()).spawn() };
                self.joiners.push(Joiner::new(&record, Join::Local(handle)));
                self.held.push(Held::new(&record, || Task::Local(runnable.task())));
                runnable.schedule();
            }
        }
        self.records.push(record);
    }

    fn plain(&mut self, record: &Arc<Record>, runnable: Runnable<Plain>) {
        self.held.push(Held::new(record, || Task::Plain(runnable.task())));
        if self.random.one_in(2) { runnable.schedule() } else { self.runnables.push(Ready::Plain(runnable)) }
    }

    /// Takes a runnable from somewhere and runs it; or keeps it for later, or drops it.
    fn run_one(&mut self) {
        match self.random.below(4) {
            0 => {
                let runnable = self.world.linked.taker().and_then(|mut taker| taker.pop());
                if let Some(runnable) = runnable {
                    self.run(Ready::Linked(runnable));
                }
            }
            1 => {
                // One's own, or another's, whose home is elsewhere.
                let home = if self.random.one_in(2) { self.number } else { self.random.below(THREADS) };
                let runnable = self.world.homes[home].lock().unwrap().pop_front();
                if let Some(runnable) = runnable {
                    self.run_local(runnable);
                }
            }
            2 if !self.runnables.is_empty() => {
                let runnable = self.runnables.swap_remove(0);
                self.run(runnable);
            }
            _ => {
                let runnable = self.world.ready.lock().unwrap().pop_front();
                if let Some(runnable) = runnable {
                    if self.random.one_in(8) { self.runnables.push(runnable) } else { self.run(runnable) }
                }
            }
        }
    }

    fn run(&mut self, runnable: Ready) {
        match runnable {
            Ready::Plain(runnable) => {
                if let Some(again) = self.run_once(runnable) {
                    self.runnables.push(Ready::Plain(again));
                }
            }
            Ready::Hooked(runnable) => {
                if let Some(again) = self.run_once(runnable) {
                    self.world.ready.lock().unwrap().push_back(Ready::Hooked(again));
                }
            }
            Ready::Linked(runnable) => {
                if let Some(again) = self.run_once(runnable) {
                    again.schedule();
                }
            }
        }
    }

    /// Whether chance wants a runnable dropped.
    fn drops(&mut self) -> bool {
        !self.world.calm.load(Relaxed) && self.random.one_in(128)
    }

    fn run_once<H: HasData>(&mut self, runnable: Runnable<H>) -> Option<Runnable<H>> {
        if self.drops() {
            runnable.header().data().record.cancels.fetch_add(1, Relaxed);
            drop(runnable);
            return None;
        }
        // SAFETY: the word is this very runnable's.
        let runnable = unsafe { Runnable::<H>::from_raw(runnable.into_raw()) };
        match runnable.run_catching() {
            Ok(Run::Woken(again)) => Some(again),
            Ok(Run::Pending | Run::Lost | Run::Complete) | Err(_) => None,
        }
    }

    fn run_local(&mut self, runnable: LocalRunnable<Local>) {
        let record = runnable.header().data().record.clone();
        if self.drops() {
            self.forsaken.push(Held::new(&record, || Task::Local(runnable.task())));
            record.cancels.fetch_add(1, Relaxed);
            drop(runnable);
            return;
        }
        match catch_unwind(AssertUnwindSafe(|| self.home.run_once(runnable))) {
            Ok(Ok(LocalRun::Woken(again)) | Err(again)) => again.schedule(),
            Ok(Ok(LocalRun::Pending | LocalRun::Lost | LocalRun::Complete)) | Err(_) => {}
        }
    }

    /// Runs all that is scheduled, on all threads, until nothing is.
    fn settle(&mut self, rounds: &Rounds) {
        loop {
            let mut ran = 0;
            while let Some(runnable) = self.runnables.pop() {
                self.run(runnable);
                ran += 1;
            }
            loop {
                let linked = self.world.linked.taker().and_then(|mut taker| taker.pop());
                let ready = self.world.ready.lock().unwrap().pop_front();
                let local = self.world.homes[self.number].lock().unwrap().pop_front();
                if linked.is_none() && ready.is_none() && local.is_none() {
                    break;
                }
                ran += 1;
                [linked.map(Ready::Linked), ready].into_iter().flatten().for_each(|runnable| self.run(runnable));
                if let Some(runnable) = local {
                    self.run_local(runnable);
                }
            }
            ran += self.anywhere.run_all(&self.home) + self.at_home.run_all(&self.home);
            if rounds.over(ran) {
                break;
            }
        }
    }

    /// Once nothing runs: no wake and no cancel was lost.
    fn check(&self) {
        for record in &self.records {
            let alive = record.bodies_dropped.load(Relaxed) == 0;
            let cancelled = record.cancels.load(Relaxed) > 0;
            let seen = record.seen.load(Relaxed) == record.asks.load(Relaxed);
            self.world.check(!alive || cancelled || seen, record, "a wake is lost");
            self.world.check(!alive || !cancelled || record.local, record, "a cancel is lost");
        }
        self.joiners.iter().for_each(|joiner| joiner.check(self.world));
        Places::<Anywhere>::check(self.world);
        Places::<waker_tables::AtHome>::check(self.world);
        for list in self.closed.iter().chain([&*self.world.ending.lock().unwrap()]) {
            assert!(list.is_empty() && list.is_closed(), "a task survives the end of its list");
        }
    }

    /// Whether all has come to its end, once. Asked when the header has.
    fn ended(world: &World, record: &Record) -> bool {
        let [bodies, headers, made, outputs] =
            [&record.bodies_dropped, &record.headers_dropped, &record.outputs_made, &record.outputs_dropped]
                .map(|count| count.load(Relaxed));
        // An output that was fetched may be on its way still.
        world.check(
            bodies == 1 && headers == 1 && outputs <= made && made <= 1,
            record,
            "an end too many or too few",
        );
        outputs == made
    }

    fn finish(mut self, rounds: &Rounds) -> usize {
        self.world.ending.lock().unwrap().close();
        self.settle(rounds);
        self.check();
        rounds.over(0);
        self.world.over.store(true, Relaxed);
        self.anywhere.end(&mut self.random);
        self.at_home.end(&mut self.random);
        self.joiners.drain(..).for_each(Joiner::end);
        for held in self.forsaken.drain(..) {
            held.cancel();
            held.end();
        }
        self.held.drain(..).for_each(Held::end);
        let mail = std::mem::take(&mut *self.world.mail[self.number].lock().unwrap());
        mail.into_iter().for_each(Held::end);
        self.settle(rounds);
        for record in &self.records {
            self.world.check(record.is_freed() && Self::ended(self.world, record), record, "something is left");
        }
        Places::<Anywhere>::check_free(self.world);
        Places::<waker_tables::AtHome>::check_free(self.world);
        assert_eq!(Rc::strong_count(&self.here), 1, "a body at home is left");
        self.spawned + self.anywhere.spawned + self.at_home.spawned
    }
}

/// Lets threads go on together.
struct Rounds {
    barrier: Barrier,
    ran: AtomicUsize,
}

impl Rounds {
    /// Whether none of the threads ran anything in this round. All of them ask.
    fn over(&self, ran: usize) -> bool {
        self.ran.fetch_add(ran, Relaxed);
        self.barrier.wait();
        let over = self.ran.load(Relaxed) == 0;
        if self.barrier.wait().is_leader() {
            self.ran.store(0, Relaxed);
        }
        self.barrier.wait();
        over
    }
}

/// Ends the process where a thread unwinds, since the others would wait for it.
struct Unwinds(u64);

impl Drop for Unwinds {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("seed {}", self.0);
            abort();
        }
    }
}

fn given<T: std::str::FromStr>(name: &str) -> Option<T> {
    env::var(name).ok()?.parse().ok()
}

#[test]
fn whatever_threads_do_no_wake_is_lost_no_body_runs_twice_and_nothing_is_left() {
    let short = if cfg!(miri) { 1_000 } else { 100_000 };
    let steps: usize = given("WAKER_TABLES_STRESS_STEPS").unwrap_or(short);
    let seed = given("WAKER_TABLES_STRESS_SEED").unwrap_or(20_26);
    let world = Arc::new(World {
        homes: (0..THREADS).map(|_| Mutex::default()).collect(),
        mail: (0..THREADS).map(|_| Mutex::default()).collect(),
        ..World::default()
    });
    let rounds = Rounds { barrier: Barrier::new(THREADS), ran: AtomicUsize::new(0) };
    let spawned = thread::scope(|scope| {
        let work = |number| {
            let (world, rounds) = (&world, &rounds);
            move || {
                let _unwinds = Unwinds(seed);
                let mut worker = Worker::new(world, number, seed);
                rounds.over(0);
                for _ in 0..steps / THREADS {
                    worker.step();
                }
                rounds.over(0);
                world.calm.store(true, Relaxed);
                worker.finish(rounds)
            }
        };
        let workers = (0..THREADS).map(|number| scope.spawn(work(number))).collect::<Vec<_>>();
        workers.into_iter().map(|worker| worker.join().unwrap()).sum::<usize>()
    });
    let wrong = world.wrong.lock().unwrap();
    assert!(wrong.is_empty(), "seed {seed}, {} wrong: {:#?}", wrong.len(), &wrong[..wrong.len().min(10)]);
    let free = std::iter::from_fn(|| SLOTS.iter().find_map(TaskSlot::claim)).take(PLACES + 1).collect::<Vec<_>>();
    assert_eq!(free.len(), PLACES, "seed {seed}: a slot is not free");
    assert!(world.plain.is_empty() && world.local.is_empty(), "seed {seed}: a task is on its list");
    drop(wrong);
    let polls = world.polls.load(Relaxed);
    assert_eq!(Arc::strong_count(&world), 1, "seed {seed}: a body or a header is left");
    println!("seed {seed}: {steps} steps on {THREADS} threads, {spawned} tasks, {polls} polls");
}
