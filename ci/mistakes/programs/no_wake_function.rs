use std::sync::Arc;

struct Job;

impl Job {
    fn exclusive(&mut self) {}
    async fn asynchronous(&self) {}
    fn fallible(&self) -> Result<(), ()> {
        Ok(())
    }
    unsafe fn not_safe(&self) {}
    fn of_more(&self, _: u8) {}
}

waker_tables::waker_vtable! {
    static EXCLUSIVE: Arc<Job> => Job::exclusive; //~ E0277
    static ASYNCHRONOUS: Arc<Job> => Job::asynchronous; //~ E0277
    static FALLIBLE: Arc<Job> => Job::fallible; //~ E0277
    static NOT_SAFE: Arc<Job> => Job::not_safe; //~ E0277
    static OF_MORE: Arc<Job> => Job::of_more; //~ E0277
}
