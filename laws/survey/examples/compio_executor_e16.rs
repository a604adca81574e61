//! E16, compio-executor 0.1.4: what is left when a panic unwinds through its thread is not dropped.
struct Drops;
impl Drop for Drops {
    fn drop(&mut self) {
        println!("dropped")
    }
}
fn main() {
    let ran = std::panic::catch_unwind(|| {
        let executor = compio_executor::Executor::new();
        executor
            .spawn(async {
                let _drops = Drops;
                std::future::pending::<()>().await
            })
            .detach();
        executor.tick();
        panic!("the panic of another task, say"); // clears and drops the executor
    });
    println!("caught: {}", ran.is_err());
}
