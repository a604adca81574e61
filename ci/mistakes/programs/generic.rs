use std::sync::Arc;
use std::task::Waker;

struct Job<T>(T);

impl<T> Job<T> {
    fn on_wake(&self) {}
}

fn waker<T: Send + Sync + 'static>(job: Arc<Job<T>>) -> Waker {
    waker_tables::waker_vtable! {
        static JOB: Arc<Job<T>> //~ E0401
            => Job::<T>::on_wake; //~ E0401
    }
    JOB.waker(job)
}
