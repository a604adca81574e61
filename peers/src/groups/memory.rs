//! What one task takes: a body of 40 bytes, made a thousand times and counted, and a million times in a process of its
//! own.

use std::any::Any;
use std::fs;
use std::future::Future;
use std::pin::Pin;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll};

use futures::executor::LocalPool;
use futures::task::LocalSpawnExt;
use waker_tables::{OwnedTask, RegisteredTask, VTableKey, WakeableTask};

use super::poll::job::Task;
use crate::alloc::{Allocated, counted};
use crate::harness::Case;
use crate::plan::{Plan, Scale};
use crate::progress::Progress;
use crate::report::{GroupReport, Side};

/// Makes so many tasks, and says what that took and what keeps them.
type Make = fn(usize) -> (Allocated, Box<dyn Any>);

/// What is counted, in which unit, and where it stands.
type Column = (&'static str, &'static str, fn(&Allocated) -> u64);

const CANDIDATES: &[(&str, Side, Make)] = &[
    ("waker_tables OwnedTask", Side::Own, |count| held(count, || OwnedTask::new(Box::new(BODY)))),
    ("waker_tables RegisteredTask", Side::Own, |count| held(count, || RegisteredTask::new(Box::new(BODY), KEY))),
    ("waker_tables detached, 8 bytes", Side::Own, |count| {
        held(count, || waker_tables::spawn_detached(BODY, Number(8)))
    }),
    ("waker_tables joined, 0 bytes", Side::Own, |count| held(count, || waker_tables::spawn(BODY, Nothing))),
    ("waker_tables joined, 8 bytes", Side::Own, |count| held(count, || waker_tables::spawn(BODY, Number(8)))),
    ("Box<dyn Trait>", Side::Peer, |count| held(count, || -> Box<dyn Task> { Box::new(BODY) })),
    ("Pin<Box<dyn Future>>", Side::Peer, |count| {
        held(count, || -> Pin<Box<dyn Future<Output = ()>>> { Box::pin(BODY) })
    }),
    ("waker_tables 0.4.0", Side::Peer, |count| {
        held(count, || waker_tables_04::RegisteredTask::new(Box::new(BODY), OLD_KEY))
    }),
    ("async-task, captures nothing", Side::Peer, |count| held(count, || async_task::spawn(BODY, drop))),
    ("async-task, captures 8 bytes", Side::Peer, |count| {
        let number = std::hint::black_box(8_usize);
        held(count, || async_task::spawn(BODY, move |_| assert_ne!(number, 0)))
    }),
    ("async-task, 8 bytes of metadata", Side::Peer, |count| {
        held(count, || async_task::Builder::new().metadata(8_usize).spawn(|_| BODY, drop))
    }),
    ("tokio", Side::Context, |count| {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime can be made");
        let (found, list) = held(count, || runtime.spawn(BODY));
        (found, Box::new((list, runtime)))
    }),
    ("async-executor", Side::Context, |count| {
        let executor = async_executor::Executor::new();
        let (found, list) = held(count, || executor.spawn(BODY));
        (found, Box::new((list, executor)))
    }),
    ("futures LocalPool", Side::Context, |count| {
        let mut pool = LocalPool::new();
        let spawner = pool.spawner();
        let ((), found) = counted(|| {
            for _ in 0..count {
                spawner.spawn_local(BODY).expect("the pool is there");
            }
            // Only now it gives the tasks a place each.
            pool.run_until_stalled();
        });
        (found, Box::new(pool))
    }),
];

/// The candidate that others are divided by.
const REFERENCE: &str = "Box<dyn Trait>";

