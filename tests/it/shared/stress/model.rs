//! What the stress knows of each task, and headers, bodies and outputs that keep it.

use std::collections::VecDeque;
use std::future::Future;
use std::panic::resume_unwind;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, ThreadId};

use waker_tables::{Anywhere, Linked, LocalRunnable, Queue, Runnable, Schedule, TaskList};

use super::{Held, Task};

/// A xorshift generator.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// Another generator.
    pub fn fork(&mut self) -> Self {
        Self::new(self.next())
    }

    pub fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() >> 33).expect("31 bits") % limit
    }

    /// True once in `n` times.
    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
}

/// One task. The counts of asks, handles and cancels are changed before what they count.
#[derive(Default)]
pub struct Record {
    pub number: usize,
    pub local: bool,
    /// Wakes.
    pub asks: AtomicUsize,
    /// The asks that the last poll saw when it began.
    pub seen: AtomicUsize,
    /// Handles and wakers, the join handle among them, runnables not.
    pub handles: AtomicUsize,
    /// Cancels, and dropped runnables.
    pub cancels: AtomicUsize,
    pub polling: AtomicBool,
    pub finished: AtomicBool,
    pub panicked: AtomicBool,
    pub bodies_dropped: AtomicUsize,
    pub headers_dropped: AtomicUsize,
    pub outputs_made: AtomicUsize,
    pub outputs_dropped: AtomicUsize,
}

impl Record {
    pub fn is_freed(&self) -> bool {
        self.headers_dropped.load(Relaxed) != 0
    }
}

/// What all threads share.
#[derive(Default)]
pub struct World {
    pub ready: Mutex<VecDeque<Ready>>,
    pub linked: Queue<Link>,
    pub plain: Arc<TaskList<Plain>>,
    pub local: Arc<TaskList<Local>>,
    /// Of each thread's home.
    pub homes: Vec<Mutex<VecDeque<LocalRunnable<Local>>>>,
    /// Handles on their way from thread to thread.
    pub mail: Vec<Mutex<Vec<Held>>>,
    /// Polls neither wake nor end by chance any more.
    pub calm: AtomicBool,
    /// Static tasks end.
    pub over: AtomicBool,
    /// A list that is closed now and then, and another put in its place.
    pub ending: Mutex<Arc<TaskList<Plain>>>,
    pub polls: AtomicUsize,
    pub wrong: Mutex<Vec<String>>,
}

impl World {
    pub fn check(&self, good: bool, record: &Record, what: &str) {
        if !good {
            self.wrong.lock().unwrap().push(format!("task {}: {what}", record.number));
        }
    }

    /// Leaves `held` for whoever takes it. What was too much is dropped here, outside of the lock.
    pub fn post(&self, held: Held, random: &mut Random) {
        let mailbox = &self.mail[random.below(self.mail.len())];
        let too_much = {
            let mut mailbox = mailbox.lock().unwrap();
            mailbox.push(held);
            (mailbox.len() > 32).then(|| mailbox.swap_remove(0))
        };
        too_much.into_iter().for_each(Held::end);
    }
}

/// A runnable that any thread may run.
pub enum Ready {
    Plain(Runnable<Plain>),
    Hooked(Runnable<Hooked>),
    Linked(Runnable<Linked<Link>>),
}

/// The data of every header.
pub struct Data {
    pub world: Arc<World>,
    pub record: Arc<Record>,
    check: usize,
}

impl Data {
    pub fn new(world: &Arc<World>, record: &Arc<Record>) -> Self {
        Self { world: world.clone(), record: record.clone(), check: !record.number }
    }

    pub fn check(&self) {
        self.world.check(self.check == !self.record.number, &self.record, "another header");
        self.world.check(!self.record.is_freed(), &self.record, "a header after its end");
    }
}

impl Drop for Data {
    fn drop(&mut self) {
        self.check();
        self.record.headers_dropped.fetch_add(1, Relaxed);
    }
}

/// Of boxed tasks, and of those in slots.
pub struct Plain(pub Data);
/// Of tasks with a hook of their own.
pub struct Hooked(pub Data);
/// Of tasks at home, and the number of the home's thread.
pub struct Local(pub Data, pub usize);
/// Of tasks in the queue that allocates nothing.
pub struct Link(pub Data);

pub trait HasData: 'static {
    fn data(&self) -> &Data;
}

impl HasData for Plain {
    fn data(&self) -> &Data {
        &self.0
    }
}

impl HasData for Hooked {
    fn data(&self) -> &Data {
        &self.0
    }
}

impl HasData for Local {
    fn data(&self) -> &Data {
        &self.0
    }
}

