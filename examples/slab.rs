//! 10 000 tasks in one slab: no allocation per task, and the same safe owner as for boxes.

use std::cell::UnsafeCell;
use std::mem::MaybeUninit;
use std::ptr::NonNull;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;

use waker_tables::{OwnedTask, Release, TaskVTable, WakeableTask};

const TASKS: usize = if cfg!(miri) { 100 } else { 10_000 };
static TOTAL: AtomicU64 = AtomicU64::new(0);

struct Add(u64);

impl WakeableTask for Add {
    fn poll(&mut self) -> Poll<()> {
        TOTAL.fetch_add(self.0, Ordering::Relaxed);
        Poll::Ready(())
    }
}

struct Slab([UnsafeCell<MaybeUninit<Add>>; TASKS]);

// SAFETY: a slot is used by the owner that holds its number, or by nobody; `Add` is `Send`.
unsafe impl Sync for Slab {}

static SLAB: Slab = Slab([const { UnsafeCell::new(MaybeUninit::uninit()) }; TASKS]);
static FREE: Mutex<Vec<usize>> = Mutex::new(Vec::new());

// SAFETY: every owner over `TABLE` is made of a slot of `SLAB`; the slot's number goes back to the free ones.
unsafe impl Release<Add> for Slab {
    unsafe fn release(task: *mut Add) {
        let slot = (task.addr() - SLAB.0.as_ptr().addr()) / size_of::<Add>();
        FREE.lock().expect("nobody panics under it").push(slot);
    }
}

static TABLE: TaskVTable = TaskVTable::of_released::<Add, Slab>();

fn add(number: u64) -> Option<OwnedTask> {
    let slot = FREE.lock().expect("nobody panics under it").pop()?;
    let place = NonNull::new(SLAB.0[slot].get())?.cast::<Add>();
    // SAFETY: the slot was free, so nobody uses its memory.
    unsafe { place.write(Add(number)) };
    // SAFETY: a live task of the table's type in a slot of the slab, and its number is this owner's alone.
    Some(unsafe { OwnedTask::from_parts(place, &TABLE) })
}

fn main() {
    FREE.lock().expect("nobody panics under it").extend(0..TASKS);
    for round in 1..=3 {
        let mut tasks: Vec<_> = (0..).map_while(add).collect();
        let ready = tasks.iter_mut().map(OwnedTask::poll).filter(Poll::is_ready).count();
        let full = add(0).is_none();
        drop(tasks);
        let (total, free) = (TOTAL.load(Ordering::Relaxed), FREE.lock().expect("nobody panics under it").len());
        println!("round {round}: {ready} tasks ready, slab full: {full}, total {total}; {free} slots free again");
    }
}
