//! A scheduler that writes down what happens, and bodies that do as they are told.
//!
//! What happens is a string, one letter each, in order: `s` the hook was called, `p` the body polled, `b` the body
//! dropped, `o` the output dropped, `j` the joiner woken, `f` the header dropped and with it the memory given back.

use std::any::Any;
use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::ptr::NonNull;
use std::sync::atomic::AtomicPtr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use waker_tables::*;

pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How a poll ends. One that is pending keeps its waker in the log.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Ends {
    Pending,
    /// Pending, and nobody has a waker.
    Silent,
    Ready,
    Panic,
}

type During = Box<dyn FnOnce(&Waker) + Send>;

/// What happened to one task, and what it is to do next.
pub struct Log {
    events: Mutex<String>,
    /// All that ever happened, and `m` for each output that was made.
    past: Mutex<String>,
    /// Letters at which it is to panic, each once.
    panics: Mutex<String>,
    pub queue: Mutex<VecDeque<Ticket>>,
    pub ends: Mutex<Ends>,
    during: Mutex<Option<During>>,
    pub waker: Mutex<Option<Waker>>,
}

impl Log {
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            events: Mutex::default(),
            past: Mutex::default(),
            panics: Mutex::default(),
            queue: Mutex::default(),
            ends: Mutex::new(Ends::Pending),
            during: Mutex::default(),
            waker: Mutex::default(),
        })
    }

    pub fn note(&self, event: char) {
        lock(&self.events).push(event);
        lock(&self.past).push(event);
        let mut panics = lock(&self.panics);
        let found = panics.find(event).map(|at| panics.remove(at));
        drop(panics);
        assert!(found.is_none(), "told to panic at `{event}`");
    }

    /// What happened since the last call.
    pub fn events(&self) -> String {
        std::mem::take(&mut lock(&self.events))
    }

    /// The same, and it is kept for later.
    pub fn events_so_far(&self) -> String {
        lock(&self.past).clone()
    }

    /// How often that happened.
    pub fn count(&self, event: char) -> usize {
        lock(&self.past).matches(event).count()
    }

    pub fn panic_at(&self, events: &str) {
        lock(&self.panics).push_str(events);
    }

    /// What the next poll does first.
    pub fn during(&self, act: impl FnOnce(&Waker) + Send + 'static) {
        *lock(&self.during) = Some(Box::new(act));
    }

    pub fn pop(&self) -> Option<Ticket> {
        lock(&self.queue).pop_front()
    }

    pub fn take_waker(&self) -> Waker {
        lock(&self.waker).take().expect("the body kept one")
    }

    fn push(&self, ticket: Ticket) {
        lock(&self.queue).push_back(ticket);
        self.note('s');
    }
}

/// Queues what it gets.
pub struct Header(pub Arc<Log>);

impl Schedule for Header {
    fn schedule(&self, runnable: Runnable<Self>) {
        self.0.push(Ticket::Any(runnable));
    }
}

impl Schedule<AtHome> for Header {
    fn schedule(&self, runnable: LocalRunnable<Self>) {
        self.0.push(Ticket::Local(runnable));
    }
}

impl Drop for Header {
    fn drop(&mut self) {
        self.0.note('f');
    }
}

impl fmt::Debug for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Header")
    }
}

pub struct Output(pub Arc<Log>);

impl Drop for Output {
    fn drop(&mut self) {
        self.0.note('o');
    }
}

pub struct Body(pub Arc<Log>);

impl Future for Body {
    type Output = Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Output> {
        let log = &self.0;
        log.note('p');
        let during = lock(&log.during).take();
        if let Some(during) = during {
            during(context.waker());
        }
        let ends = *lock(&log.ends);
        match ends {
            Ends::Pending => {
                let waker = context.waker().clone();
                drop(lock(&log.waker).replace(waker));
                Poll::Pending
            }
            Ends::Silent => Poll::Pending,
            Ends::Ready => {
                lock(&log.past).push('m');
                Poll::Ready(Output(log.clone()))
            }
            Ends::Panic => panic!("told to"),
        }
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        self.0.note('b');
    }
}

/// The joiner's waker.
pub struct Joiner(pub Arc<Log>);

impl Wake for Joiner {
    fn wake(self: Arc<Self>) {
        self.0.note('j');
    }
}

/// A runnable of either kind.
#[derive(Debug)]
pub enum Ticket {
    Any(Runnable<Header>),
    Local(LocalRunnable<Header>),
}

