//! A whole scheduler without an allocator, run to its end on an emulated Cortex-M3.
//!
//! A timer interrupt wakes two `Blink` tasks through constant wakers over `&'static Slot`; each of them wakes the
//! one `Tally` task through an id waker. A wake sets one bit, and the main loop polls whatever bit is set.
//!
//! Beside them an `async fn` stands in a slot, and one in a place for static tasks, whose wakers count nothing: the same
//! interrupt wakes them, and that puts them into a queue without allocation, from which the main loop takes them.

#![no_std]
#![no_main]

use core::cell::Cell;
use core::future::{Future, poll_fn};
use core::panic::PanicInfo;
use core::pin::pin;
use core::ptr;
use core::sync::atomic::{AtomicU32, Ordering};
use core::task::{Context, Poll, Waker};

use cortex_m::Peripherals;
use cortex_m::asm::wfi;
use cortex_m::interrupt::{self, Mutex};
use cortex_m::peripheral::syst::SystClkSource;
use cortex_m_rt::{entry, exception};
use cortex_m_semihosting::debug::{self, EXIT_FAILURE, EXIT_SUCCESS};
use cortex_m_semihosting::hprintln;
use waker_tables::{
    Anywhere, JoinHandle, Linked, Pause, Queue, Runnable, Schedule, Start, Task, TaskVTable, UnsafeWakeablePtr,
    UnsafeWakeableTask, WakeState, WakeableTask, Woke, derive_unsafe_wakeable_vtable, static_task, task_slot,
    waker_vtable,
};

const TURNS: u32 = 4;
const TALLY_ID: usize = 2;

static READY: AtomicU32 = AtomicU32::new(0);
static TICKS: AtomicU32 = AtomicU32::new(0);
static LIGHT_CHANGES: AtomicU32 = AtomicU32::new(0);

/// What a wake of a blinker reaches.
struct Slot {
    bit: u32,
}

impl Slot {
    fn on_wake(&self) {
        READY.fetch_or(1 << self.bit, Ordering::Release);
    }
}

fn set_bit(id: usize) {
    READY.fetch_or(1 << id, Ordering::Release);
}

waker_vtable! {
    static LED: &'static Slot => Slot::on_wake;
    static BY_ID: usize => set_bit;
}

static SLOTS: [Slot; 2] = [Slot { bit: 0 }, Slot { bit: 1 }];
static LED_WAKERS: [Waker; 2] = [LED.const_waker(&SLOTS[0]), LED.const_waker(&SLOTS[1])];
static TALLY_WAKER: Waker = BY_ID.const_waker(TALLY_ID);

/// Turns a light on and off at each wake, and tells the tally.
struct Blink {
    name: &'static str,
    turns: u32,
    listener: Option<Waker>,
}

impl Blink {
    const fn new(name: &'static str) -> Self {
        Self { name, turns: 0, listener: None }
    }
}

impl WakeableTask for Blink {
    fn poll(&mut self) -> Poll<()> {
        self.turns += 1;
        LIGHT_CHANGES.fetch_add(1, Ordering::Relaxed);
        hprintln!("{} {}", self.name, if self.turns % 2 == 1 { "on" } else { "off" });
        if let Some(listener) = &self.listener {
            listener.wake_by_ref();
        }
        if self.turns == TURNS { Poll::Ready(()) } else { Poll::Pending }
    }

    fn close(&mut self) {
        self.listener = None;
    }
}

/// Waits until both blinkers have had their turns. The unsafe contract, so that both kinds of table are here.
struct Tally {
    polls: u32,
}

// SAFETY: plain functions over one number, good in any order and number.
unsafe impl UnsafeWakeableTask for Tally {
    unsafe fn poll(&mut self) -> Poll<()> {
        self.polls += 1;
        hprintln!("tally {}", self.polls);
        if LIGHT_CHANGES.load(Ordering::Relaxed) == 2 * TURNS { Poll::Ready(()) } else { Poll::Pending }
    }

    unsafe fn wake(&self) {}

