//! E11, E12, E13, E20, E21, E24, futures-executor 0.3.34: a task that waits is not dropped with its pool.
use futures::task::SpawnExt;
struct Drops;
impl Drop for Drops {
    fn drop(&mut self) {
        println!("dropped")
    }
}
fn main() {
    let pool = futures::executor::ThreadPool::builder().pool_size(1).create().unwrap();
    pool.spawn(async {
        let _drops = Drops;
        std::future::pending::<()>().await
    })
    .unwrap();
    futures::executor::block_on(pool.spawn_with_handle(async {}).unwrap()); // the only thread has polled both
    drop(pool);
    std::thread::sleep(std::time::Duration::from_secs(1)); // prints nothing
}
