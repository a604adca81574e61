//! The crate's example `work_stealing`, on async-task. `docs/porting.md` shows the difference.

#![forbid(unsafe_code)]

use std::cell::RefCell;
use std::env;
use std::future::{pending, poll_fn};
use std::iter;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::{Pin, pin};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering, fence};
use std::sync::{Arc, Condvar, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use async_task::{FallibleTask, Runnable, ScheduleInfo, WithInfo, spawn};
use crossbeam_deque::{Injector, Steal, Stealer, Worker};

/// So many takes from its own deque, and a worker looks at the common one first.
const FAIR: u64 = 61;
/// So many tasks in a row run because they were woken last; then others have a turn.
const IN_A_ROW: u32 = 3;
/// Longer than anything here takes: who sleeps so long was forgotten.
const PATIENCE: Duration = Duration::from_secs(60);

type Job = Runnable;
type Handle<T> = FallibleTask<T>;

struct Pool {
    /// What comes from other threads than the workers.
    injector: Injector<Job>,
    stealers: Box<[Stealer<Job>]>,
    closed: AtomicBool,
    bell: Bell,
    counts: Counts,
}

/// What happened, of all workers.
#[derive(Debug, Default)]
struct Counts {
    polls: AtomicU64,
    woken_last: AtomicU64,
    injected: AtomicU64,
    steals: AtomicU64,
    sleeps: AtomicU64,
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// What a worker has to itself.
struct Local {
    pool: Arc<Pool>,
    deque: Worker<Job>,
    /// The task that was woken last, by this worker: what it needs is still in the cache. Nobody can steal it.
    last: Option<Job>,
    in_a_row: u32,
    turn: u64,
}

thread_local! {
    static LOCAL: RefCell<Option<Local>> = const { RefCell::new(None) };
}

impl Pool {
    fn schedule(self: &Arc<Self>, job: Job, info: ScheduleInfo) {
        let mut job = Some(job);
        // No code of others runs inside, so that it is not borrowed twice.
        let shared = LOCAL.with_borrow_mut(|local| match local {
            Some(local) if Arc::ptr_eq(&local.pool, self) => {
                if info.woken_while_running {
                    // It gave others a turn: behind them, and not into the place of the one that was woken last.
                    local.deque.push(job.take()?);
                    return None;
                }
                let before = local.last.replace(job.take()?);
                before.map(|before| local.deque.push(before))
            }
            _ => None,
        });
        if let Some(job) = job {
            self.injector.push(job);
            self.bell.ring();
            // Who closes looks once more. Either this job is seen then, or the close is seen here.
            if self.closed() {
                self.clear();
            }
        } else if shared.is_some() {
            self.bell.ring();
        }
    }

    fn spawn<F>(self: &Arc<Self>, future: F) -> Handle<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        let pool = self.clone();
        let (job, task) = spawn(future, WithInfo(move |job, info| pool.schedule(job, info)));
        job.schedule();
        task.fallible()
    }

    /// The pool of this worker: no waker leads to its task.
    fn here() -> Arc<Self> {
        LOCAL.with_borrow(|local| local.as_ref().expect("on a worker").pool.clone())
    }

    /// Whether there is something to take.
    fn any(&self) -> bool {
        !self.injector.is_empty() || self.stealers.iter().any(|stealer| !stealer.is_empty())
    }

    fn closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }

    fn work(self: Arc<Self>, deque: Worker<Job>) {
        LOCAL.set(Some(Local { pool: self.clone(), deque, last: None, in_a_row: 0, turn: 0 }));
        let next = || LOCAL.with_borrow_mut(|local| local.as_mut().and_then(Local::next));
        let mut slept = false;
        while !self.closed() {
            let Some(job) = next() else {
                count(&self.counts.sleeps);
                self.bell.sleep_until(|| self.closed() || self.any());
                slept = true;
                continue;
            };
            if mem::take(&mut slept) && self.any() {
                self.bell.ring(); // It may not have been this job for which the bell rang.
            }
            count(&self.counts.polls);
            // A panic ends its task, whose joiner is told, and not the worker.
            drop(catch_unwind(AssertUnwindSafe(|| job.run())));
        }
        // What is dropped here is cancelled, and may wake others, which are no longer this worker's to queue.
        if let Some(Local { deque, last, .. }) = LOCAL.take() {
            drop(last);
            while deque.pop().is_some() {}
        }
    }

    /// Cancels what nobody will run.
    fn clear(&self) {
        while retried(|| self.injector.steal()).is_some() {}
    }
}

