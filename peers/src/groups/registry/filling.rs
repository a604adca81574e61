//! Filling a registry: what that takes in time and memory, and what a reader notices of it.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::Instant;

use super::data::{ASKED, Keys};
use super::index::Index;
use super::maps;
use crate::alloc::counted;
use crate::harness::{Case, Measured, Round, clocked, warmed};
use crate::plan::Plan;
use crate::progress::Progress;
use crate::report::{CaseReport, GroupReport, Side};

/// Makes a map by inserting key after key into an empty one.
type Fill = fn(&Keys) -> Arc<dyn Index>;

const FILLED: [(&str, Side, Fill); 6] = [
    ("waker_tables register", Side::Own, |keys| Arc::new(maps::registered(keys))),
    ("HashMap, not shared", Side::Peer, maps::inserted),
    ("FxHashMap, not shared", Side::Peer, maps::inserted_fx),
    ("papaya", Side::Peer, maps::papaya),
    ("dashmap", Side::Peer, maps::dashmap),
    ("waker_tables 0.4.0", Side::Peer, maps::old),
];

const PLAIN: &str = "HashMap, not shared";

/// The part of the group that fills.
pub(super) fn fill(plan: &Plan, progress: &mut Progress, report: &mut GroupReport) {
    for count in [1_000, 100_000] {
        let keys = Keys::new(plan.scaled(count), 3);
        let mut case =
            Case::new(format!("registering {} keys, one after the other", keys.len()), "", "ns", keys.len() as u64);
        for (name, side, make) in FILLED {
            case.add(side, name, filling(&keys, make));
        }
        case.reference(PLAIN);
        report.cases.push(case.measure(plan, progress));
    }
    for versions in [3, 1] {
        let keys = Keys::new(plan.scaled(100_000), versions);
        progress.begin(&format!("counting the bytes of {} keys", keys.len()));
        report.cases.push(bytes(&keys));
    }
    let (few, all) = (Keys::new(plan.scaled(1_000), 3), Keys::new(plan.scaled(1_000) + plan.scaled(100_000), 3));
    report.cases.push(beside_a_writer(plan, progress, &few, &all));
    report.notes.extend([
        "The bytes of an entry are what the allocator gave and did not get back, by malloc_usable_size; the names are \
         not among them. What the registry keeps for readers who may still look at the past is in the first row."
            .to_owned(),
        "While a writer registers, the figure is of the middle one of all passes in that time.".to_owned(),
    ]);
}

/// On the clock without the dropping of what was made.
fn filling(keys: &Keys, make: Fill) -> Round<'_> {
    let mut last = None;
    Box::new(move |passes| {
        let mut all = Measured::default();
        for _ in 0..passes {
            drop(last.take());
            all += clocked(|| {
                last = Some(make(keys));
                keys.len() as u64
            });
        }
        all
    })
}

fn bytes(keys: &Keys) -> CaseReport {
    let per_entry = |bytes: u64| bytes as f64 / keys.len() as f64;
    let mut values: Vec<_> = FILLED
        .iter()
        .map(|&(name, side, make)| {
            let (map, found) = counted(|| make(keys));
            drop(map);
            (name, side, per_entry(found.usable - found.freed))
        })
        .collect();
    let retained = maps::registered(keys).retained_bytes();
    values.insert(1, ("waker_tables, without the past", Side::Own, values[0].2 - per_entry(retained as u64)));
    let versions = if keys.versions() == 1 { "one version a family" } else { "three versions a family" };
    Case::exact(&format!("bytes per entry, {} keys, {versions}", keys.len()), "", "bytes", PLAIN, &values)
}

fn beside_a_writer(plan: &Plan, progress: &mut Progress, few: &Keys, all: &Keys) -> CaseReport {
    const ALONE: &str = "waker_tables get, no writer";
    let name = format!("{} keys, found by one thread while another registers {}", few.len(), all.len() - few.len());
    let mut case = Case::new(name, "", "ns", ASKED as u64);
    let registry = maps::registered(few);
    case.add(Side::Own, ALONE, warmed(move || registry.pass(few.asked(true, 0))));
    for (name, side, make) in [
        ("waker_tables get", Side::Own, FILLED[0].2),
        ("papaya", Side::Peer, maps::papaya),
        ("dashmap", Side::Peer, maps::dashmap),
        ("RwLock<HashMap>", Side::Peer, maps::locked),
        ("waker_tables 0.4.0", Side::Peer, maps::old),
    ] {
        case.add(side, name, Box::new(move |passes| reading(plan, few, all, make, passes)));
    }
    case.reference(ALONE);
    case.measure(plan, progress)
}

/// Reads until the writer has registered all, at least once; tells the middle one of the passes, since the system may take
/// the processor away in some, as if there had been so many.
fn reading(plan: &Plan, few: &Keys, all: &Keys, make: Fill, passes: u64) -> Measured {
    let (index, over) = (&*make(few), &AtomicBool::new(false));
    let asked = few.asked(true, 0);
    black_box(index.pass(asked));
    thread::scope(|scope| {
        scope.spawn(move || {
            plan.pin(1);
            (few.len()..all.len()).for_each(|at| index.replace(all, at));
            over.store(true, Relaxed);
        });
        let (mut times, mut sum) = (Vec::new(), 0);
        while times.is_empty() || !over.load(Relaxed) {
            let start = Instant::now();
            sum = index.pass(asked);
            times.push(start.elapsed());
        }
        times.sort_unstable();
        let middle = times[times.len() / 2];
        Measured { elapsed: middle.mul_f64(passes as f64), sum: passes * sum, disturbed: false }
    })
}
