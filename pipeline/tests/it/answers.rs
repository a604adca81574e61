//! The index is the one that a plain pass makes.

use std::fs;
use std::ops::{ControlFlow, Range};

use pipeline::document::Outcome;
use pipeline::lists::Posting;
use pipeline::stop::Stop;
use pipeline::verify::{compare, sequential};
use pipeline::words::Version::{V1, V2};
use pipeline::words::{Alphanumeric, Splitter, Unicode};
use unicode_segmentation::UnicodeSegmentation;

use crate::files::{mixture, plan, run, texts, walk};

#[test]
fn equals_the_plain_pass_for_all_versions_and_numbers_of_threads() {
    let directory = mixture(150);
    let tree = walk(directory.path());
    for versions in [[V1, V1], [V2, V2], [V1, V2]] {
        for threads in [1, 2, 3, 8] {
            let plan = plan(threads, versions);
            let finished = run(&plan, &tree);
            let index = finished.index.as_ref().expect("nobody stopped it");
            let again = sequential(&plan, &tree.files, &Stop::default()).expect("nobody stopped it");
            assert_eq!(compare(&finished, index, &again, &tree.files), Ok(()), "{threads} threads, {versions:?}");
            assert_eq!(index.distinct(), again.words.len());
            assert_eq!(index.find("alpha"), again.words["alpha"]);
            assert!(index.find("no such word").is_empty());
        }
    }
}

#[test]
fn a_tree_of_one_file_leaves_one_half_empty() {
    let directory = texts(1);
    let tree = walk(directory.path());
    let finished = run(&plan(2, [V1, V1]), &tree);
    let index = finished.index.expect("nobody stopped it");
    assert_eq!(index.find("alpha").len(), 1);
}

#[test]
fn every_file_is_counted_as_what_it_is() {
    let directory = mixture(0);
    let tree = walk(directory.path());
    let finished = run(&plan(2, [V1, V1]), &tree);
    let outcome = |name: &str| {
        let file = tree.files.iter().position(|path| path.ends_with(name)).expect("it was walked over");
        &finished.outcomes[file].1
    };
    assert_eq!(*outcome("binary"), Outcome::Binary);
    assert_eq!(*outcome("latin"), Outcome::Text { bytes: 14, lossy: true });
    assert_eq!(*outcome("empty"), Outcome::Text { bytes: 0, lossy: false });
    assert_eq!(*outcome("late_nul"), Outcome::Text { bytes: 9008, lossy: false });
    assert_eq!(tree.others, usize::from(cfg!(unix)), "the link");
    let index = finished.index.expect("nobody stopped it");
    assert_eq!(index.find("hiddenword").len(), 1, "hidden files are files");
}

#[test]
fn a_file_removed_between_the_walk_and_the_read_is_unreadable() {
    let directory = texts(30);
    let tree = walk(directory.path());
    fs::remove_file(&tree.files[7]).expect("it was there");
    let finished = run(&plan(2, [V1, V1]), &tree);
    assert_eq!(finished.outcomes.len(), 30, "no other file is lost");
    for (file, outcome) in &finished.outcomes {
        assert_eq!(matches!(outcome, Outcome::Unreadable(_)), *file == 7, "{outcome:?}");
    }
}

#[test]
fn a_difference_is_found_whichever_it_is() {
    let directory = texts(20);
    let tree = walk(directory.path());
    let plan = plan(2, [V1, V1]);
    let finished = run(&plan, &tree);
    let index = finished.index.as_ref().expect("nobody stopped it");
    let sound = || sequential(&plan, &tree.files, &Stop::default()).expect("nobody stopped it");
    let first = |other| {
        let mismatch = compare(&finished, index, &other, &tree.files).expect_err("they differ");
        assert_eq!(mismatch.differences, 1);
        mismatch.first
    };

    let mut lost = sound();
    lost.words.remove("alpha");
    assert!(first(lost).contains("\"alpha\""));

    let mut more = sound();
    more.words.insert("unheard".into(), vec![Posting { file: 0, count: 1 }]);
    assert!(first(more).contains("\"unheard\" is in 0 files by the graph and in 1"));

    let mut often = sound();
    often.words.get_mut("alpha").expect("a word of all trees")[0].count += 1;
    assert!(first(often).contains("not as often"));

    let mut elsewhere = sound();
    elsewhere.words.get_mut("alpha").expect("a word of all trees")[0].file += 1000;
    assert!(first(elsewhere).contains("\"alpha\""));

    let mut changed = sound();
    changed.outcomes[3] = Outcome::Binary;
    assert!(first(changed).contains("did it change meanwhile?"));
}

#[test]
fn both_versions_split_as_they_say() {
    let texts = [
        "",
        "a",
        "a b",
        "_a__b_",
        "don't stop",
        "naïve—東京 ٣٤x",
        "👍🏽ok",
        "e\u{301}t\u{e9}",
        "3.14 0x1F",
        "\u{feff}é",
    ];
    for text in texts {
        let naive: Vec<_> = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
        assert_eq!(V1.words(text), naive, "{text:?}");
        assert_eq!(V2.words(text), text.unicode_words().collect::<Vec<_>>(), "{text:?}");
    }
    assert_eq!(V1.words("don't 3.14"), ["don", "t", "3", "14"]);
    assert_eq!(V2.words("don't 3.14"), ["don't", "3.14"]);
}

#[test]
fn no_word_comes_after_the_one_that_ends_the_split() {
    fn split<S: Splitter>() -> Vec<Range<usize>> {
        let mut places = Vec::new();
        S::split("a b c d", |place| {
            places.push(place);
            if places.len() == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        places
    }
    assert_eq!(split::<Alphanumeric>(), [0..1, 2..3]);
    assert_eq!(split::<Unicode>(), [0..1, 2..3]);
}
