//! W7, W8, cooked-waker 5.0.0: a clone is another waker, by `will_wake`, in builds that do not merge the tables.
use cooked_waker::{IntoWaker, Wake, WakeRef};
struct Job;
impl WakeRef for Job {
    fn wake_by_ref(&self) {}
}
impl Wake for Job {}
fn main() {
    let waker = std::sync::Arc::new(Job).into_waker();
    println!("the same: {}", waker.will_wake(&waker.clone()));
}
