//! E17, async-task 4.7.1 (and async-executor, smol, edge-executor on it): a destructor that panics ends the process.
struct Panics;
impl Drop for Panics {
    fn drop(&mut self) {
        panic!("in a destructor")
    }
}
fn main() {
    let future = {
        let panics = Panics;
        std::future::poll_fn(move |_| {
            let _owned = &panics;
            std::task::Poll::Ready(())
        })
    };
    let (runnable, _task) = async_task::spawn(future, |_| ());
    let run = std::panic::catch_unwind(|| runnable.run());
    println!("not reached: {run:?}");
}
