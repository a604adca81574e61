use std::cell::Cell;
use std::sync::Arc;

struct NotSync(Cell<u8>);

impl NotSync {
    fn on_wake(self: Arc<Self>) {
        self.0.set(1);
    }
}

waker_tables::derive_arc_unsafe_wakeable!(NotSync, on_wake); //~ E0277

struct Exclusive;

impl Exclusive {
    fn on_wake(&mut self) {}
}

waker_tables::derive_arc_unsafe_wakeable!(Exclusive, on_wake); //~ E0277

struct Asynchronous;

impl Asynchronous {
    async fn on_wake(self: Arc<Self>) {}
}

waker_tables::derive_arc_unsafe_wakeable!(Asynchronous, on_wake); //~ E0277

struct Nothing;

waker_tables::derive_arc_unsafe_wakeable!(Nothing, on_wake); //~ E0599
