//! Every writer of a registry, with an allocator that has no memory at its first, its second, its third question, and a
//! hook that unwinds then: the registry is as it was, whatever was given up is dropped outside the writers' turn, and the
//! next writer gets its turn.

#![feature(alloc_error_hook)]

use std::alloc::{GlobalAlloc, Layout, System, set_alloc_error_hook};
use std::cell::Cell;
use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use waker_tables::{TaskVTable, VTableKey, VTableRegistry, WakeableTask};

thread_local! {
    /// How many allocations there are still to be; none if there is no limit.
    static LEFT: Cell<Option<usize>> = const { Cell::new(None) };
}

struct Scarce;

// SAFETY: all is passed on to the system's allocator, or refused.
unsafe impl GlobalAlloc for Scarce {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        match LEFT.get() {
            Some(0) => return std::ptr::null_mut(),
            Some(left) => LEFT.set(Some(left - 1)),
            None => {}
        }
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Scarce = Scarce;

struct Job;

impl WakeableTask for Job {
    fn poll(&mut self) -> Poll<()> {
        Poll::Ready(())
    }
}

struct Other;

impl WakeableTask for Other {
    fn poll(&mut self) -> Poll<()> {
        Poll::Ready(())
    }
}

static JOB: TaskVTable = TaskVTable::of::<Job>();
static OTHER: TaskVTable = TaskVTable::of::<Other>();
static DROPPED: AtomicUsize = AtomicUsize::new(0);

const fn key(kind: &'static str, version: u16) -> VTableKey {
    VTableKey::new("etl", kind, version)
}

/// What a factory captures: its destructor takes the writers' turn.
struct Captured(Arc<VTableRegistry>);

impl Drop for Captured {
    fn drop(&mut self) {
        LEFT.set(None);
        assert!(self.0.retained_bytes() < usize::MAX);
        DROPPED.fetch_add(1, Ordering::Relaxed);
    }
}

fn factory(captured: Captured) -> impl Fn(&[u8], &()) -> Result<Job, Infallible> + Send + Sync + 'static {
    move |_, ()| {
        let _ = &captured;
        Ok(Job)
    }
}

fn filled() -> Arc<VTableRegistry> {
    let registry = Arc::new(VTableRegistry::new());
    for kind in ["a", "b"] {
        registry.register(key(kind, 1), &JOB);
        registry.register(key(kind, 2), &JOB);
    }
    registry.family("etl", "a").update(|f| _ = f.prefer(1).drain(2, None)).expect("they are there");
    registry
}

type Registry = Arc<VTableRegistry>;
type Write = fn(&Registry);

const WRITES: [(&str, Write); 7] = [
    ("a version", |registry| registry.try_register(key("a", 3), &JOB).expect("it is free")),
    ("a family that makes the index grow", |registry| assert!(registry.register(key("c", 1), &JOB).is_none())),
    ("another table", |registry| assert!(registry.register(key("a", 1), &OTHER).is_some())),
    ("a factory", |registry| {
        registry.register_factory(key("b", 7), factory(Captured(registry.clone())));
    }),
    ("a removal", |registry| assert!(registry.remove(&key("a", 1)).expect("it is there").is_some())),
    ("an update of all", |registry| {
        let update = registry.family("etl", "a").update(|f| {
            f.register(5, &JOB).register_factory(6, factory(Captured(registry.clone()))).remove(1).prefer(5);
            f.alias("old", "a").alias("older", "a").alias("oldest", "a");
        });
        update.expect("nothing speaks against it");
    }),
    ("an update of a new family", |registry| {
        registry.family("etl", "d").update(|f| _ = f.register(1, &JOB).alias("old", "d")).expect("it is free");
    }),
];

fn main() {
    set_alloc_error_hook(|_| {
        LEFT.set(None);
        panic!("no memory");
    });
    std::panic::set_hook(Box::new(|panic| {
        if panic.payload_as_str() != Some("no memory") {
            eprintln!("{panic}");
        }
    }));
    let first: (&str, Write) =
        ("the first of all", |registry| assert!(registry.register(key("a", 1), &JOB).is_none()));
    let empty: fn() -> Registry = || Arc::new(VTableRegistry::new());
    for ((name, write), begin) in
        WRITES.map(|write| (write, filled as fn() -> Registry)).into_iter().chain([(first, empty)])
    {
        let mut failures = 0;
        loop {
            let registry = begin();
            let state = || (registry.manifest(), registry.aliases(), registry.generation(), registry.len());
            let before = state();
            LEFT.set(Some(failures));
            let written = catch_unwind(AssertUnwindSafe(|| write(&registry))).is_ok();
            LEFT.set(None);
            if written {
                assert_ne!(state(), before, "{name} is written");
                break;
            }
            assert_eq!(state(), before, "{name}, no memory at question {failures}");
            write(&registry);
            assert_ne!(state(), before, "{name} is written at last");
            failures += 1;
        }
        assert!(failures > 1, "{name} allocates");
        println!("{name}: as it was after {failures} failures");
    }
    assert!(DROPPED.load(Ordering::Relaxed) > 0);
}