impl Local {
    fn next(&mut self) -> Option<Job> {
        self.turn += 1;
        if self.turn % FAIR == 0 {
            if let Some(job) = self.injected() {
                return Some(job);
            }
        }
        if let Some(job) = self.last.take() {
            if self.in_a_row < IN_A_ROW {
                self.in_a_row += 1;
                count(&self.pool.counts.woken_last);
                return Some(job);
            }
            self.deque.push(job);
            self.pool.bell.ring();
        }
        self.in_a_row = 0;
        self.deque.pop().or_else(|| self.injected()).or_else(|| self.stolen())
    }

    fn injected(&self) -> Option<Job> {
        retried(|| self.pool.injector.steal()).inspect(|_| count(&self.pool.counts.injected))
    }

    /// Half of what another worker has. One's own deque is empty, and so is skipped.
    fn stolen(&self) -> Option<Job> {
        let mut stealers = self.pool.stealers.iter();
        stealers
            .find_map(|stealer| retried(|| stealer.steal_batch_and_pop(&self.deque)))
            .inspect(|_| count(&self.pool.counts.steals))
    }
}

fn retried(mut steal: impl FnMut() -> Steal<Job>) -> Option<Job> {
    iter::repeat_with(&mut steal).find(|steal| !steal.is_retry()).and_then(Steal::success)
}

/// Where workers sleep. One side puts a job down and then looks for sleepers, the other says that it sleeps and then
/// looks for jobs; the fences order these, so that one of them sees the other.
#[derive(Default)]
struct Bell {
    asleep: AtomicUsize,
    /// Held from a sleeper's last look until it waits, so that a ring in between is heard.
    lock: Mutex<()>,
    rung: Condvar,
}

impl Bell {
    fn sleep_until(&self, awake: impl Fn() -> bool) {
        let mut guard = self.lock.lock().expect("no panic under it");
        self.asleep.fetch_add(1, Ordering::SeqCst);
        fence(Ordering::SeqCst);
        while !awake() {
            let (again, timeout) = self.rung.wait_timeout(guard, PATIENCE).expect("no panic under it");
            assert!(!timeout.timed_out() || !awake(), "there were jobs, and nobody rang");
            guard = again;
        }
        self.asleep.fetch_sub(1, Ordering::SeqCst);
    }

    fn ring(&self) {
        fence(Ordering::SeqCst);
        if self.asleep.load(Ordering::SeqCst) > 0 {
            drop(self.lock.lock().expect("no panic under it"));
            self.rung.notify_one();
        }
    }

    fn ring_all(&self) {
        drop(self.lock.lock().expect("no panic under it"));
        self.rung.notify_all();
    }
}

/// A pool and its threads.
struct Workers {
    pool: Arc<Pool>,
    threads: Vec<thread::JoinHandle<()>>,
}

impl Workers {
    fn start(number: usize) -> Self {
        let deques: Vec<Worker<Job>> = (0..number).map(|_| Worker::new_fifo()).collect();
        let pool = Arc::new(Pool {
            injector: Injector::new(),
            stealers: deques.iter().map(Worker::stealer).collect(),
            closed: AtomicBool::new(false),
            bell: Bell::default(),
            counts: Counts::default(),
        });
        let work = |deque| {
            let pool = pool.clone();
            thread::spawn(|| pool.work(deque))
        };
        Self { threads: deques.into_iter().map(work).collect(), pool }
    }

    /// Ends the threads. Tasks that wait are left alone; woken or cancelled, they are dropped.
    fn shut_down(self) -> Arc<Pool> {
        self.pool.closed.store(true, Ordering::SeqCst);
        self.pool.bell.ring_all();
        for thread in self.threads {
            thread.join().expect("no worker panics");
        }
        fence(Ordering::SeqCst);
        self.pool.clear();
        self.pool
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        let begin = Instant::now();
        thread::park_timeout(PATIENCE);
        assert!(begin.elapsed() < PATIENCE, "nobody woke this thread");
    }
}

