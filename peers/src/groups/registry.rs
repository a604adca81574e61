//! Finding a table by `segment/kind@v1`.
//!
//! A pass asks for 4 096 keys in an order of its own, again and again, so the caches hold what it needs where that fits. Their names are slices of one buffer, as if they had been read
//! off a wire and parsed before, so no candidate can compare addresses. A miss has a known segment, and a kind of the
//! same form that nobody registered or a version that its family does not have.
//!
//! With a writer another thread replaces a key (in this crate twice, by another table and by its own, since the same again
//! would be no write), sleeps for 50 microseconds, and so on. All maps that let their user
//! choose have the fast hash of rustc-hash; `RwLock<HashMap>` is std as it comes.
//!
//! Then maps are filled: the time and the memory that takes, and what a reader notices.

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use super::growth::growth;
use crate::harness::{Case, Measured, Round, timed, warmed};
use crate::plan::Plan;
use crate::progress::Progress;
use crate::report::{CaseReport, GroupReport, Side};
use crate::rng::Rng;

mod data;
mod filling;
mod fixed;
mod index;
mod maps;

use data::{ASKED, Keys};
use index::Index;

/// How the keys are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Asking {
    hits: bool,
    threads: usize,
    writer: bool,
}

/// A candidate: its name and its keys.
struct Candidate {
    name: &'static str,
    side: Side,
    index: Arc<dyn Index>,
}

/// Runs the group.
pub(super) fn fill(plan: &Plan, progress: &mut Progress, report: &mut GroupReport) {
    for count in [8, 1_000, 100_000] {
        for versions in [3, 1] {
            let keys = Keys::new(plan.scaled(count), versions);
            progress.begin(&format!("making the maps of {} keys", keys.len()));
            let mut candidates = candidates(&keys);
            candidates.push(Candidate::of("phf", Side::Peer, fixed::phf(&keys)));
            for writer in [false, true] {
                for threads in [1, 2] {
                    for hits in [true, false] {
                        let asking = Asking { hits, threads, writer };
                        report.cases.push(compare(plan, progress, &keys, &candidates, asking));
                    }
                }
            }
        }
    }
    let asking = Asking { hits: true, threads: 1, writer: false };
    report.growth.push(growth(plan, "look-up of one key, three versions a family, all found", |count| {
        let keys = Keys::new(count, 3);
        compare(plan, progress, &keys, &candidates(&keys), asking)
    }));
    filling::fill(plan, progress, report);
    report.notes.extend([
        "FxHashMap has no synchronisation and phf no writer: they are left out where there is one.".to_owned(),
        "phf's tables of 8 and 1 000 keys are statics made by its code generator. That of 100 000 keys is made by its \
         generator at run time, with the same layout: as source it would be ten megabytes in every build."
            .to_owned(),
        "This crate's StaticTable is measured with 8 and 1 000 keys, as constants.".to_owned(),
        "resolve's error on a miss names the versions that there are: it allocates.".to_owned(),
        "With two threads the figure is the mean time of one look-up in each.".to_owned(),
    ]);
}

/// All candidates but phf, whose tables are of fixed sizes.
fn candidates(keys: &Keys) -> Vec<Candidate> {
    let [get, resolve] = maps::own(keys);
    let mut candidates = vec![
        Candidate::of("waker_tables get", Side::Own, get),
        Candidate::of("waker_tables resolve", Side::Own, resolve),
        Candidate::of("FxHashMap, not shared", Side::Peer, maps::fx(keys)),
        Candidate::of("papaya", Side::Peer, maps::papaya(keys)),
        Candidate::of("dashmap", Side::Peer, maps::dashmap(keys)),
        Candidate::of("arc-swap of FxHashMap", Side::Peer, maps::arc_swap(keys)),
        Candidate::of("RwLock<HashMap>", Side::Peer, maps::locked(keys)),
        Candidate::of("waker_tables 0.4.0", Side::Peer, maps::old(keys)),
    ];
    candidates.extend(fixed::own(keys).map(|index| Candidate::of("waker_tables StaticTable", Side::Own, index)));
    candidates
}

impl Candidate {
    fn of(name: &'static str, side: Side, index: Arc<dyn Index>) -> Self {
        Self { name, side, index }
    }
}

fn compare(
    plan: &Plan,
    progress: &mut Progress,
    keys: &Keys,
    candidates: &[Candidate],
    asking: Asking,
) -> CaseReport {
    let Asking { hits, threads, writer } = asking;
    let name = format!(
        "{} keys, {}, {}{}{}",
        keys.len(),
        if keys.versions() == 1 { "one version a family" } else { "three versions a family" },
        if hits { "found" } else { "missed" },
        if threads == 1 { ", one thread" } else { ", two threads" },
        if writer { " and a writer" } else { "" },
    );
    let picture = match (hits, threads, writer) {
        (true, 1, false) => "registry",
        (false, 1, false) => "registry-misses",
        (true, _, false) => "registry-threads",
        (true, _, true) => "registry-writer",
        (false, ..) => "",
    };
    let mut case = Case::new(name, picture, "ns", ASKED as u64);
    for Candidate { name, side, index } in candidates {
        if writer && !index.can_be_written() {
            continue;
        }
        index.check(keys);
        let index = index.clone();
        case.add(
            *side,
            name,
            if threads == 1 && !writer { alone(index, keys, hits) } else { together(index, keys, asking, plan) },
        );
    }
    case.reference(if writer { "papaya" } else { "FxHashMap, not shared" });
    case.measure(plan, progress)
}

/// One thread, this one.
fn alone(index: Arc<dyn Index>, keys: &Keys, hits: bool) -> Round<'_> {
    let asked = keys.asked(hits, 0);
    warmed(move || index.pass(asked))
}

/// Readers, and perhaps a writer, begin together; the clock of each reader runs while it reads.
fn together<'a>(index: Arc<dyn Index>, keys: &'a Keys, asking: Asking, plan: &'a Plan) -> Round<'a> {
    let mut first = true;
    Box::new(move |passes| {
        let warm = !std::mem::replace(&mut first, false);
        let (barrier, over) = (Barrier::new(asking.threads + usize::from(asking.writer)), AtomicBool::new(false));
        let (barrier, over, index) = (&barrier, &over, &index);
        thread::scope(|scope| {
            if asking.writer {
                scope.spawn(move || {
                    plan.pin(1);
                    barrier.wait();
                    write(&**index, keys, over);
                });
            }
            let readers: Vec<_> = (0..asking.threads)
                .map(|nth| {
                    scope.spawn(move || {
                        plan.pin(nth);
                        let asked = keys.asked(asking.hits, nth);
                        if warm {
                            black_box(index.pass(asked));
                        }
                        barrier.wait();
                        timed(|| index.pass(asked))(passes)
                    })
                })
                .collect();
            let found: Vec<Measured> =
                readers.into_iter().map(|reader| reader.join().expect("a reader panicked")).collect();
            over.store(true, Relaxed);
            let elapsed: Duration = found.iter().map(|reader| reader.elapsed).sum();
            let threads = u32::try_from(asking.threads).expect("two");
            Measured {
                elapsed: elapsed / threads,
                sum: found.iter().map(|reader| reader.sum).sum(),
                disturbed: !asking.writer && found.iter().any(|reader| reader.disturbed),
            }
        })
    })
}

fn write(index: &dyn Index, keys: &Keys, over: &AtomicBool) {
    let mut rng = Rng::new(3);
    while !over.load(Relaxed) {
        index.replace(keys, rng.below(keys.len()));
        thread::sleep(Duration::from_micros(50));
    }
}
