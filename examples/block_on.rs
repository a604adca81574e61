//! `block_on` in 25 lines: its waker borrows, so a poll costs no refcount.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::thread::{self, JoinHandle, Thread};

use waker_tables::waker_vtable;

struct Parker(Thread, AtomicBool);

impl Parker {
    fn unpark(&self) {
        self.1.store(true, Ordering::Release);
        self.0.unpark();
    }
}

waker_vtable! { static PARKER: Arc<Parker> => Parker::unpark; }

fn block_on<F: Future>(future: F) -> F::Output {
    let parker = Arc::new(Parker(thread::current(), AtomicBool::new(false)));
    let waker = PARKER.waker_ref(&parker);
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        // A park may end by itself.
        while !parker.1.swap(false, Ordering::Acquire) {
            thread::park();
        }
    }
}

fn main() {
    let (mut polls, mut worker) = (0, None::<JoinHandle<u32>>);
    let answer = block_on(poll_fn(|cx| {
        polls += 1;
        let Some(thread) = worker.take() else {
            let waker = cx.waker().clone();
            worker = Some(thread::spawn(move || {
                waker.wake();
                6 * 7
            }));
            return Poll::Pending;
        };
        Poll::Ready(thread.join().expect("it does not panic"))
    }));
    println!("{answer} from another thread, after {polls} polls");
}
