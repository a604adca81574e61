//! Uses all that needs no allocator, in a program without any library but `core`: no `std`, no C. Ends with 0.

#![no_std]
#![no_main]

use core::arch::{asm, global_asm};
use core::panic::PanicInfo;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::task::{Poll, Waker};

use waker_tables::{
    Completed, Pause, Start, TaskVTable, UnsafeWakeablePtr, UnsafeWakeableTask, WakeState, WakeableTask, Woke,
    derive_unsafe_wakeable_vtable, waker_vtable,
};

struct Slot {
    state: WakeState,
    pushes: AtomicUsize,
}

impl Slot {
    fn on_wake(&self) {
        if self.state.wake() == Woke::Schedule {
            self.pushes.fetch_add(1, Ordering::Relaxed);
        }
    }
}

static SLOT: Slot = Slot { state: WakeState::new(), pushes: AtomicUsize::new(0) };
static IDS: AtomicUsize = AtomicUsize::new(0);

fn set_bit(id: usize) {
    IDS.fetch_or(1 << id, Ordering::Relaxed);
}

waker_vtable! {
    static BY_SLOT: &'static Slot => Slot::on_wake;
    static BY_ID: usize => set_bit;
}

static SLOT_WAKER: Waker = BY_SLOT.const_waker(&SLOT);
const ID_WAKER: Waker = BY_ID.const_waker(5);

struct Count(u32);

impl WakeableTask for Count {
    fn poll(&mut self) -> Poll<()> {
        self.0 += 1;
        if self.0 == 2 { Poll::Ready(()) } else { Poll::Pending }
    }
}

struct Once;

// SAFETY: three plain functions, good in any order and number.
unsafe impl UnsafeWakeableTask for Once {
    unsafe fn poll(&mut self) -> Poll<()> {
        Poll::Ready(())
    }

    unsafe fn wake(&self) {
        ID_WAKER.wake();
    }

    unsafe fn drop_in_place(&mut self) {}
}

static COUNT: TaskVTable = TaskVTable::of::<Count>();
derive_unsafe_wakeable_vtable!(Once, ONCE);

fn wakers() {
    let copy = SLOT_WAKER.clone();
    copy.wake_by_ref();
    copy.wake();
    assert!(SLOT.pushes.load(Ordering::Relaxed) == 1);
    assert!(SLOT.state.start() == Start::Run);
    BY_SLOT.waker_ref(&&SLOT).wake_by_ref();
    assert!(SLOT.state.pause() == Pause::Again);
    assert!(SLOT.state.complete() == Completed::Idle);

    let id = BY_ID.waker(5);
    assert!(id.will_wake(&ID_WAKER) && BY_ID.id(&id) == Some(5));
    assert!(BY_SLOT.get(&id).is_none() && BY_SLOT.get(&SLOT_WAKER).is_some());
}

fn tasks() {
    let (mut count, mut once) = (Count(0), Once);
    let mut tasks = [
        UnsafeWakeablePtr { data: (&raw mut count).cast(), vtable: &COUNT },
        UnsafeWakeablePtr { data: (&raw mut once).cast(), vtable: &ONCE },
    ];
    for ready in [1, 2] {
        let mut found = 0;
        for task in &mut tasks {
            // SAFETY: both stand on this stack, are of their table's type, and are used by nobody else.
            found += usize::from(unsafe { task.poll() }.is_ready());
            // SAFETY: as above.
            unsafe { task.wake() };
        }
        assert!(found == ready);
    }
    assert!(IDS.load(Ordering::Relaxed) == 1 << 5);
}

// A program begins with an aligned stack, a function expects the return address on top of that.
global_asm!(".globl _start", "_start:", "call {main}", "ud2", main = sym main);

extern "C" fn main() -> ! {
    wakers();
    tasks();
    exit(0)
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    exit(1)
}

fn exit(status: usize) -> ! {
    // SAFETY: the system call that ends the process.
    unsafe { asm!("syscall", in("rax") 60, in("rdi") status, options(noreturn)) }
}
