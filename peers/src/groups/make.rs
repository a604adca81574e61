//! Making and dropping: a job of 16 bytes in a box behind each form.
//!
//! *At once* each is dropped before the next is made, which is the allocator's shortest path; *kept* 1 024 are made,
//! then dropped.

use std::hint::black_box;
use std::task::Poll;

use waker_tables::{Entry, KeyRef, OwnedTask, RegisteredTask, TaskVTable, VTableKey};

use super::poll::job::{Job, Task};
use crate::harness::{Case, Round, timed};
use crate::plan::Plan;
use crate::progress::Progress;
use crate::report::{GroupReport, Side};

/// How many jobs a pass makes.
const BATCH: u64 = 1024;

/// The type of all jobs here; the registries hold it among others.
type Made = Job<3>;

const KEY: VTableKey = VTableKey::new("make", "job", 3);
const OLD_KEY: waker_tables_04::VTableKey = waker_tables_04::VTableKey { segment: "make", kind: "job", version: 3 };

static TABLE: TaskVTable = TaskVTable::of::<Made>();
static OLD_TABLE: waker_tables_04::UnsafeWakeableVTable = waker_tables_04::UnsafeWakeableVTable::of::<Made>();
static FACTORIES: waker_tables::VTableRegistry = waker_tables::VTableRegistry::new();

/// Runs the group.
pub(super) fn fill(plan: &Plan, progress: &mut Progress, report: &mut GroupReport) {
    for version in 0..8 {
        let key = VTableKey { version, ..KEY };
        waker_tables::GLOBAL_VTABLE_REGISTRY.register(key, &TABLE);
        FACTORIES.register_factory(key, |bytes, ()| Ok::<_, &str>(Made::new(u64::from(bytes[0]))));
        waker_tables_04::GLOBAL_VTABLE_REGISTRY
            .register(waker_tables_04::VTableKey { version, ..OLD_KEY }, &OLD_TABLE);
    }
    let entry = waker_tables::GLOBAL_VTABLE_REGISTRY.entry(KEY.key_ref()).expect("it is registered");
    for kept in [false, true] {
        let name = if kept { "1 024 made, then dropped" } else { "each dropped at once" };
        let mut case = Case::new(name, "make", "ns", BATCH);
        case.add(Side::Own, "waker_tables OwnedTask::new", round(kept, |seed| own(Box::new(Made::new(seed)))));
        case.add(Side::Own, "OwnedTask::with_table", round(kept, |seed| checked(Box::new(Made::new(seed)))));
        case.add(Side::Own, "RegisteredTask::new", round(kept, |seed| registered(Box::new(Made::new(seed)))));
        case.add(Side::Own, "Entry::task", round(kept, move |seed| entered(entry, Box::new(Made::new(seed)))));
        case.add(Side::Own, "VTableRegistry::build", round(kept, built));
        case.add(Side::Peer, "Box::new", round(kept, |seed| Box::new(Made::new(seed))));
        case.add(Side::Peer, "Box<dyn Trait>", round(kept, |seed| erased(Box::new(Made::new(seed)))));
        case.add(Side::Peer, "waker_tables 0.4.0", round(kept, |seed| old(Box::new(Made::new(seed)))));
        case.reference("Box::new");
        report.cases.push(case.measure(plan, progress));
    }
    report.notes.push(
        "RegisteredTask::new, VTableRegistry::build and 0.4.0 look their key up each time; Entry::task was looked up \
         once. build makes the job out of a byte, with a factory."
            .to_owned(),
    );
}

/// What can be made here: something that is polled.
trait Polled {
    fn poll_once(&mut self) -> Poll<()>;
}

fn round<T: Polled + 'static>(kept: bool, make: impl Fn(u64) -> T + 'static) -> Round<'static> {
    let mut list = Vec::with_capacity(if kept { 1024 } else { 1 });
    timed(move || {
        let mut ready = 0;
        for seed in 0..BATCH {
            list.push(make(black_box(seed & 0xFF)));
            if !kept {
                ready += finish(&mut list);
            }
        }
        if kept {
            ready += finish(&mut list);
        }
        ready
    })
}

/// Polls the first of the list, which proves that it is one, and drops all.
#[inline]
fn finish<T: Polled>(list: &mut Vec<T>) -> u64 {
    let ready = u64::from(black_box(&mut *list)[0].poll_once().is_ready());
    list.clear();
    ready
}

fn erased(job: Box<Made>) -> Box<dyn Task> {
    job
}

fn own(job: Box<Made>) -> OwnedTask {
    OwnedTask::new(job)
}

fn checked(job: Box<Made>) -> OwnedTask {
    OwnedTask::with_table(job, black_box(&TABLE)).expect("its own table")
}

fn registered(job: Box<Made>) -> RegisteredTask {
    RegisteredTask::new(job, black_box(KEY))
}

fn entered(entry: Entry<'static>, job: Box<Made>) -> RegisteredTask {
    black_box(entry).task(job).expect("its own type")
}

fn built(seed: u64) -> RegisteredTask {
    let key: KeyRef<'_> = black_box(KEY);
    FACTORIES.build(key, &[seed.to_le_bytes()[0]], &()).expect("it is registered")
}

fn old(job: Box<Made>) -> waker_tables_04::RegisteredTask {
    waker_tables_04::RegisteredTask::new(job, black_box(OLD_KEY))
}

impl Polled for OwnedTask {
    #[inline]
    fn poll_once(&mut self) -> Poll<()> {
        self.poll()
    }
}

impl Polled for RegisteredTask {
    #[inline]
    fn poll_once(&mut self) -> Poll<()> {
        self.poll()
    }
}

impl Polled for Box<Made> {
    #[inline]
    fn poll_once(&mut self) -> Poll<()> {
        self.step()
    }
}

impl Polled for Box<dyn Task> {
    #[inline]
    fn poll_once(&mut self) -> Poll<()> {
        Task::poll(&mut **self)
    }
}

impl Polled for waker_tables_04::RegisteredTask {
    #[inline]
    fn poll_once(&mut self) -> Poll<()> {
        // SAFETY: a job's functions are good in any order and number, and `&mut self` makes the access exclusive.
        unsafe { self.poll() }
    }
}
