use std::rc::Rc;
use std::sync::Arc;

struct Job;

impl Job {
    fn on_wake(&self) {}
}

waker_tables::waker_vtable! {
    static RC: Rc<Job> => Job::on_wake; //~ E0277
    static BOXED: Box<Job> => Job::on_wake; //~ E0277
    static RIGHT: Arc<Job> => Job::on_wake;
    static BARE: Job => Job::on_wake; //~ E0277
}