#[derive(Debug)]
pub enum TicketRun {
    Pending,
    Woken(Ticket),
    Lost,
    Complete,
}

impl TicketRun {
    pub fn is_complete(&self) -> bool {
        matches!(self, Self::Complete)
    }
}

impl Ticket {
    pub fn run(self, home: &Home) -> TicketRun {
        match self {
            Self::Any(runnable) => match runnable.run_once() {
                Run::Pending => TicketRun::Pending,
                Run::Woken(runnable) => TicketRun::Woken(Self::Any(runnable)),
                Run::Lost => TicketRun::Lost,
                Run::Complete => TicketRun::Complete,
            },
            Self::Local(runnable) => match home.run_once(runnable).expect("it is at home here") {
                LocalRun::Pending => TicketRun::Pending,
                LocalRun::Woken(runnable) => TicketRun::Woken(Self::Local(runnable)),
                LocalRun::Lost => TicketRun::Lost,
                LocalRun::Complete => TicketRun::Complete,
            },
        }
    }

    pub fn task(&self) -> TaskRef<Header> {
        match self {
            Self::Any(runnable) => runnable.task(),
            Self::Local(runnable) => runnable.task(),
        }
    }

    pub fn schedule(self) {
        match self {
            Self::Any(runnable) => runnable.schedule(),
            Self::Local(runnable) => runnable.schedule(),
        }
    }

    /// The same, whose task may leak: its address stays known, so that no checker takes it for forgotten.
    pub fn that_may_leak(self) -> Self {
        match self {
            Self::Any(runnable) => {
                let word = known(runnable.into_raw());
                // SAFETY: the word is the one of the line above.
                Self::Any(unsafe { Runnable::from_raw(word) })
            }
            Self::Local(runnable) => Self::Local(that_may_leak_local(runnable)),
        }
    }
}

/// The same for a runnable with other header data.
pub fn that_may_leak_local<H: 'static>(runnable: LocalRunnable<H>) -> LocalRunnable<H> {
    let word = known(runnable.into_raw());
    // SAFETY: the word is the one of the line above.
    unsafe { LocalRunnable::from_raw(word) }
}

fn known(word: NonNull<()>) -> NonNull<()> {
    static KNOWN: Mutex<Vec<AtomicPtr<()>>> = Mutex::new(Vec::new());
    lock(&KNOWN).push(AtomicPtr::new(word.as_ptr()));
    word
}

/// Keeps `handle` for ever, as forgetting it does; but a checker of leaks can see it.
pub fn forget(handle: impl Any + Send) {
    static FORGOTTEN: Mutex<Vec<Box<dyn Any + Send>>> = Mutex::new(Vec::new());
    lock(&FORGOTTEN).push(Box::new(handle));
}

/// In which memory, with which hook, how made, on a list or not, and where at home.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TaskKind {
    Boxed,
    Hooked,
    Made,
    Listed,
    Slot,
    Memory,
    Pooled,
    Local,
    LocalHooked,
    LocalListed,
    LocalSlot,
    LocalMemory,
}

impl TaskKind {
    pub fn is_local(self) -> bool {
        matches!(self, Self::Local | Self::LocalHooked | Self::LocalListed | Self::LocalSlot | Self::LocalMemory)
    }
}

/// Every kind of task, and whether it has a join handle.
pub const KINDS: [(TaskKind, bool); 18] = [
    (TaskKind::Boxed, true),
    (TaskKind::Boxed, false),
    (TaskKind::Hooked, true),
    (TaskKind::Hooked, false),
    (TaskKind::Made, true),
    (TaskKind::Listed, true),
    (TaskKind::Listed, false),
    (TaskKind::Slot, true),
    (TaskKind::Slot, false),
    (TaskKind::Memory, true),
    (TaskKind::Memory, false),
    (TaskKind::Pooled, false),
    (TaskKind::Local, true),
    (TaskKind::Local, false),
    (TaskKind::LocalHooked, true),
    (TaskKind::LocalListed, true),
    (TaskKind::LocalSlot, true),
    (TaskKind::LocalMemory, true),
];

type Slot = TaskSlot<Header, Body>;
type Memory = TaskMemory<256, 16>;
type Pool = [Memory; 2];

