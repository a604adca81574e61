//! E25, futures-concurrency 7.7.1, `FutureGroup`: one destructor panics, and others never run.
use std::panic::{AssertUnwindSafe, catch_unwind};
struct Drops(u8);
impl Drop for Drops {
    fn drop(&mut self) {
        println!("dropped: {}", self.0);
        assert_ne!(self.0, 2, "in a destructor")
    }
}
fn main() {
    let mut group = futures_concurrency::future::FutureGroup::new();
    for drops in [Drops(1), Drops(2), Drops(3)] {
        group.insert(async move {
            let _owned = &drops;
            std::future::pending::<()>().await
        });
    }
    let dropped = catch_unwind(AssertUnwindSafe(|| drop(group)));
    println!("caught: {}", dropped.is_err()); // of three, two were dropped
}
