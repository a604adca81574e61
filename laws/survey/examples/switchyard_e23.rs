//! E23, switchyard 0.3.1: each poll has another waker, by `will_wake`.
use std::task::{Poll, Waker};
fn main() {
    let yard: switchyard::Switchyard<()> =
        switchyard::Switchyard::new(switchyard::threads::single_thread(None, None), || ()).unwrap();
    let mut first: Option<Waker> = None;
    let handle = yard.spawn(
        0,
        std::future::poll_fn(move |cx| match &first {
            Some(first) => Poll::Ready(first.will_wake(cx.waker())),
            None => {
                first = Some(cx.waker().clone());
                cx.waker().wake_by_ref();
                Poll::Pending
            }
        }),
    );
    println!("the same: {}", futures::executor::block_on(handle));
}
