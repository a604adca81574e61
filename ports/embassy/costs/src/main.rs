//! What steps of a task's life cost, for callgrind: `costs <yield|yield-of-8|spawn> <times>`; `costs bytes` prints
//! what a task takes.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

use embassy_executor::raw::{Executor, TaskPool, TaskStorage};

/// Called by both, and seen through by neither.
#[inline(never)]
#[unsafe(export_name = "__pender")]
fn pender(context: *mut ()) {
    core::hint::black_box(context);
}

/// Wakes itself before each poll but the last.
struct Yields {
    left: usize,
    _more: [usize; 5],
}

impl Future for Yields {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.left == 0 {
            return Poll::Ready(());
        }
        self.left -= 1;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

static TASK: TaskStorage<Yields> = TaskStorage::new();
static EIGHT: TaskPool<Yields, 8> = TaskPool::new();

fn spawn(executor: &'static Executor, times: usize) {
    let token = TASK.spawn(|| Yields { left: times, _more: [0; 5] }).expect("the one before is over");
    executor.spawner().spawn(token);
}

fn main() {
    let executor: &'static Executor = Box::leak(Box::new(Executor::new(core::ptr::null_mut())));
    let mut arguments = std::env::args().skip(1);
    let (what, times) = (arguments.next().unwrap(), arguments.next());
    let times = times.map_or(0, |times| times.parse().unwrap());
    match what.as_str() {
        "bytes" => println!("{}", size_of::<TaskStorage<Yields>>()),
        "yield" => {
            spawn(executor, times);
            // SAFETY: not from within.
            (0..=times).for_each(|_| unsafe { executor.poll() });
        }
        "yield-of-8" => {
            for _ in 0..8 {
                let token = EIGHT.spawn(|| Yields { left: times / 8, _more: [0; 5] }).expect("eight places");
                executor.spawner().spawn(token);
            }
            // SAFETY: not from within.
            (0..=times / 8).for_each(|_| unsafe { executor.poll() });
        }
        "spawn" => {
            for _ in 0..times {
                spawn(executor, 0);
                // SAFETY: not from within.
                unsafe { executor.poll() };
            }
        }
        other => panic!("no {other}"),
    }
}
