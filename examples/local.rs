//! Futures that are not `Send`, at home on one thread and woken from others: they fill a map in an `Rc`, which needs no
//! lock, with what threads count.

#![forbid(unsafe_code)]

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::mem;
use std::rc::Rc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::task::{Poll, Waker};
use std::thread::{self, ThreadId};
use std::time::Duration;

use waker_tables::{AtHome, Home, JoinError, JoinHandle, LocalRunnable, Schedule};

type Counts = BTreeMap<&'static str, usize>;

/// What a task's header holds: the way home, which its wakers take from any thread.
#[derive(Debug, Clone)]
struct Homewards(Sender<LocalRunnable<Self>>);

impl Schedule<AtHome> for Homewards {
    fn schedule(&self, runnable: LocalRunnable<Self>) {
        // If nobody is at home any more the runnable is dropped, and its joiner told; its body is left alone.
        drop(self.0.send(runnable));
    }
}

/// Runs what comes home until the task of `handle` is over.
fn join<T>(
    home: &Home,
    queue: &Receiver<LocalRunnable<Homewards>>,
    mut handle: JoinHandle<T, Homewards>,
) -> Result<T, JoinError> {
    loop {
        // Whoever is at home need not be woken: it looks after each run.
        if let Some(output) = handle.try_take() {
            return output;
        }
        run(home, queue);
    }
}

fn run(home: &Home, queue: &Receiver<LocalRunnable<Homewards>>) {
    let runnable = queue.recv_timeout(Duration::from_secs(60)).expect("somebody wakes a task");
    home.run(runnable).expect("only tasks of this home come here");
}

/// The result of `work`, done by a thread of its own, which wakes the task that awaits it.
async fn on_a_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let waker = poll_fn(|context| Poll::Ready(context.waker().clone())).await;
    let thread = thread::spawn(move || (work(), waker.wake()).0); // works, wakes, and has the result
    let mut done = false;
    poll_fn(|_| if mem::replace(&mut done, true) { Poll::Ready(()) } else { Poll::Pending }).await;
    thread.join().expect("it does not panic")
}

fn words(text: &'static str) -> Counts {
    let mut counts = Counts::new();
    for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| word.len() > 3) {
        *counts.entry(word).or_default() += 1;
    }
    counts
}

/// Stands in a body, and sees where that is dropped.
struct Resident(ThreadId, Rc<Cell<bool>>);

impl Drop for Resident {
    fn drop(&mut self) {
        assert_eq!(self.0, thread::current().id(), "a body was dropped away from home");
        self.1.set(true);
    }
}

fn main() {
    let home = Home::new();
    let (sender, queue) = mpsc::channel();
    let homewards = Homewards(sender);

    // One task for each paragraph of this file, and one that joins them.
    let text = include_str!("local.rs");
    let counts = Rc::new(RefCell::new(Counts::new()));
    let tasks: Vec<_> = text
        .split("\n\n")
        .map(|part| {
            let counts = counts.clone();
            let count = async move {
                let found = on_a_thread(move || words(part)).await;
                for (word, count) in found {
                    *counts.borrow_mut().entry(word).or_default() += count;
                }
            };
            let (runnable, handle) = home.spawn(count, homewards.clone());
            runnable.schedule();
            handle
        })
        .collect();
    let number = tasks.len();
    let all = async move {
        for task in tasks {
            task.await.expect("neither cancelled nor panicked");
        }
        counts // an `Rc`: this task's handle is not `Send` either
    };
    let (runnable, handle) = home.spawn(all, homewards.clone());
    runnable.schedule();
    let counts = join(&home, &queue, handle).expect("neither cancelled nor panicked").take();
    assert_eq!(counts, words(text));
    let (word, times) = counts.iter().max_by_key(|(_, times)| **times).expect("there are words");
    println!(
        "{number} tasks on one thread, woken by {number} others: \"{word}\" stands {times} times in this program"
    );

    // A runnable may travel. Another home gives it back.
    let (runnable, handle) = home.spawn(async { Rc::new(42) }, homewards.clone());
    let runnable = thread::spawn(|| Home::new().run(runnable).expect_err("not at home there"));
    runnable.join().expect("it does not panic").schedule();
    assert_eq!(join(&home, &queue, handle), Ok(Rc::new(42)));
    println!("another home gave a runnable back");

    // A task whose last waker is dropped elsewhere comes home to be dropped.
    let (waker_sender, wakers) = mpsc::channel::<Waker>();
    let gone = Rc::new(Cell::new(false));
    let resident = Resident(thread::current().id(), gone.clone());
    let waits = async move {
        let _resident = resident;
        poll_fn(|context| {
            waker_sender.send(context.waker().clone()).expect("somebody takes it");
            Poll::<()>::Pending
        })
        .await;
    };
    home.spawn_detached(waits, homewards.clone()).schedule();
    run(&home, &queue);
    let waker = wakers.recv().expect("the task sent it");
    thread::spawn(|| drop(waker)).join().expect("it does not panic");
    assert!(!gone.get(), "its body is still there");
    run(&home, &queue);
    assert!(gone.get());
    println!("a task whose last waker another thread dropped was dropped at home");
}
