use std::sync::Arc;

trait Job: Send + Sync {
    fn on_wake(&self);
}

waker_tables::waker_vtable! {
    static COUNTED: Arc<dyn Job> => <dyn Job>::on_wake; //~ E0277
    static FIXED: &'static dyn Job => <dyn Job>::on_wake; //~ E0277
}
