//! Tasks and wakers without an allocator: all of it in statics. It builds for bare metal as it is, but for the printing.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Poll, Waker};

use waker_tables::{TaskVTable, UnsafeWakeablePtr, WakeableTask, waker_vtable};

/// Which tasks are to be polled, one bit each.
static READY: AtomicUsize = AtomicUsize::new(0);

fn mark_ready(id: usize) {
    READY.fetch_or(1 << id, Ordering::Release);
}

waker_vtable! {
    /// Wakers that are a number: clone and drop touch nothing but their own two words.
    static ID: usize => mark_ready;
}

/// A waker in a constant, as an interrupt handler would hold it.
static BUTTON: Waker = ID.const_waker(1);

struct Blink(u32);
struct Press(Option<Waker>);

impl WakeableTask for Blink {
    fn poll(&mut self) -> Poll<()> {
        self.0 += 1;
        println!("blink {}", self.0);
        BUTTON.wake_by_ref();
        if self.0 == 2 { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl WakeableTask for Press {
    fn poll(&mut self) -> Poll<()> {
        println!("pressed");
        self.0.take().map_or(Poll::Ready(()), |waker| {
            waker.wake();
            Poll::Pending
        })
    }
}

static BLINK: TaskVTable = TaskVTable::of::<Blink>();
static PRESS: TaskVTable = TaskVTable::of::<Press>();

fn main() {
    let (mut blink, mut press) = (Blink(0), Press(Some(ID.waker(0))));
    let mut tasks = [
        UnsafeWakeablePtr { data: (&raw mut blink).cast(), vtable: &BLINK },
        UnsafeWakeablePtr { data: (&raw mut press).cast(), vtable: &PRESS },
    ];
    mark_ready(0);
    loop {
        let ready = READY.swap(0, Ordering::Acquire);
        if ready == 0 {
            break; // a real loop waits for an interrupt here
        }
        for id in (0..tasks.len()).filter(|id| ready & (1 << id) != 0) {
            // SAFETY: both tasks outlive the loop, are of their table's type, and are used here alone.
            let answer = unsafe { tasks[id].poll() };
            println!("task {id}: {answer:?}");
        }
    }
    println!("nothing is ready; button is id {:?}", ID.id(&BUTTON));
}