fn until(condition: impl Fn() -> bool) {
    let begin = Instant::now();
    while !condition() {
        assert!(begin.elapsed() < PATIENCE, "what is waited for does not come");
        thread::yield_now();
    }
}

/// A board with queens in some of its rows: the columns and diagonals of the next row that they attack.
#[derive(Clone, Copy)]
struct Board {
    size: u32,
    row: u32,
    attacked: [u32; 3],
}

impl Board {
    /// The boards with one more queen.
    fn next(self) -> impl Iterator<Item = Self> {
        let [column, left, right] = self.attacked;
        (0..self.size).map(|place| 1 << place).filter(move |queen| (column | left | right) & queen == 0).map(
            move |queen| {
                let attacked = [column | queen, (left | queen) << 1, (right | queen) >> 1];
                Self { row: self.row + 1, attacked, ..self }
            },
        )
    }

    fn ways(self) -> u64 {
        if self.row == self.size { 1 } else { self.next().map(Self::ways).sum() }
    }

    /// The same, with a task for each way to fill the first rows.
    fn ways_of_tasks(self) -> Pin<Box<dyn Future<Output = u64> + Send>> {
        Box::pin(async move {
            if self.row == self.size.min(3) {
                return self.ways();
            }
            let pool = Pool::here();
            let tasks: Vec<_> = self.next().map(|board| pool.spawn(board.ways_of_tasks())).collect();
            let mut ways = 0;
            for task in tasks {
                ways += task.await.expect("neither cancelled nor panicked");
            }
            ways
        })
    }
}

const MOST: usize = 13;

/// How many ways there are, for 0, 1, 2… queens.
const WAYS: [u64; MOST + 1] = [1, 1, 0, 0, 2, 10, 4, 40, 92, 352, 724, 2_680, 14_200, 73_712];

fn queens(size: usize) {
    let workers = Workers::start(thread::available_parallelism().map_or(1, usize::from));
    let number = workers.threads.len();
    let board = Board { size: u32::try_from(size).expect("it is small"), row: 0, attacked: [0; 3] };
    let ways = block_on(workers.pool.spawn(board.ways_of_tasks())).expect("neither cancelled nor panicked");
    println!("{ways} ways to put {size} queens on a board of {size} by {size}, by {number} workers");
    assert_eq!(ways, WAYS[size]);
    let pool = workers.shut_down();
    let Counts { polls, woken_last, injected, steals, sleeps } = &pool.counts;
    println!("{polls:?} polls, {woken_last:?} of them of the task that was woken last");
    println!("{injected:?} tasks came from outside; workers stole {steals:?} times and slept {sleeps:?} times");
    assert_eq!(Arc::strong_count(&pool), 1, "every task is gone");
}