enum Place {
    Heap,
    Slot(&'static Slot),
    Memory(&'static Memory),
    Pool(&'static Pool),
}

impl Place {
    fn is_free(&self) -> Option<bool> {
        match self {
            Self::Heap => None,
            Self::Slot(slot) => Some(slot.is_free()),
            Self::Memory(memory) => Some(memory.is_free()),
            Self::Pool(pool) => {
                let claims = [(); 2].map(|()| pool.iter().find_map(Memory::claim));
                Some(claims.iter().all(Option::is_some))
            }
        }
    }
}

/// A `T` that lives for ever and is known to a static.
fn everlasting<T: Send + Sync + 'static>(value: T) -> &'static T {
    static ALL: Mutex<Vec<&'static (dyn Any + Send + Sync)>> = Mutex::new(Vec::new());
    let value: &'static T = Box::leak(Box::new(value));
    lock(&ALL).push(value);
    value
}

/// A task, and what the test holds of it.
pub struct World {
    pub log: Arc<Log>,
    pub ticket: Mutex<Option<Ticket>>,
    pub handle: Mutex<Option<JoinHandle<Output, Header>>>,
    /// A handle beside all others.
    pub spare: Mutex<Option<TaskRef<Header>>>,
    kind: TaskKind,
    place: Place,
    list: Arc<TaskList<Header>>,
}

impl World {
    /// A task that is scheduled, at home in `home` if it is local.
    pub fn new(kind: TaskKind, joined: bool, home: &Home) -> Arc<Self> {
        let log = Log::new();
        let (body, header) = (Body(log.clone()), Header(log.clone()));
        let mut place = Place::Heap;
        let list = Arc::<TaskList<Header>>::default();
        let by_hook = |header: &Header, runnable| header.0.push(Ticket::Any(runnable));
        let at_home = |header: &Header, runnable| header.0.push(Ticket::Local(runnable));
        let (ticket, handle) = match (kind, joined) {
            (TaskKind::Boxed, true) => any(spawn(body, header)),
            (TaskKind::Boxed, false) => any_detached(spawn_detached(body, header)),
            (TaskKind::Hooked, true) => any(Task::new(body, header).hook(by_hook).spawn()),
            (TaskKind::Hooked, false) => any_detached(Task::new(body, header).detached().hook(by_hook).spawn()),
            (TaskKind::Made, _) => any(Task::init(header, || body).spawn()),
            (TaskKind::Listed, true) => any(Task::new(body, header).list(list.clone()).spawn()),
            (TaskKind::Listed, false) => any_detached(Task::new(body, header).list(list.clone()).detached().spawn()),
            (TaskKind::Slot | TaskKind::LocalSlot, _) => {
                let slot = everlasting(Slot::new());
                place = Place::Slot(slot);
                in_place(slot.claim(), kind, joined, home, body, header)
            }
            (TaskKind::Memory | TaskKind::LocalMemory, _) => {
                let memory = everlasting(Memory::new());
                place = Place::Memory(memory);
                in_place(memory.claim(), kind, joined, home, body, header)
            }
            (TaskKind::Pooled, _) => {
                let pool = everlasting([const { Memory::new() }; 2]);
                place = Place::Pool(pool);
                in_place(pool.iter().find_map(Memory::claim), kind, joined, home, body, header)
            }
            (TaskKind::Local, true) => local(home.spawn(body, header)),
            (TaskKind::Local, false) => (Ticket::Local(home.spawn_detached(body, header)), None),
            (TaskKind::LocalHooked, _) => local(Task::new(body, header).at(home).hook(at_home).spawn()),
            (TaskKind::LocalListed, _) => local(Task::new(body, header).at(home).list(list.clone()).spawn()),
        };
        Arc::new(Self {
            log,
            ticket: Mutex::new(Some(ticket)),
            handle: Mutex::new(handle),
            spare: Mutex::default(),
            kind,
            place,
            list,
        })
    }

    /// Takes the runnable that is at hand, or in the queue.
    pub fn ticket(&self) -> Option<Ticket> {
        let at_hand = lock(&self.ticket).take();
        at_hand.or_else(|| self.log.pop())
    }

    pub fn handle(&self) -> Option<JoinHandle<Output, Header>> {
        lock(&self.handle).take()
    }

    /// Runs the runnable; its poll ends as told. The answer is `P`ending, `W`oken, `L`ost, `C`omplete, or `!` for a panic.
    pub fn run(&self, ends: Ends, home: &Home) -> char {
        *lock(&self.log.ends) = ends;
        let ticket = self.ticket().expect("a runnable");
        match catch_unwind(AssertUnwindSafe(|| ticket.run(home))) {
            Ok(TicketRun::Pending) => 'P',
            Ok(TicketRun::Woken(again)) => {
                *lock(&self.ticket) = Some(again);
                'W'
            }
            Ok(TicketRun::Lost) => 'L',
            Ok(TicketRun::Complete) => 'C',
            Err(_) => '!',
        }
    }

    /// Polls the join handle with a waker that is written down. The answer is `-` for pending, `O`utput, `C`ancelled,
    /// `P`anicked, or `!` for a panic. The output is dropped.
    pub fn join(&self) -> char {
        let mut handle = lock(&self.handle);
        let handle = handle.as_mut().expect("a join handle");
        let waker = Waker::from(Arc::new(Joiner(self.log.clone())));
        let mut context = Context::from_waker(&waker);
        match catch_unwind(AssertUnwindSafe(|| Pin::new(handle).poll(&mut context))) {
            Ok(Poll::Pending) => '-',
            Ok(Poll::Ready(Ok(output))) => {
                drop(output);
                'O'
            }
            Ok(Poll::Ready(Err(JoinError::Cancelled))) => 'C',
            Ok(Poll::Ready(Err(JoinError::Panicked))) => 'P',
            Err(_) => '!',
        }
    }

    /// Lets the task come to its end if it can, and gives up all handles. The answer is what leaked: `B` the body, `O`
    /// the output, `F` the header. The memory leaks with body or header.
    pub fn finish(&self, home: &Home) -> String {
        let log = &self.log;
        *lock(&log.ends) = Ends::Ready;
        let ready = || {
            while let Some(ticket) = self.ticket() {
                assert!(matches!(ticket.run(home), TicketRun::Complete), "it is told to be ready");
            }
        };
        ready();
        if let Some(spare) = lock(&self.spare).as_ref() {
            spare.wake_by_ref();
        }
        ready();
        drop(self.handle());
        drop(lock(&log.waker).take());
        drop(lock(&self.spare).take());
        ready();

        let counts = [log.count('b'), log.count('o'), log.count('f')];
        assert!(counts.iter().all(|count| *count <= 1), "dropped twice");
        let [bodies, _, headers] = counts;
        assert_eq!(
            self.place.is_free().unwrap_or(bodies == 1 && headers == 1),
            bodies == 1 && headers == 1,
            "the memory is given back once header and body are gone"
        );
        let is_listed = [TaskKind::Listed, TaskKind::LocalListed].contains(&self.kind);
        assert_eq!(
            self.list.len(),
            usize::from(is_listed && bodies == 0 && headers == 0),
            "it is on its list for as long as somebody could reach its body"
        );
        let mut leaks = String::new();
        if counts[0] == 0 {
            leaks.push('B');
        }
        if counts[1] < log.count('m') {
            leaks.push('O');
        }
        if counts[2] == 0 {
            leaks.push('F');
        }
        leaks
    }
}

fn in_place<M>(
    claim: Option<Claim<M>>,
    kind: TaskKind,
    joined: bool,
    home: &Home,
    body: Body,
    header: Header,
) -> (Ticket, Option<JoinHandle<Output, Header>>) {
    let claim = claim.expect("it is free");
    let task = Task::new(body, header);
    if kind.is_local() {
        local(task.at(home).spawn_in(claim))
    } else if joined {
        any(task.spawn_in(claim))
    } else {
        any_detached(task.detached().spawn_in(claim))
    }
}

fn any_detached(runnable: Runnable<Header>) -> (Ticket, Option<JoinHandle<Output, Header>>) {
    (Ticket::Any(runnable), None)
}

fn any(
    (runnable, handle): (Runnable<Header>, JoinHandle<Output, Header>),
) -> (Ticket, Option<JoinHandle<Output, Header>>) {
    (Ticket::Any(runnable), Some(handle))
}

fn local(
    (runnable, handle): (LocalRunnable<Header>, JoinHandle<Output, Header>),
) -> (Ticket, Option<JoinHandle<Output, Header>>) {
    (Ticket::Local(runnable), Some(handle))
}

pub fn panics<T>(run: impl FnOnce() -> T) {
    assert!(catch_unwind(AssertUnwindSafe(run)).is_err(), "it was to panic");
}
