//! A whole scheduler without an allocator, run to its end on an emulated Cortex-M3.
//!
//! A timer interrupt wakes two `Blink` tasks through constant wakers over `&'static Slot`; each of them wakes the
//! one `Tally` task through an id waker. A wake sets one bit, and the main loop polls whatever bit is set.

#![no_std]
#![no_main]

use core::panic::PanicInfo;
use core::ptr;
use core::sync::atomic::{AtomicU32, Ordering};
use core::task::{Poll, Waker};

use cortex_m::Peripherals;
use cortex_m::asm::wfi;
use cortex_m::peripheral::syst::SystClkSource;
use cortex_m_rt::{entry, exception};
use cortex_m_semihosting::debug::{self, EXIT_FAILURE, EXIT_SUCCESS};
use cortex_m_semihosting::hprintln;
use waker_tables::{
    Pause, Start, TaskVTable, UnsafeWakeablePtr, UnsafeWakeableTask, WakeState, WakeableTask, Woke,
    derive_unsafe_wakeable_vtable, waker_vtable,
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

#[exception]
fn SysTick() {
    let tick = TICKS.fetch_add(1, Ordering::Relaxed) + 1;
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
    start_timer();

    let mut open = 0b111_u32;
    let mut polls = [0_u32; 3];
    while open != 0 {
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
        if ready == 0 {
            assert!(TICKS.load(Ordering::Relaxed) < 1_000, "tasks {open:#b} are never woken");
            wfi();
        }
    }

    let expected = if cfg!(feature = "wrong") { TURNS + 1 } else { TURNS };
    assert_eq!(polls[..2], [expected; 2]);
    assert!((2..=2 * TURNS).contains(&polls[2]), "{polls:?}");
    hprintln!("done: {:?} polls", polls);
    exit(true)
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
