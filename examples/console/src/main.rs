//! Tasks of two executors, each on its thread, for tokio-console: healthy ones, one that never yields, one that wakes itself
//! for ever, and one that has lost its waker. `docs/seeing.md` shows them.
//!
//! `cargo run` in this folder, and `tokio-console` beside it. It ends after as many seconds as it is given, else when it is
//! killed.

use std::future::{pending, poll_fn};
use std::rc::Rc;
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, LazyLock};
use std::task::{Poll, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};
use std::{env, hint};

use waker_tables::{
    Anywhere, AtHome, Home, JoinHandle, Linked, LocalRunnable, Queue, Runnable, Schedule, StaticTask, Task,
};

/// What is to run on one thread: tasks that may run anywhere, and those that are at home there.
struct Executor {
    thread: Thread,
    queue: Queue<On>,
    local: Queue<On, AtHome>,
}

/// What the header of each task holds.
struct On(Arc<Executor>);

impl Schedule<Anywhere, Linked<Self>> for On {
    fn schedule(&self, runnable: Runnable<Linked<Self>>) {
        self.0.queue.push(runnable).expect("nobody closes it");
        self.0.thread.unpark();
    }
}

impl Schedule<AtHome, Linked<Self>> for On {
    fn schedule(&self, runnable: LocalRunnable<Linked<Self>>) {
        self.0.local.push(runnable).expect("nobody closes it");
        self.0.thread.unpark();
    }
}

impl Executor {
    /// An executor on a new thread, where `begin` spawns what is at home there.
    fn start(begin: impl FnOnce(&Arc<Self>, &Home) + Send + 'static) -> Arc<Self> {
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            let home = Home::new();
            let executor = Arc::new(Self { thread: thread::current(), queue: Queue::new(), local: Queue::new() });
            begin(&executor, &home);
            sender.send(executor.clone()).expect("it is waited for");
            executor.run(&home);
        });
        receiver.recv().expect("it begins")
    }

    fn run(&self, home: &Home) -> ! {
        let mut taker = self.queue.taker().expect("one thread runs this");
        let mut local = self.local.taker().expect("one thread runs this");
        loop {
            let mut runs = 0;
            for runnable in taker.batch() {
                runnable.run();
                runs += 1;
            }
            for runnable in local.batch() {
                home.run(runnable).expect("it is at home here");
                runs += 1;
            }
            if runs == 0 {
                thread::park();
            }
        }
    }

    /// The console shows the place of whoever calls this.
    #[track_caller]
    fn spawn<F>(self: &Arc<Self>, name: &'static str, future: F) -> JoinHandle<F::Output, Linked<On>>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        let (runnable, handle) = Task::new(future, Linked::new(On(self.clone()))).name(name).spawn();
        runnable.schedule();
        handle
    }

    /// The same for a future that stays on this thread.
    #[track_caller]
    fn spawn_here(self: &Arc<Self>, home: &Home, name: &'static str, future: impl Future + 'static) {
        Task::new(future, Linked::new(On(self.clone()))).detached().at(home).name(name).spawn().schedule();
    }
}

/// To a thread that wakes whoever is due.
static TIMER: LazyLock<Sender<(Instant, Waker)>> = LazyLock::new(|| {
    let (sender, sleepers) = mpsc::channel::<(Instant, Waker)>();
    thread::spawn(move || {
        let mut waiting = Vec::new();
        loop {
            waiting.extend(sleepers.try_iter());
            for (_, waker) in waiting.extract_if(.., |(due, _)| *due <= Instant::now()) {
                waker.wake();
            }
            thread::sleep(Duration::from_millis(2));
        }
    });
    sender
});

async fn sleep(milliseconds: u64) {
    let due = Instant::now() + Duration::from_millis(milliseconds);
    poll_fn(|context| {
        if Instant::now() >= due {
            return Poll::Ready(());
        }
        TIMER.send((due, context.waker().clone())).expect("its thread runs for ever");
        Poll::Pending
    })
    .await;
}

async fn yield_now() {
    let mut yielded = false;
    poll_fn(|context| {
        if yielded {
            return Poll::Ready(());
        }
        yielded = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Computes for so long.
fn work(milliseconds: u64) {
    let begin = Instant::now();
    while begin.elapsed().as_millis() < milliseconds.into() {
        hint::spin_loop();
    }
}

async fn works_and_waits(busy: u64, idle: u64) {
    loop {
        work(busy);
        sleep(idle).await;
    }
}

async fn has_children(executor: Arc<Executor>) {
    loop {
        let child = executor.spawn("child", async {
            sleep(300).await;
            work(5);
        });
        child.await.expect("it is not cancelled");
    }
}

async fn wakes_itself() {
    loop {
        work(1);
        yield_now().await;
    }
}

#[allow(clippy::unused_async, reason = "that is what ails it")]
async fn never_yields() {
    loop {
        hint::spin_loop();
    }
}

async fn loses_its_waker() {
    sleep(100).await;
    pending::<()>().await; // keeps no waker: nobody can wake this any more
}

/// In a static: no allocation, and wakers that count nothing; the console knows them all the same.
static BEAT: StaticTask<Beat, [usize; 16]> = StaticTask::new(Beat);

struct Beat;

impl Schedule for Beat {
    fn schedule(&self, runnable: Runnable<Self>) {
        runnable.run(); // on the timer's thread
    }
}

fn main() {
    console_subscriber::init();
    let seconds = env::args().nth(1).map(|seconds| seconds.parse().expect("a number of seconds"));

    let healthy = Executor::start(|executor, home| {
        let idle = Rc::new(200);
        executor.spawn_here(home, "at home", async move { works_and_waits(3, *idle).await });
    });
    let _busy = healthy.spawn("busy", works_and_waits(20, 80));
    let _quiet = healthy.spawn("quiet", works_and_waits(1, 500));
    let _parent = healthy.spawn("parent", has_children(healthy.clone()));
    BEAT.claim().expect("it is free").name("static").spawn(|| works_and_waits(1, 250)).schedule();

    let _eager = healthy.spawn("wakes itself", wakes_itself());
    // The join handle keeps it. Detached, a task that nobody can wake is dropped at once.
    let _lost = healthy.spawn("lost its waker", loses_its_waker());
    let _greedy = Executor::start(|_, _| {}).spawn("never yields", never_yields());

    match seconds {
        Some(seconds) => thread::sleep(Duration::from_secs(seconds)),
        None => loop {
            thread::park();
        },
    }
}
