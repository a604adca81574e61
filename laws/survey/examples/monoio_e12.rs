//! E12, E13, E15, E20, E21, monoio 0.2.4: a task whose waker is kept is not dropped with its runtime, but by the waker.
use std::{
    cell::RefCell,
    rc::Rc,
    task::{Poll, Waker},
};
struct Drops;
impl Drop for Drops {
    fn drop(&mut self) {
        println!("dropped")
    }
}
fn main() {
    let kept: Rc<RefCell<Option<Waker>>> = Rc::default();
    let (its, drops) = (kept.clone(), Drops);
    let mut runtime = monoio::RuntimeBuilder::<monoio::LegacyDriver>::new().build().unwrap();
    runtime.block_on(async {
        monoio::spawn(std::future::poll_fn(move |cx| {
            let _ = &drops;
            *its.borrow_mut() = Some(cx.waker().clone());
            Poll::<()>::Pending
        }));
        let mut turn = 0; // two turns for the task
        std::future::poll_fn(|cx| {
            turn += 1;
            let waker = cx.waker().clone();
            if turn == 1 {
                std::thread::spawn(|| {
                    std::thread::sleep(std::time::Duration::from_millis(200));
                    waker.wake()
                });
                Poll::Pending
            } else {
                Poll::Ready(())
            }
        })
        .await;
    });
    drop(runtime);
    println!("the runtime is gone");
    kept.take(); // only now: `dropped`
}
