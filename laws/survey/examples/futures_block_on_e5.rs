//! E5, futures-executor 0.3.34, `block_on` and `LocalPool`: a wake in the last poll of one run is found by the next run
//! of the thread.
use std::{future::poll_fn, task::Poll};

use futures::executor::block_on;
fn main() {
    block_on(poll_fn(|cx| {
        cx.waker().wake_by_ref();
        Poll::Ready(())
    }));
    let mut polls = 0;
    block_on(poll_fn(|_| {
        polls += 1;
        if polls == 2 { Poll::Ready(()) } else { Poll::Pending } // nobody wakes it
    }));
    println!("{polls} polls, no wake");
}
