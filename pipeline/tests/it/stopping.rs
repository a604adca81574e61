//! Stopping, and tasks that panic.

use std::convert::Infallible;
use std::future::pending;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;

use hashbrown::HashTable;
use indicatif::ProgressBar;
use pipeline::channel::CAPACITY;
use pipeline::scheduler::{Scheduler, Spawner};
use pipeline::stages::{Parsed, Text};
use pipeline::stop::Stop;
use pipeline::verify::sequential;
use pipeline::words::Version::V1;
use pipeline::words::{Alphanumeric, Unicode};
use waker_tables::{VTableKey, VTableRegistry};

use crate::files::{plan, texts, walk};
use crate::neighbour::{Stage, receiver, sender, wiring};

#[test]
fn a_stop_wakes_a_sleeping_thread_and_frees_a_parked_task() {
    let wiring = wiring(Vec::new());
    let texts = sender(&wiring.texts[0]);
    let stage = Stage::start("etl/parse@v1 half=0", wiring);
    stage.wait_for_parks(1);
    assert!(stage.stop.ask(), "the first to ask");
    let (counts, _) = stage.finish();
    assert_eq!(counts.polls, 1, "{counts:?}");
    drop(texts);
}

#[test]
fn a_stop_before_the_start_polls_nothing() {
    let directory = texts(30);
    let tree = walk(directory.path());
    let stop: Arc<Stop> = Arc::default();
    stop.ask();
    let finished = plan(2, [V1, V1]).run(tree.files.into(), ProgressBar::hidden(), &stop).expect("good lines");
    assert!(finished.index.is_none() && finished.outcomes.is_empty());
    assert!(finished.counts.iter().all(|family| family.polls == 0));
}

#[test]
fn a_stop_is_heard_in_the_middle_of_a_text() {
    let stop = Stop::default();
    let text = || Text { file: 0, text: "alpha beta gamma".into() };
    let counted = || {
        let first = Parsed::new::<Alphanumeric>(text(), 1, &mut HashTable::new(), &stop);
        let second = Parsed::new::<Unicode>(text(), 1, &mut HashTable::new(), &stop);
        [first, second].map(|parsed| parsed.terms(0).count())
    };
    assert_eq!(counted(), [3, 3]);
    stop.ask();
    assert_eq!(counted(), [0, 0]);
    let directory = texts(1);
    let files = walk(directory.path()).files;
    assert!(sequential(&plan(1, [V1, V1]), &files, &stop).is_none(), "half a file is no index");
}

#[test]
fn a_panic_in_a_task_ends_the_run_although_others_wait() {
    static JOBS: VTableRegistry<Spawner> = VTableRegistry::with_context();
    JOBS.register_factory(VTableKey::new("test", "panics", 1), |_, spawner: &Spawner| {
        Ok::<_, Infallible>(spawner.spawn(async { panic!("this task is meant to") }))
    });
    JOBS.register_factory(VTableKey::new("test", "waits", 1), |_, spawner: &Spawner| {
        Ok::<_, Infallible>(spawner.spawn(pending()))
    });
    let mut scheduler = Scheduler::new(3, 3, Arc::default());
    for line in ["test/waits@v1", "test/panics@v1", "test/waits@v1"] {
        scheduler.submit(line, &JOBS, |spawner| spawner).expect(line);
    }
    assert!(panic::catch_unwind(AssertUnwindSafe(|| scheduler.run())).is_err());
}

#[test]
fn a_reader_ends_when_nobody_receives() {
    let directory = texts(4 * CAPACITY);
    let wiring = wiring(walk(directory.path()).files);
    let texts = receiver(&wiring.texts[0]);
    let stage = Stage::start("etl/read@v1 half=0", wiring);
    stage.wait_for_parks(1);
    drop(texts);
    let (counts, _) = stage.finish();
    assert_eq!((counts.parks, counts.foreign_wakes, counts.polls), (1, 1, 2), "{counts:?}");
}
