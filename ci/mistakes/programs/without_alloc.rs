// features: registry, shared
use std::sync::Arc;

struct Job;

impl Job {
    fn on_wake(&self) {}
}

waker_tables::waker_vtable! { static JOB: Arc<Job> => Job::on_wake; } //~ E0277
waker_tables::derive_arc_unsafe_wakeable!(Job, on_wake); //~ error
waker_tables::declare_raw_waker_vtable!(Job, DECLARED); //~ error