impl HasData for Linked<Link> {
    fn data(&self) -> &Data {
        &self.0
    }
}

impl Schedule for Plain {
    fn schedule(&self, runnable: Runnable<Self>) {
        self.0.world.ready.lock().unwrap().push_back(Ready::Plain(runnable));
        self.0.check();
    }
}

impl Hooked {
    pub fn hook(&self, runnable: Runnable<Self>) {
        self.0.world.ready.lock().unwrap().push_back(Ready::Hooked(runnable));
        self.0.check();
    }
}

impl Schedule<Anywhere, Linked<Self>> for Link {
    fn schedule(&self, runnable: Runnable<Linked<Self>>) {
        self.0.world.linked.push(runnable).expect("it is open");
        self.0.check();
    }
}

impl Schedule<waker_tables::AtHome> for Local {
    fn schedule(&self, runnable: LocalRunnable<Self>) {
        self.0.world.homes[self.1].lock().unwrap().push_back(runnable);
        self.0.check();
    }
}

pub struct Output(pub Arc<Record>);

impl Drop for Output {
    fn drop(&mut self) {
        self.0.outputs_dropped.fetch_add(1, Relaxed);
    }
}

/// A body that does what chance wants, and notices what a body must not see.
pub struct Body {
    world: Arc<World>,
    record: Arc<Record>,
    random: Random,
    /// Changed by polls without any synchronisation of their own.
    polls: usize,
}

impl Body {
    pub fn new(world: &Arc<World>, record: &Arc<Record>, random: &mut Random) -> Self {
        Self { world: world.clone(), record: record.clone(), random: random.fork(), polls: 0 }
    }

    fn step(&mut self, context: &Context<'_>) -> Poll<()> {
        let record = &self.record;
        self.polls += 1;
        if self.random.one_in(4) {
            record.handles.fetch_add(1, Relaxed);
            let held = Held { record: record.clone(), task: Task::Waker(context.waker().clone()) };
            self.world.post(held, &mut self.random);
        }
        if self.world.calm.load(Relaxed) {
            return Poll::Pending;
        }
        if self.random.one_in(6) {
            record.asks.fetch_add(1, Relaxed);
            context.waker().wake_by_ref();
        }
        if self.random.one_in(64) {
            record.panicked.store(true, Relaxed);
            record.polling.store(false, Relaxed);
            resume_unwind(Box::new("by chance"));
        }
        if self.random.one_in(12) { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Future for Body {
    type Output = Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Output> {
        let (world, record) = (self.world.clone(), self.record.clone());
        world.check(!record.polling.swap(true, Relaxed), &record, "two polls at once");
        world.check(record.bodies_dropped.load(Relaxed) == 0, &record, "a poll after the end");
        world.polls.fetch_add(1, Relaxed);
        record.seen.store(record.asks.load(Relaxed), Relaxed);
        let polled = self.step(context);
        record.polling.store(false, Relaxed);
        polled.map(|()| {
            record.finished.store(true, Relaxed);
            record.outputs_made.fetch_add(1, Relaxed);
            Output(record)
        })
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        let record = &self.record;
        self.world.check(!record.polling.load(Relaxed), record, "the body ends in a poll");
        self.world.check(record.bodies_dropped.fetch_add(1, Relaxed) == 0, record, "the body ends twice");
        let over = record.finished.load(Relaxed) || record.panicked.load(Relaxed);
        let reason = over || record.cancels.load(Relaxed) > 0 || record.handles.load(Relaxed) == 0;
        self.world.check(reason, record, "the body ends without a reason");
    }
}

/// A body that is not `Send`.
pub struct AtHome {
    body: Body,
    thread: ThreadId,
    _here: Rc<()>,
}

impl AtHome {
    pub fn new(body: Body, here: &Rc<()>) -> Self {
        Self { body, thread: thread::current().id(), _here: here.clone() }
    }

    fn check(&self) {
        self.body.world.check(thread::current().id() == self.thread, &self.body.record, "a body away from home");
    }
}

impl Future for AtHome {
    type Output = Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Output> {
        self.check();
        Pin::new(&mut self.body).poll(context)
    }
}

impl Drop for AtHome {
    fn drop(&mut self) {
        self.check();
    }
}

/// A joiner's waker.
#[derive(Default)]
pub struct Bell(AtomicUsize);

impl Bell {
    pub fn rung(&self) -> bool {
        self.0.load(Relaxed) != 0
    }

    pub fn waker(self: &Arc<Self>) -> Waker {
        Waker::from(self.clone())
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Relaxed);
    }
}
