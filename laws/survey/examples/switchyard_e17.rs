//! E17, switchyard 0.3.1: a destructor that panics leaves whoever waits for the task waiting.
struct Panics;
impl Drop for Panics {
    fn drop(&mut self) {
        panic!("in a destructor")
    }
}
fn main() {
    let yard: switchyard::Switchyard<()> =
        switchyard::Switchyard::new(switchyard::threads::single_thread(None, None), || ()).unwrap();
    let panics = Panics;
    let handle = yard.spawn(
        0,
        std::future::poll_fn(move |_| {
            let _ = &panics;
            std::task::Poll::Ready(())
        }),
    );
    futures::executor::block_on(handle); // never returns
}
