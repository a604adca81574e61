//! Files that are something else by the time they are opened.

use std::fs;
use std::path::Path;
use std::process::Command;

use pipeline::document::{Outcome, load};
use pipeline::stop::Stop;
use pipeline::words::Version::V1;

use crate::files::{plan, run, texts, walk};

/// Nobody ever writes into the FIFO, so opening it as a file is opened would take for ever.
#[cfg(unix)]
#[test]
fn what_takes_a_files_place_after_the_walk_is_neither_waited_for_nor_read() {
    let directory = texts(40);
    let tree = walk(directory.path());
    for file in &tree.files[10..15] {
        fs::remove_file(file).expect("it was there");
    }
    assert!(Command::new("mkfifo").arg(&tree.files[10]).status().expect("mkfifo").success());
    std::os::unix::fs::symlink(&tree.files[0], &tree.files[11]).expect("a link");
    fs::create_dir(&tree.files[12]).expect("a directory");
    let _socket = std::os::unix::net::UnixListener::bind(&tree.files[13]).expect("a socket");
    let finished = run(&plan(2, [V1, V1]), &tree);
    assert_eq!(finished.outcomes.len(), 40, "no other file is lost");
    for (file, outcome) in &finished.outcomes {
        assert_eq!(matches!(outcome, Outcome::Unreadable(_)), (10..15).contains(file), "{file}: {outcome:?}");
    }
}

#[cfg(unix)]
#[test]
fn a_device_is_not_read() {
    let (outcome, text) = load(Path::new("/dev/zero"), &Stop::default());
    assert!(matches!(outcome, Outcome::Unreadable(_)) && text.is_none(), "{outcome:?}");
}

#[test]
fn a_reader_of_a_long_file_hears_that_it_is_to_stop() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("long");
    fs::write(&path, "alpha beta\n".repeat(1 << 20)).expect("a file");
    let stop = Stop::default();
    assert!(matches!(load(&path, &stop).0, Outcome::Text { .. }));
    stop.ask();
    let (outcome, text) = load(&path, &stop);
    assert!(matches!(outcome, Outcome::Unreadable(_)) && text.is_none(), "{outcome:?}");
}
