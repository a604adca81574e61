//! A million actors alive at once. An actor is one allocation: a task, with its mailbox in the header. An address is a
//! handle of that task, so sending is a push and a wake, and an actor to which nobody can write any more ends.
//!
//! `actors 1000000`; without a number, a million in a release build and ten thousand else.

use std::alloc::{GlobalAlloc, Layout, System};
use std::collections::VecDeque;
use std::env;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::mem;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};
use std::task::Poll;
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use waker_tables::{Anywhere, JoinHandle, Linked, Queue, Runnable, Schedule, Taker, TaskRef, spawn, spawn_detached};

/// The system's allocator, which knows how many bytes are in use.
struct Counting;

static BYTES: AtomicUsize = AtomicUsize::new(0);

// SAFETY: the system's allocator does it all.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        BYTES.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        BYTES.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise, and the memory came from there.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What an actor can be sent. All actors for one kind of message share a run queue.
trait Message: Send + Sized + 'static {
    fn queue() -> &'static Queue<Mailbox<Self>>;
}

/// The header data of an actor's task.
struct Mailbox<M>(Mutex<VecDeque<M>>);

/// Where the thread sleeps that runs all actors.
static RUNNER: OnceLock<Thread> = OnceLock::new();

impl<M: Message> Schedule<Anywhere, Linked<Self>> for Mailbox<M> {
    fn schedule(&self, runnable: Runnable<Linked<Self>>) {
        if M::queue().push(runnable).expect("nobody closes it") {
            RUNNER.get().expect("set before there are actors").unpark();
        }
    }
}

/// The right to send to an actor: a handle of its task.
struct Address<M: Message>(TaskRef<Linked<Mailbox<M>>>);

impl<M: Message> Address<M> {
    fn send(&self, message: M) {
        self.0.header().0.lock().expect("no panic under it").push_back(message);
        self.0.wake_by_ref();
    }
}

impl<M: Message> Clone for Address<M> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

type Handle<T, M> = JoinHandle<T, Linked<Mailbox<M>>>;

/// The right to receive: in the actor's body.
struct Inbox<M>(PhantomData<M>);

impl<M: Message> Inbox<M> {
    /// All that came since the last time, at least one. The actor has no pointer to its own mailbox: its waker leads
    /// there. Nor does it keep a waker: every address is one.
    async fn messages(&mut self) -> VecDeque<M> {
        poll_fn(|context| {
            let header =
                TaskRef::<Linked<Mailbox<M>>>::header_behind(context.waker()).expect("this actor's own waker");
            let messages = mem::take(&mut *header.0.lock().expect("no panic under it"));
            if messages.is_empty() { Poll::Pending } else { Poll::Ready(messages) }
        })
        .await
    }
}

/// An actor and the first address of it.
fn start<M: Message, F>(body: impl FnOnce(Inbox<M>) -> F) -> Address<M>
where
    F: Future<Output = ()> + Send + 'static,
{
    let runnable = spawn_detached(body(Inbox(PhantomData)), Linked::new(Mailbox(Mutex::default())));
    let address = Address(runnable.task());
    runnable.schedule();
    address
}

/// The same, for an actor with a last word, and who is to hear it.
fn start_joined<M: Message, F>(body: impl FnOnce(Inbox<M>) -> F) -> (Address<M>, Handle<F::Output, M>)
where
    F: Future<Output: Send> + Send + 'static,
{
    let (runnable, handle) = spawn(body(Inbox(PhantomData)), Linked::new(Mailbox(Mutex::default())));
    let address = Address(runnable.task());
    runnable.schedule();
    (address, handle)
}

/// What an account can be sent.
enum Order {
    Add(u64),
    Pass(u64, Address<Order>),
    Report(Address<Balance>),
}

/// What a teller can be sent.
struct Balance {
    number: u32,
    balance: u64,
}

impl Message for Order {
    fn queue() -> &'static Queue<Mailbox<Self>> {
        static QUEUE: Queue<Mailbox<Order>> = Queue::new();
        &QUEUE
    }
}

impl Message for Balance {
    fn queue() -> &'static Queue<Mailbox<Self>> {
        static QUEUE: Queue<Mailbox<Balance>> = Queue::new();
        &QUEUE
    }
}

static ALIVE: AtomicUsize = AtomicUsize::new(0);

/// One that is alive.
struct Life;

impl Life {
    fn new() -> Self {
        ALIVE.fetch_add(1, Ordering::Relaxed);
        Self
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        ALIVE.fetch_sub(1, Ordering::Relaxed);
    }
}

