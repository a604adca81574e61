//! Every family waits, and is woken from another thread.

use std::fs;
use std::iter;
use std::sync::Arc;

use hashbrown::HashTable;
use pipeline::channel::CAPACITY;
use pipeline::index::{Builder, HalfShard, Index};
use pipeline::lists::Posting;
use pipeline::stages::{Parsed, Text};
use pipeline::stop::Stop;
use pipeline::words::Version::{V1, V2};
use pipeline::words::{self, Alphanumeric};

use crate::files::{plan, run, texts, walk};
use crate::neighbour::{Stage, receive, receiver, send, sender, wiring};

fn text(file: u32) -> Text {
    Text { file, text: format!("alpha beta alpha {file}") }
}

fn parsed(file: u32) -> Arc<Parsed> {
    Arc::new(Parsed::new::<Alphanumeric>(text(file), 1, &mut HashTable::new(), &Stop::default()))
}

fn half(file: u32) -> HalfShard {
    let mut builder = Builder::default();
    builder.add("alpha", words::hash("alpha"), Posting { file, count: 1 });
    builder.finish()
}

#[test]
fn a_reader_parks_where_the_channel_is_full_and_is_woken_by_a_receiver() {
    let directory = texts(4 * CAPACITY);
    let wiring = wiring(walk(directory.path()).files);
    let mut texts = receiver(&wiring.texts[0]);
    let stage = Stage::start("etl/read@v1 half=0", wiring);
    for turn in 1..=CAPACITY as u64 {
        stage.wait_for_parks(turn);
        assert!(receive(&mut texts).is_some());
    }
    let rest = iter::from_fn(|| receive(&mut texts)).count();
    assert_eq!(rest, CAPACITY, "half of the files, without those above");
    let (counts, _) = stage.finish();
    assert!(counts.parks >= CAPACITY as u64 && counts.foreign_wakes >= CAPACITY as u64, "{counts:?}");
}

#[test]
fn a_reader_that_need_not_wait_lets_others_go_first() {
    let directory = tempfile::tempdir().expect("a directory");
    for file in 0..8 * CAPACITY {
        fs::write(directory.path().join(file.to_string()), b"\0").expect("a file");
    }
    let (counts, _) = Stage::start("etl/read@v1 half=0", wiring(walk(directory.path()).files)).finish();
    assert_eq!((counts.parks, counts.self_wakes, counts.polls), (0, 2, 3), "{counts:?}");
    assert_eq!((counts.wakes, counts.merged_wakes), (2, 0), "{counts:?}");
}

#[test]
fn a_parser_parks_without_texts_and_is_woken_by_a_sender() {
    for line in ["etl/parse@v1 half=1", "etl/parse@v2 half=1"] {
        let wiring = wiring(Vec::new());
        let mut texts = sender(&wiring.texts[1]);
        let mut parsed = receiver(&wiring.parsed[1][0]);
        let stage = Stage::start(line, wiring);
        for file in 0..20 {
            stage.wait_for_parks(u64::from(file) + 1);
            send(&mut texts, text(file));
            assert_eq!(receive(&mut parsed).expect("a parsed file").file, file);
        }
        stage.wait_for_parks(21);
        drop(texts);
        assert!(receive(&mut parsed).is_none());
        let (counts, _) = stage.finish();
        assert_eq!((counts.parks, counts.foreign_wakes, counts.polls), (21, 21, 22), "{counts:?}");
    }
}

#[test]
fn a_parser_parks_where_a_shard_is_full_and_is_woken_by_a_receiver() {
    let wiring = wiring(Vec::new());
    let mut texts = sender(&wiring.texts[0]);
    let mut full = sender(&wiring.parsed[0][0]);
    let mut files = receiver(&wiring.parsed[0][0]);
    for file in 0..8 {
        send(&mut full, parsed(file));
    }
    let stage = Stage::start("etl/parse@v1 half=0", wiring);
    drop(full);
    stage.wait_for_parks(1);
    send(&mut texts, text(100));
    stage.wait_for_parks(2);
    drop(texts);
    let received: Vec<_> = iter::from_fn(|| receive(&mut files)).map(|parsed| parsed.file).collect();
    assert_eq!(received, [0, 1, 2, 3, 4, 5, 6, 7, 100]);
    let (counts, _) = stage.finish();
    assert_eq!((counts.parks, counts.foreign_wakes, counts.polls), (2, 2, 3), "{counts:?}");
}

#[test]
fn an_indexer_parks_without_files_and_is_woken_by_a_sender() {
    let wiring = wiring(Vec::new());
    let mut files = sender(&wiring.parsed[0][0]);
    let mut halves = receiver(&wiring.halves[0][0]);
    let stage = Stage::start("search/index@v1 half=0 shard=0", wiring);
    for file in 0..20 {
        stage.wait_for_parks(u64::from(file) + 1);
        send(&mut files, parsed(file));
    }
    stage.wait_for_parks(21);
    drop(files);
    let half = receive(&mut halves).expect("the half, once all senders are gone");
    let shard = half.merge(&Builder::default().finish());
    assert_eq!(Index::new(vec![shard]).find("alpha").len(), 20);
    let (counts, _) = stage.finish();
    assert_eq!((counts.parks, counts.foreign_wakes), (21, 21), "{counts:?}");
}

#[test]
fn a_merge_starts_when_both_halves_have_come() {
    let wiring = wiring(Vec::new());
    let mut first = sender(&wiring.halves[0][0]);
    let mut second = sender(&wiring.halves[1][0]);
    let stage = Stage::start("search/merge@v1 shard=0", wiring);
    stage.wait_for_parks(1);
    send(&mut second, half(1));
    stage.wait_for_parks(2);
    send(&mut first, half(0));
    let (counts, wiring) = stage.finish();
    assert_eq!((counts.parks, counts.foreign_wakes, counts.polls), (2, 2, 3), "{counts:?}");
    let index = Index::new(wiring.take_shards().expect("it was delivered"));
    let postings = [0, 1].map(|file| Posting { file, count: 1 });
    assert_eq!(index.find("alpha"), postings);
}

#[test]
fn in_a_whole_graph_all_families_wait_and_are_woken_from_other_threads() {
    let directory = texts(400);
    let tree = walk(directory.path());
    // Which thread polls what is the system's affair, so one run may have all wakes of a family at home; a few have
    // them elsewhere.
    let mut seen = [(0, 0); 5];
    for _ in 0..200 {
        let finished = run(&plan(2, [V1, V2]), &tree);
        assert_eq!(finished.counts.len(), seen.len());
        for ((parks, foreign), family) in seen.iter_mut().zip(&finished.counts) {
            assert!(family.polls <= family.tasks + family.wakes, "{family:?}");
            *parks += family.parks;
            *foreign += family.foreign_wakes;
        }
        if seen.iter().all(|(parks, foreign)| *parks > 0 && *foreign > 0) {
            return;
        }
    }
    panic!("a family never parked, or was never woken from another thread: {seen:?}");
}