/// Lets others go first, once.
async fn turn() {
    let mut gave = false;
    poll_fn(|context| {
        if mem::replace(&mut gave, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Two tasks that wake each other, each always the one that was woken last, do not keep a third from the worker.
fn woken_last_is_not_for_ever() {
    struct Talk {
        wakers: [Mutex<Option<Waker>>; 2],
        rounds: AtomicU64,
        third: AtomicU64,
    }

    async fn talk(shared: Arc<Talk>, me: usize) {
        let pool = Pool::here();
        let mut asked = false;
        poll_fn(|context| {
            let round = shared.rounds.fetch_add(1, Ordering::Relaxed);
            *shared.wakers[me].lock().expect("no panic under it") = Some(context.waker().clone());
            if round >= 10 && !mem::replace(&mut asked, true) && me == 0 {
                let shared = shared.clone();
                pool.spawn(async move {
                    shared.third.store(shared.rounds.load(Ordering::Relaxed) - round, Ordering::Relaxed);
                })
                .detach();
            }
            let other = shared.wakers[1 - me].lock().expect("no panic under it").take();
            other.inspect(Waker::wake_by_ref);
            assert!(round < 100, "a third task starves");
            if shared.third.load(Ordering::Relaxed) == 0 { Poll::Pending } else { Poll::Ready(()) }
        })
        .await;
    }

    let workers = Workers::start(1);
    let wakers = [const { Mutex::new(None) }; 2];
    let shared = Arc::new(Talk { wakers, rounds: AtomicU64::new(0), third: AtomicU64::new(0) });
    for task in [0, 1].map(|me| workers.pool.spawn(talk(shared.clone(), me))) {
        block_on(task).expect("the third was not kept waiting");
    }
    let waited = shared.third.load(Ordering::Relaxed);
    println!("two tasks that wake each other: a third one on their worker waits for {waited} polls");
    drop(shared);
    assert_eq!(Arc::strong_count(&workers.shut_down()), 1, "every task is gone");
}

/// Tasks that never wait do not keep one that comes from outside from the worker.
fn outside_is_not_forgotten() {
    struct Flood {
        polls: AtomicU64,
        /// How many polls there had been, plus one: when the task was put into the pool, and when it ran.
        asked: AtomicU64,
        ran: AtomicU64,
    }

    async fn flood(shared: Arc<Flood>) {
        while shared.ran.load(Ordering::Relaxed) == 0 {
            let polls = shared.polls.fetch_add(1, Ordering::Relaxed) + 1;
            let asked = shared.asked.load(Ordering::Relaxed);
            assert!(asked == 0 || polls < asked + 10_000, "the task from outside starves");
            turn().await;
        }
    }

    let workers = Workers::start(1);
    let zero = || AtomicU64::new(0);
    let shared = Arc::new(Flood { polls: zero(), asked: zero(), ran: zero() });
    let floods = [(); 2].map(|()| workers.pool.spawn(flood(shared.clone())));
    until(|| shared.polls.load(Ordering::Relaxed) > 100);
    let ran = shared.clone();
    let task = workers.pool.spawn(async move {
        ran.ran.store(ran.polls.load(Ordering::Relaxed), Ordering::Relaxed);
    });
    shared.asked.store(shared.polls.load(Ordering::Relaxed), Ordering::Relaxed);
    for task in floods.into_iter().chain([task]) {
        block_on(task).expect("nobody starves");
    }
    println!("two tasks that never wait: one from outside had its turn all the same");
    drop(shared);
    assert_eq!(Arc::strong_count(&workers.shut_down()), 1, "every task is gone");
}

/// A panic ends its task alone, and the end of the workers all tasks that come up after it.
fn panics_and_shut_down() {
    let workers = Workers::start(2);
    let panics = workers.pool.spawn(async { resume_unwind(Box::new("without a message")) });
    assert_eq!(block_on::<Handle<()>>(panics), None);
    // Both workers are still there, and have gone to sleep.
    until(|| workers.pool.bell.asleep.load(Ordering::SeqCst) == 2);
    let works = workers.pool.spawn(async { 6 * 7 });
    assert_eq!(block_on(works), Some(42));

    let waits = workers.pool.spawn(pending::<()>());
    let turns = Arc::new(AtomicU64::new(0));
    let counted = turns.clone();
    let never_waits = workers.pool.spawn(async move {
        loop {
            count(&counted);
            turn().await;
        }
    });
    until(|| turns.load(Ordering::Relaxed) > 100);
    let pool = workers.shut_down();
    let late = pool.spawn(async { unreachable!("nobody runs it") });
    assert_eq!(block_on(waits.cancel()), None);
    for task in [never_waits, late] {
        assert_eq!(block_on::<Handle<()>>(task), None);
    }
    assert_eq!(Arc::strong_count(&pool), 1, "every task is gone");
    println!("a task that panics, one that waits, one that never does, one that is late: their joiners were told");
}

fn main() -> ExitCode {
    let size = env::args().nth(1).map_or(Ok(if cfg!(debug_assertions) { 8 } else { 12 }), |size| size.parse());
    let Ok(size @ 0..=MOST) = size else {
        eprintln!("usage: work_stealing [NUMBER OF QUEENS, at most {MOST}]");
        return ExitCode::from(2);
    };
    queens(size);
    woken_last_is_not_for_ever();
    outside_is_not_forgotten();
    panics_and_shut_down();
    ExitCode::SUCCESS
}
