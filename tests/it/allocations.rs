//! What allocates, counted on the thread that asks.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::convert::Infallible;
use std::hint::black_box;
use std::sync::Arc;
use std::task::Poll;

use waker_tables::{KeyRef, OwnedTask, VTableKey, VTableRegistry, WakeableTask, waker_vtable};

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: all is passed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How often `run` allocates.
fn allocations<T>(run: impl FnOnce() -> T) -> usize {
    let before = ALLOCATIONS.get();
    let result = black_box(run());
    let after = ALLOCATIONS.get();
    drop(result);
    after - before
}

struct Job(#[expect(dead_code, reason = "so that a box of it is an allocation")] u64);

impl WakeableTask for Job {
    fn poll(&mut self) -> Poll<()> {
        Poll::Ready(())
    }
}

#[test]
fn the_counter_counts() {
    assert_eq!(allocations(|| Box::new(1)), 1);
}

#[test]
fn looking_up_and_parsing_allocate_nothing() {
    static JOBS: VTableRegistry = VTableRegistry::new();
    for version in 0..100 {
        JOBS.register_task::<Job>(VTableKey::new("etl", "parse", version));
    }
    let text = String::from("etl/parse@v42");
    let long = format!("{}/parse@v1", "x".repeat(1 << 20));
    let made = allocations(|| {
        let found = JOBS.get_ref(KeyRef::parse(&text).expect("a key")).is_some();
        let missed = JOBS.get_ref(KeyRef::parse("etl/parse@v101").expect("a key")).is_none();
        let long = JOBS.get_ref(KeyRef::parse(&long).expect("a key")).is_none();
        let malformed = KeyRef::parse("etl/pa/rse@v1").is_err();
        let exact = JOBS.get(&VTableKey::new("etl", "parse", 7)).is_some();
        assert!(found && missed && long && malformed && exact);
    });
    assert_eq!(made, 0);
}

#[test]
fn building_a_task_allocates_its_box() {
    static JOBS: VTableRegistry = VTableRegistry::new();
    let key = VTableKey::new("etl", "parse", 1);
    JOBS.register_factory(key, |_, ()| Ok::<_, Infallible>(Job(1)));
    assert_eq!(allocations(|| JOBS.build(key.key_ref(), b"", &()).expect("a job")), 1);
}

#[test]
fn owning_polling_closing_and_dropping_allocate_nothing() {
    let job = Box::new(Job(1));
    let made = allocations(|| {
        let mut task = OwnedTask::new(job);
        assert!(task.poll().is_ready());
        task.close();
    });
    assert_eq!(made, 0);
}

#[test]
fn wakers_allocate_nothing() {
    waker_vtable! { static JOB: Arc<Job> => nothing; }
    const fn nothing(_: &Job) {}
    let job = Arc::new(Job(1));
    let made = allocations(|| {
        let waker = JOB.waker(job.clone());
        JOB.waker_ref(&job).wake_by_ref();
        let clone = waker.clone();
        clone.wake();
        JOB.into_pointer(waker).expect("its table");
    });
    assert_eq!(made, 0);
}
