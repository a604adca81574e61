//! Uses all that needs no allocator, in a program without any library but `core`: no `std`, no C. Ends with 0.

#![no_std]
#![no_main]

use core::arch::{asm, global_asm};
use core::future::{Future, Ready, poll_fn, ready};
use core::panic::PanicInfo;
use core::pin::pin;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::task::{Context, Poll, Waker};

use waker_tables::{
    Anywhere, Completed, Linked, Pause, Queue, Ran, Runnable, Schedule, Start, StaticWakerSet, Task, TaskRef,
    TaskSlot, TaskVTable, UnsafeWakeablePtr, UnsafeWakeableTask, WakeState, WakeableTask, Woke,
    derive_unsafe_wakeable_vtable, task_slot, waker_vtable,
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

struct OnQueue;

static QUEUE: Queue<OnQueue> = Queue::new();

impl Schedule<Anywhere, Linked<Self>> for OnQueue {
    fn schedule(&self, runnable: Runnable<Linked<Self>>) {
        assert!(QUEUE.push(runnable).is_ok());
    }
}

/// Waits `turns` times.
async fn waits(turns: u32) -> u32 {
    let mut polls = 0;
    poll_fn(|_| {
        polls += 1;
        if polls > turns { Poll::Ready(polls) } else { Poll::Pending }
    })
    .await
}

static NAMED: TaskSlot<Linked<OnQueue>, Ready<u32>> = TaskSlot::new();
task_slot!(static UNNAMED: waits(u32));

fn slots() {
    let mut taker = QUEUE.taker().unwrap();
    let mut context = Context::from_waker(Waker::noop());

    let (runnable, handle) = Task::new(ready(7), Linked::new(OnQueue)).spawn_in(NAMED.claim().unwrap());
    assert!(NAMED.claim().is_none());
    runnable.schedule();
    assert!(taker.pop().unwrap().run() == Ran::Complete);
    assert!(pin!(handle).poll(&mut context) == Poll::Ready(Ok(7)));

    let (runnable, handle) = Task::init(Linked::new(OnQueue), || waits(2)).spawn_in(UNNAMED.claim().unwrap());
    let waker = runnable.task().to_waker();
    assert!(TaskRef::<Linked<OnQueue>>::from_waker(&waker).is_some());
    assert!(runnable.run() == Ran::Pending && taker.pop().is_none());
    waker.wake_by_ref();
    waker.wake_by_ref();
    assert!(taker.pop().unwrap().run() == Ran::Pending && taker.pop().is_none());
    waker.wake();
    assert!(taker.pop().unwrap().run() == Ran::Complete);
    assert!(pin!(handle).poll(&mut context) == Poll::Ready(Ok(3)));

    // Every handle is gone.
    assert!(NAMED.is_free() && UNNAMED.is_free());
}

static CHILDREN: StaticWakerSet<3> = StaticWakerSet::new();

fn sets() {
    let set = CHILDREN.take().unwrap();
    assert!(CHILDREN.take().is_none());
    let waker = set.waker(2);
    set.register(Waker::noop());
    waker.wake_by_ref();
    set.waker_ref(0).wake_by_ref();
    waker.wake();
    assert!(set.drain().eq([2, 0]));
}

// A program begins with an aligned stack, a function expects the return address on top of that.
global_asm!(".globl _start", "_start:", "call {main}", "ud2", main = sym main);

extern "C" fn main() -> ! {
    wakers();
    tasks();
    slots();
    sets();
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
