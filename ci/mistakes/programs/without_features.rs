// features: std
use waker_tables::VTableKey; //~ E0432
use waker_tables::spawn; //~ E0432

async fn work() {}

waker_tables::task_slot!(static SLOT: work()); //~ error

fn start(_: VTableKey) {
    let _ = spawn(work(), ());
}
