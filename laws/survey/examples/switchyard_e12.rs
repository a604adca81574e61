//! E12, E20, E21, switchyard 0.3.1: a task whose waker is kept is not dropped with its yard.
use std::{
    sync::{Arc, Mutex},
    task::{Poll, Waker},
};
struct Drops;
impl Drop for Drops {
    fn drop(&mut self) {
        println!("dropped")
    }
}
fn main() {
    let (kept, drops) = (Arc::new(Mutex::new(None::<Waker>)), Drops);
    let yard: switchyard::Switchyard<()> =
        switchyard::Switchyard::new(switchyard::threads::single_thread(None, None), || ()).unwrap();
    let its = kept.clone();
    drop(yard.spawn(
        0,
        std::future::poll_fn(move |cx| {
            let _ = &drops;
            *its.lock().unwrap() = Some(cx.waker().clone());
            Poll::<()>::Pending
        }),
    ));
    while kept.lock().unwrap().is_none() {
        std::thread::yield_now()
    }
    drop(yard);
    println!("the yard is gone");
    drop(kept.lock().unwrap().take()); // only now: `dropped`
}
