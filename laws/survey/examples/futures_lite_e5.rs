//! E5, futures-lite 2.6.1 (and what is run by its `block_on` or async-io's): a wake in the last poll of one run is found
//! by the next run of the thread.
use futures_lite::future::{block_on, poll_fn};
use std::task::Poll;
fn main() {
    block_on(poll_fn(|cx| {
        cx.waker().wake_by_ref();
        Poll::Ready(())
    }));
    let mut polls = 0;
    block_on(poll_fn(|_| {
        polls += 1;
        if polls == 2 { Poll::Ready(()) } else { Poll::Pending }
    })); // nobody wakes it
    println!("{polls} polls, no wake");
}