/// Runs the group.
pub(super) fn fill(plan: &Plan, progress: &mut Progress, report: &mut GroupReport) {
    register();
    let count = plan.scaled(1_000);
    let found: Vec<_> = CANDIDATES
        .iter()
        .map(|&(name, side, make)| {
            progress.begin(name);
            // Once before, so that what is made once and kept is not taken for the task's.
            drop(make(count));
            let before = DROPPED.load(Relaxed);
            let (found, list) = make(count);
            drop(list);
            let dropped = DROPPED.load(Relaxed) - before;
            assert_eq!(dropped, count as u64, "{name}: as many tasks were dropped as should have been made");
            (name, side, found)
        })
        .collect();
    report.notes.push(format!("Checksum: {count} tasks were made and dropped by each."));
    let columns: [Column; 3] = [
        ("asked of the allocator", "bytes", |found| found.requested),
        ("usable, as malloc_usable_size says", "bytes", |found| found.usable),
        ("allocations", "pieces", |found| found.allocations),
    ];
    for (name, unit, of) in columns {
        let values: Vec<_> =
            found.iter().map(|(name, side, found)| (*name, *side, of(found) as f64 / count as f64)).collect();
        report.cases.push(Case::exact(name, "memory", unit, REFERENCE, &values));
    }
    if plan.scale > Scale::Tiny {
        let count = plan.scaled(1_000_000);
        let values: Vec<_> = CANDIDATES
            .iter()
            .filter_map(|&(name, side, _)| {
                progress.begin(&format!("{count} tasks of {name}"));
                Some((name, side, resident_elsewhere(plan, name, count)? as f64 / count as f64))
            })
            .collect();
        if !values.is_empty() {
            let name = format!("resident, with {count} alive");
            report.cases.push(Case::exact(&name, "memory", "bytes", REFERENCE, &values));
        }
    }
    report.notes.push(
        "Resident memory is that of a process of its own for each candidate, with the list of handles that keeps the \
         tasks: two words for an owner, a box or an async-task runnable with its task, eight words for 0.4.0."
            .to_owned(),
    );
}

/// The resident memory that so many tasks of a candidate add to this process, in bytes.
#[must_use]
pub fn resident(name: &str, count: usize) -> Option<u64> {
    let (.., make) = CANDIDATES.iter().find(|candidate| candidate.0 == name)?;
    register();
    drop(make(16));
    let before = resident_now()?;
    let (_, list) = make(count);
    let after = resident_now()?;
    drop(list);
    Some(after.saturating_sub(before))
}

/// [`resident`] in a process that did nothing before.
fn resident_elsewhere(plan: &Plan, name: &str, count: usize) -> Option<u64> {
    let output = Command::new(&plan.executable).args(["--resident", name, &count.to_string()]).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}

fn resident_now() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? * 1024)
}

fn held<T: 'static>(count: usize, mut make: impl FnMut() -> T) -> (Allocated, Box<dyn Any>) {
    let mut list = Vec::with_capacity(count);
    let ((), found) = counted(|| list.extend((0..count).map(|_| make())));
    (found, Box::new(list))
}

/// Header data of no bytes.
struct Nothing;

/// Header data of eight bytes.
struct Number(usize);

impl waker_tables::Schedule for Nothing {
    fn schedule(&self, runnable: waker_tables::Runnable<Self>) {
        drop(runnable);
    }
}

impl waker_tables::Schedule for Number {
    fn schedule(&self, runnable: waker_tables::Runnable<Self>) {
        assert_ne!(self.0, 0);
        drop(runnable);
    }
}

/// Forty bytes that are never done.
struct Body([u64; 5]);

/// How many bodies are gone: the proof that they were there.
static DROPPED: AtomicU64 = AtomicU64::new(0);

impl Drop for Body {
    fn drop(&mut self) {
        DROPPED.fetch_add(self.0[1], Relaxed);
    }
}

const BODY: Body = Body([1; 5]);
const KEY: VTableKey = VTableKey::new("memory", "body", 1);
const OLD_KEY: waker_tables_04::VTableKey =
    waker_tables_04::VTableKey { segment: "memory", kind: "body", version: 1 };

fn register() {
    static OLD: waker_tables_04::UnsafeWakeableVTable = waker_tables_04::UnsafeWakeableVTable::of::<Body>();
    waker_tables::GLOBAL_VTABLE_REGISTRY.register_task::<Body>(KEY);
    waker_tables_04::GLOBAL_VTABLE_REGISTRY.register(OLD_KEY, &OLD);
}

impl Body {
    fn step(&mut self) -> Poll<()> {
        self.0[0] += 1;
        Poll::Pending
    }
}

impl WakeableTask for Body {
    fn poll(&mut self) -> Poll<()> {
        self.step()
    }
}

impl Task for Body {
    fn poll(&mut self) -> Poll<()> {
        self.step()
    }
}

impl Future for Body {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        self.step()
    }
}

// SAFETY: the three are safe functions in disguise, good in any order and number.
unsafe impl waker_tables_04::UnsafeWakeableTask for Body {
    unsafe fn poll(&mut self) -> Poll<()> {
        self.step()
    }

    unsafe fn wake(&self) {}

    unsafe fn drop_in_place(&mut self) {}
}