/// It has no end of its own.
async fn account(mut inbox: Inbox<Order>, number: u32) {
    let (_life, mut balance) = (Life::new(), 0);
    loop {
        for order in inbox.messages().await {
            match order {
                Order::Add(amount) => balance += amount,
                Order::Pass(amount, to) => {
                    balance -= amount;
                    to.send(Order::Add(amount));
                }
                Order::Report(to) => to.send(Balance { number, balance }),
            }
        }
    }
}

/// Checks so many balances, and adds them up.
async fn teller(mut inbox: Inbox<Balance>, accounts: u32) -> u64 {
    let (mut sum, mut seen) = (0, 0);
    while seen < accounts {
        for Balance { number, balance } in inbox.messages().await {
            let from = (number + accounts - STEP % accounts) % accounts;
            assert_eq!(balance, u64::from(number - number / 2 + from / 2), "account {number}");
            sum += balance;
            seen += 1;
        }
    }
    sum
}

/// Each account passes half of what it has to the one that is so many further.
const STEP: u32 = 7_919;

struct Runner {
    orders: Taker<'static, Mailbox<Order>>,
    balances: Taker<'static, Mailbox<Balance>>,
}

impl Runner {
    /// Runs actors until `done`, and until no message is on its way.
    fn run_until(&mut self, done: impl Fn() -> bool) {
        loop {
            // What was sent before that is in a queue.
            let done = done();
            if run(&mut self.orders) | run(&mut self.balances) {
                continue;
            }
            if done {
                return;
            }
            let begin = Instant::now();
            thread::park_timeout(Duration::from_secs(60));
            assert!(begin.elapsed().as_secs() < 60, "nobody sends, and it is not done");
        }
    }
}

/// Runs some actors of a kind, if there are any to run.
fn run<M: Message>(taker: &mut Taker<'_, Mailbox<M>>) -> bool {
    let mut ran = false;
    for runnable in taker.take(64) {
        ran = true;
        runnable.run(); // behind all others again, if it was woken meanwhile
    }
    ran
}

fn bank(accounts: u32) {
    RUNNER.set(thread::current()).expect("set once");
    let mut runner = Runner {
        orders: Order::queue().taker().expect("nobody else takes"),
        balances: Balance::queue().taker().expect("nobody else takes"),
    };
    let alive = || ALIVE.load(Ordering::Relaxed);
    let bytes = || BYTES.load(Ordering::Relaxed);

    println!("a bank of {accounts} accounts, each an actor:");
    let empty = bytes();
    let mut bank = Vec::with_capacity(accounts as usize);
    let (before, begin) = (bytes(), Instant::now());
    bank.extend((0..accounts).map(|number| start(|inbox| account(inbox, number))));
    runner.run_until(|| true);
    let time = begin.elapsed();
    assert_eq!(alive(), bank.len());
    println!("{} are alive after {time:.2?}, of {} bytes each", alive(), (bytes() - before) / bank.len());

    let begin = Instant::now();
    let sent = AtomicBool::new(false);
    thread::scope(|scope| {
        let client = scope.spawn(|| {
            for (number, account) in (0..).zip(&bank) {
                let to = &bank[((number + STEP) % accounts) as usize];
                account.send(Order::Add(number.into()));
                account.send(Order::Pass((number / 2).into(), to.clone()));
            }
            sent.store(true, Ordering::Release);
            RUNNER.get().expect("set above").unpark();
        });
        runner.run_until(|| sent.load(Ordering::Acquire));
        client.join().expect("it does not panic");
    });
    let (address, mut answer) = start_joined(|inbox| teller(inbox, accounts));
    for account in &bank {
        account.send(Order::Report(address.clone()));
    }
    runner.run_until(|| answer.is_finished());
    let time = begin.elapsed();
    let sum = answer.try_take().expect("it is finished").expect("neither cancelled nor panicked");
    let messages = 5 * u64::from(accounts);
    let rate = u128::from(messages) * 1_000_000 / time.as_micros().max(1);
    println!("{messages} messages in {time:.2?}, {rate} a second");
    println!("the balances are right, {sum} in all");
    assert_eq!(sum, u64::from(accounts) * u64::from(accounts - 1) / 2);

    // Nobody can write to them any more.
    drop((address, answer, bank));
    runner.run_until(|| true);
    println!("{} are alive after the last address has gone", alive());
    assert_eq!((alive(), bytes()), (0, empty));
}

fn main() -> ExitCode {
    let accounts =
        env::args().nth(1).map_or(Ok(if cfg!(debug_assertions) { 10_000 } else { 1_000_000 }), |n| n.parse());
    let Ok(accounts @ 1..=10_000_000) = accounts else {
        eprintln!("usage: actors [NUMBER OF ACTORS, at most ten million]");
        return ExitCode::from(2);
    };
    bank(accounts);
    ExitCode::SUCCESS
}
