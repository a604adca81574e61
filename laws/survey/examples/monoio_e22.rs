//! E22, monoio 0.2.4: a main future that wakes itself is polled for ever, and no task once.
use std::{cell::Cell, rc::Rc, task::Poll};
fn main() {
    let (ran, mut polls) = (Rc::new(Cell::new(false)), 0);
    let its = ran.clone();
    monoio::RuntimeBuilder::<monoio::LegacyDriver>::new().build().unwrap().block_on(async {
        monoio::spawn(async move { its.set(true) });
        std::future::poll_fn(|cx| {
            polls += 1;
            cx.waker().wake_by_ref();
            if ran.get() || polls == 1_000_000 { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    });
    println!("{polls} polls of the main future before the task's first");
}
