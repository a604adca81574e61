//! E25, futures-util 0.3.34, `FuturesUnordered`, and `LocalPool` on it: one destructor panics, and others never run.
use std::panic::{AssertUnwindSafe, catch_unwind};
struct Drops(u8);
impl Drop for Drops {
    fn drop(&mut self) {
        println!("dropped: {}", self.0);
        assert_ne!(self.0, 2, "in a destructor")
    }
}
fn main() {
    let set = futures::stream::FuturesUnordered::new();
    for drops in [Drops(1), Drops(2), Drops(3)] {
        set.push(async move {
            let _owned = &drops;
            std::future::pending::<()>().await
        })
    }
    let dropped = catch_unwind(AssertUnwindSafe(|| drop(set)));
    println!("caught: {}", dropped.is_err()); // of three, two were dropped
}
