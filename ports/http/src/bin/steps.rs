//! Says how long the steps of a task's life take, in nanoseconds, with the schedule function that async-executor has:
//! one that has the queue. Rounds are short and the fastest counts, so that it hardly matters what else the machine does.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use async_task::{Builder, Runnable, Task};

const ROUNDS: u32 = 200;
const TASKS: u32 = 5000;

#[derive(Default)]
struct Queue(Mutex<VecDeque<Runnable>>);

impl Queue {
    fn pop(&self) -> Option<Runnable> {
        self.0.lock().unwrap().pop_front()
    }

    fn run_all(&self) {
        while let Some(runnable) = self.pop() {
            runnable.run();
        }
    }
}

struct Yields(u32);

impl Future for Yields {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.0 == 0 {
            return Poll::Ready(());
        }
        self.0 -= 1;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

fn spawn<F>(queue: &Arc<Queue>, future: F) -> Task<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    let to = queue.clone();
    let schedule = move |runnable| to.0.lock().unwrap().push_back(runnable);
    let (runnable, task) = Builder::new().propagate_panic(true).spawn(|()| future, schedule);
    runnable.schedule();
    task
}

fn join(queue: &Arc<Queue>) {
    for _ in 0..TASKS {
        let task = spawn(queue, async { black_box(1) });
        queue.run_all();
        assert!(pin!(task).poll(&mut Context::from_waker(Waker::noop())).is_ready());
    }
}

fn detach(queue: &Arc<Queue>) {
    for _ in 0..TASKS {
        spawn(queue, async { black_box(1) }).detach();
        queue.run_all();
    }
}

fn cancel(queue: &Arc<Queue>) {
    for _ in 0..TASKS {
        drop(spawn(queue, async { black_box(1) }));
        queue.run_all();
    }
}

fn yields(queue: &Arc<Queue>) {
    spawn(queue, Yields(TASKS)).detach();
    queue.run_all();
}

fn wake(queue: &Arc<Queue>) {
    let slot = Arc::new(Mutex::new(None::<Waker>));
    let left = slot.clone();
    let waits = poll_fn(move |context| {
        *left.lock().unwrap() = Some(context.waker().clone());
        Poll::<()>::Pending
    });
    let task = spawn(queue, waits);
    queue.run_all();
    for _ in 0..TASKS {
        slot.lock().unwrap().take().unwrap().wake();
        queue.run_all();
    }
    drop(task);
    queue.run_all();
}

fn task_awaits_task(queue: &Arc<Queue>) {
    for _ in 0..TASKS {
        let inner = spawn(queue, Yields(1));
        let outer = spawn(queue, inner);
        queue.run_all();
        drop(outer);
    }
}

fn main() {
    type Step = fn(&Arc<Queue>);
    let steps: [(&str, Step); 6] = [
        ("spawn, run, await", join),
        ("spawn, detach, run", detach),
        ("spawn, cancel, run", cancel),
        ("yield, run", yields),
        ("wake by a waker, run", wake),
        ("a task that awaits one that yields", task_awaits_task),
    ];
    let queue = Arc::new(Queue::default());
    for (name, step) in steps {
        let round = |_| {
            let begin = Instant::now();
            step(&queue);
            begin.elapsed()
        };
        let best = (0..ROUNDS).map(round).min().unwrap_or_default();
        println!("{name}|{:.1}", best.as_secs_f64() * 1e9 / f64::from(TASKS));
    }
}