    unsafe fn drop_in_place(&mut self) {
        self.polls = 0;
    }
}

static BLINK: TaskVTable = TaskVTable::of::<Blink>();
derive_unsafe_wakeable_vtable!(Tally, TALLY);

static mut LEFT: Blink = Blink::new("left");
static mut RIGHT: Blink = Blink::new("right");
static mut SUM: Tally = Tally { polls: 0 };

/// The header data of tasks in slots. There is one queue for them.
struct OnQueue;

static QUEUE: Queue<OnQueue> = Queue::new();

impl Schedule<Anywhere, Linked<Self>> for OnQueue {
    fn schedule(&self, runnable: Runnable<Linked<Self>>) {
        assert!(QUEUE.push(runnable).is_ok(), "nobody closes it");
    }
}

/// Who waits for the next tick, each in a seat of its own.
static WAITING: Mutex<[Cell<Option<Waker>>; 2]> = Mutex::new([const { Cell::new(None) }; 2]);

async fn tick(seat: usize) {
    let before = TICKS.load(Ordering::Relaxed);
    poll_fn(|context| {
        let waker = context.waker().clone();
        let (ticked, old) = interrupt::free(|section| {
            let ticked = TICKS.load(Ordering::Relaxed) != before;
            (ticked, WAITING.borrow(section)[seat].replace((!ticked).then_some(waker)))
        });
        drop(old);
        if ticked { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// Flashes so many times, at a tick each, and says how often it did.
async fn beacon(seat: usize, name: &'static str, turns: u32) -> u32 {
    let mut flashes = 0;
    while flashes < turns {
        tick(seat).await;
        flashes += 1;
        hprintln!("{} flashes", name);
    }
    flashes
}

task_slot!(static BEACON: beacon(usize, &'static str, u32));
static_task!(static LAMP: beacon(usize, &'static str, u32) in Linked<OnQueue> = Linked::new(OnQueue));

#[exception]
fn SysTick() {
    let tick = TICKS.fetch_add(1, Ordering::Relaxed) + 1;
    for seat in 0..2 {
        if let Some(waker) = interrupt::free(|section| WAITING.borrow(section)[seat].take()) {
            waker.wake();
        }
    }
    LED_WAKERS[0].wake_by_ref();
    if tick % 2 == 0 {
        LED_WAKERS[1].wake_by_ref();
    }
}

#[entry]
fn main() -> ! {
    recovery();
    wake_state();

    let (left, right) = (&raw mut LEFT, &raw mut RIGHT);
    // SAFETY: nobody else uses the two statics; the references end in this statement.
    unsafe { ((*left).listener, (*right).listener) = (Some(TALLY_WAKER.clone()), Some(TALLY_WAKER.clone())) };
    let mut tasks = [
        UnsafeWakeablePtr { data: left.cast(), vtable: &BLINK },
        UnsafeWakeablePtr { data: right.cast(), vtable: &BLINK },
        UnsafeWakeablePtr { data: (&raw mut SUM).cast(), vtable: &TALLY },
    ];
    let claim = BEACON.claim().expect("nobody uses it yet");
    let (runnable, handle) = Task::init(Linked::new(OnQueue), || beacon(0, "beacon", TURNS)).spawn_in(claim);
    assert!(BEACON.claim().is_none() && !BEACON.is_free());
    runnable.schedule();
    let mut lamps = 0;
    let mut taker = QUEUE.taker().unwrap();
    start_timer();

    let mut runs = 0;
    let mut open = 0b111_u32;
    let mut polls = [0_u32; 3];
    while open != 0 || !handle.is_finished() || !LAMP.is_free() || lamps < 2 {
        if let Some(claim) = LAMP.claim().filter(|_| lamps < 2) {
            // Its task ends, and another comes.
            lamps += 1;
            claim.spawn(|| beacon(1, "lamp", TURNS / 2)).schedule();
        }
        let ready = READY.swap(0, Ordering::Acquire) & open;
        for (bit, task) in tasks.iter_mut().enumerate().filter(|(bit, _)| ready & (1 << bit) != 0) {
            polls[bit] += 1;
            // SAFETY: each static is of its table's type and used through this pair alone.
            if unsafe { task.poll() }.is_ready() {
                // SAFETY: as above; its bit is taken out, so nothing is called after this.
                unsafe { task.drop_in_place() };
                open &= !(1 << bit);
                hprintln!("task {} is done", bit);
            }
        }
        let runnable = taker.pop();
        let idle = ready == 0 && runnable.is_none();
        if let Some(runnable) = runnable {
            runs += 1;
            runnable.run();
        }
        if idle {
            assert!(TICKS.load(Ordering::Relaxed) < 1_000, "tasks {open:#b} or {handle:?} are never woken");
            wfi();
        }
    }

    let expected = if cfg!(feature = "wrong") { TURNS + 1 } else { TURNS };
    assert_eq!([polls[0], polls[1], output(handle)], [expected; 3]);
    assert!((2..=2 * TURNS).contains(&polls[2]), "{polls:?}");
    assert!(runs > 2 * TURNS, "the tasks ran first, and after each tick");
    hprintln!("done: {:?} polls, {} runs", polls, runs);

    // All handles are gone, so the slot is free for another, which is cancelled with its runnable.
    let claim = BEACON.claim().expect("it is free again");
    drop(Task::new(beacon(0, "another", 1), Linked::new(OnQueue)).detached().spawn_in(claim));
    assert!(BEACON.is_free());
    exit(true)
}

/// What came of a task that is finished.
fn output<T, H>(handle: JoinHandle<T, H>) -> T {
    match pin!(handle).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok(output)) => output,
        Poll::Ready(Err(error)) => panic!("{error}"),
        Poll::Pending => panic!("it is not finished"),
    }
}

/// The way back from a waker, and the identity of wakers, on a target where nothing was tried before.
fn recovery() {
    for (waker, slot) in LED_WAKERS.iter().zip(&SLOTS) {
        let copy = waker.clone();
        assert!(copy.will_wake(waker) && copy.will_wake(&LED.waker(slot)) && copy.will_wake(&LED.waker_ref(&slot)));
        assert!(ptr::eq(LED.get(&copy).unwrap(), slot));
        assert!(ptr::eq(LED.into_pointer(copy).unwrap(), slot));
        assert_eq!(BY_ID.id(waker), None);
    }
    assert!(!LED_WAKERS[0].will_wake(&LED_WAKERS[1]));
    assert_eq!(BY_ID.id(&TALLY_WAKER.clone()), Some(TALLY_ID));
    assert!(TALLY_WAKER.will_wake(&BY_ID.waker(TALLY_ID)) && !TALLY_WAKER.will_wake(&BY_ID.waker(3)));
    assert!(LED.get(&TALLY_WAKER).is_none() && !LED.matches(Waker::noop()) && !BY_ID.matches(Waker::noop()));
    assert!(BLINK.is::<Blink>() && !BLINK.is::<Tally>() && TALLY.is::<Tally>());
    hprintln!("wakers lead back to their slots");
}

/// The state word, on a target with compare-and-swap.
fn wake_state() {
    static STATE: WakeState = WakeState::new();
    assert_eq!((STATE.wake(), STATE.wake()), (Woke::Schedule, Woke::AlreadyScheduled));
    assert_eq!((STATE.start(), STATE.wake(), STATE.pause()), (Start::Run, Woke::WhileRunning, Pause::Again));
    hprintln!("the state word loses no wake");
}

fn start_timer() {
    let mut timer = Peripherals::take().unwrap().SYST;
    timer.set_clock_source(SystClkSource::Core);
    timer.set_reload(12_000_000 / 100);
    timer.clear_current();
    timer.enable_interrupt();
    timer.enable_counter();
}

fn exit(good: bool) -> ! {
    debug::exit(if good { EXIT_SUCCESS } else { EXIT_FAILURE });
    loop {
        wfi();
    }
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    hprintln!("{}", info);
    exit(false)
}
