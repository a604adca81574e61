use std::cell::Cell;
use std::sync::Arc;

struct Job(Cell<u8>);

impl Job {
    fn on_wake(&self) {
        self.0.set(1);
    }
}

waker_tables::waker_vtable! {
    static COUNTED: Arc<Job> => Job::on_wake; //~ E0277
    static FIXED: &'static Job => Job::on_wake; //~ E0277
}
