//! All living tasks of an executor as a table, for those without a console: each line on the input asks for one. With the
//! feature `tracing` a task has a name and a place, too.

#![forbid(unsafe_code)]
#![allow(clippy::unused_async, reason = "one that computes awaits nothing")]

use std::fmt::Write as _;
use std::future::{pending, poll_fn};
use std::io::{self, BufRead, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Barrier, Mutex};
use std::task::{Poll, Waker};
use std::thread;

use waker_tables::{JoinHandle, Runnable, Schedule, Task, TaskList, TaskState};

struct ToQueue(Sender<Runnable<Self>>);

impl Schedule for ToQueue {
    fn schedule(&self, runnable: Runnable<Self>) {
        drop(self.0.send(runnable)); // where nobody receives, this cancels the task
    }
}

static TASKS: TaskList<ToQueue> = TaskList::new();

#[cfg_attr(feature = "tracing", track_caller)]
fn spawn<F>(queue: &Sender<Runnable<ToQueue>>, name: &'static str, future: F) -> JoinHandle<F::Output, ToQueue>
where
    F: Future<Output: Send> + Send + 'static,
{
    let (runnable, handle) = Task::new(future, ToQueue(queue.clone())).list(&TASKS).name(name).spawn();
    runnable.schedule();
    handle
}

fn words(state: TaskState) -> &'static str {
    if state.is_cancelled() {
        "cancelled"
    } else if state.is_scheduled() {
        "scheduled"
    } else if state.is_running() {
        "running"
    } else {
        "waiting"
    }
}

/// Writes a row a task, the oldest first, with columns as wide as needed. It may be called by any thread at any time.
fn dump(tasks: &TaskList<ToQueue>, out: &mut impl Write) -> io::Result<()> {
    let mut rows = Vec::new();
    tasks.for_each(|task| {
        // The walk has one of the handles.
        let (state, handles) = (task.state(), task.state().handles() - 1);
        let row = [words(state).to_owned(), handles.to_string(), task.type_name().to_owned()];
        #[cfg(feature = "tracing")]
        let row = {
            let [state, handles, type_name] = row;
            let name = task.name().unwrap_or("").to_owned();
            [name, state, handles, type_name, task.location().to_string()]
        };
        rows.push(row);
    });
    #[cfg(not(feature = "tracing"))]
    rows.push(["state", "handles", "type"].map(str::to_owned));
    #[cfg(feature = "tracing")]
    rows.push(["name", "state", "handles", "type", "made at"].map(str::to_owned));
    for row in rows.iter().rev() {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            let width = rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
            write!(line, "{cell:width$}  ").expect("a string");
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    writeln!(out, "{} living tasks", rows.len() - 1)
}

/// Waits for ever, and keeps a waker, as one that waits for a peer does.
async fn waits() {
    static PEER: Mutex<Option<Waker>> = Mutex::new(None);
    poll_fn(|context| {
        *PEER.lock().expect("nobody panics") = Some(context.waker().clone());
        Poll::<()>::Pending
    })
    .await;
}

async fn computes(begun: Arc<Barrier>, enough: Arc<AtomicBool>) {
    begun.wait();
    while !enough.load(Ordering::Relaxed) {
        thread::yield_now();
    }
}

fn main() -> io::Result<()> {
    let (queue, runnables) = mpsc::channel();
    let (begun, enough) = (Arc::new(Barrier::new(2)), Arc::new(AtomicBool::new(false)));

    let _peer = spawn(&queue, "peer", waits());
    let forgotten = spawn(&queue, "forgotten", pending::<()>());
    let _busy = spawn(&queue, "busy", computes(begun.clone(), enough.clone()));
    let _next = spawn(&queue, "next", async {});
    drop(queue);
    let worker = thread::spawn(move || {
        while !TASKS.is_empty() {
            runnables.recv().expect("the tasks have the other end").run();
        }
    });
    begun.wait(); // it is busy now: what is cancelled, or queued behind, stays so
    forgotten.cancel();

    let mut out = io::stdout().lock();
    writeln!(out, "Enter shows the tasks; the end of the input ends them.")?;
    for line in io::stdin().lock().lines() {
        line?;
        dump(&TASKS, &mut out)?;
    }
    TASKS.close();
    enough.store(true, Ordering::Relaxed);
    worker.join().expect("it does not panic");
    writeln!(out, "{} are left", TASKS.len())
}
