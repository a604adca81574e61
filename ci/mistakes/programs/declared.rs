use std::cell::Cell;
use std::sync::Arc;
use std::task::Wake;

struct NoWake;

waker_tables::declare_raw_waker_vtable!(NoWake, NO_WAKE); //~ E0277

struct NotSync(Cell<u8>);

impl Wake for NotSync {
    fn wake(self: Arc<Self>) {
        self.0.set(1);
    }
}

waker_tables::declare_raw_waker_vtable!(NotSync, NOT_SYNC); //~ E0277
