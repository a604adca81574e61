//! E25, async-task 4.7.1 (and async-executor on it): the same where the task is dropped before its end.
struct Panics;
impl Drop for Panics {
    fn drop(&mut self) {
        panic!("in a destructor")
    }
}
fn main() {
    let panics = Panics;
    let future = async move {
        let _owned = &panics;
        std::future::pending::<()>().await
    };
    let (runnable, task) = async_task::spawn(future, |_| ());
    task.detach();
    let dropped = std::panic::catch_unwind(|| drop(runnable));
    println!("not reached: {dropped:?}");
}
