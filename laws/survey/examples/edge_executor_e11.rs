//! E11, E12, E13 and E16, edge-executor 0.5.0: a task that is not over is not dropped with its executor.
struct Drops;
impl Drop for Drops {
    fn drop(&mut self) {
        println!("dropped")
    }
}
fn main() {
    let executor: edge_executor::LocalExecutor<'_> = edge_executor::LocalExecutor::default();
    executor
        .spawn(async {
            let _drops = Drops;
            std::future::pending::<()>().await
        })
        .detach();
    executor.try_tick();
    drop(executor); // prints nothing; with async-executor it prints `dropped`
}
