//! Trees for tests.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use indicatif::ProgressBar;
use pipeline::graph::{Finished, Plan};
use pipeline::stop::Stop;
use pipeline::tree::{self, Tree};
use pipeline::words::Version;
use tempfile::TempDir;

/// Words with everything that is hard to split.
const WORDS: [&str; 16] = [
    "alpha",
    "Alpha",
    "beta_gamma",
    "don't",
    "3.14",
    "naïve",
    "東京都",
    "Ελλάδα",
    "x",
    "e\u{301}tude",
    "👍🏽",
    "a-b",
    "ß",
    "0x1F",
    "\u{feff}bom",
    "٣٤",
];

/// A directory with so many text files, in subdirectories of ten.
pub fn texts(files: usize) -> TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    for file in 0..files {
        let parent = directory.path().join(format!("d{}", file / 10));
        fs::create_dir_all(&parent).expect("a directory");
        let mut text = String::new();
        for place in 0..200 + file * 7 % 300 {
            text.push_str(WORDS[(file * 31 + place * place) % WORDS.len()]);
            text.push_str(if place % 9 == 0 { "\n" } else { " " });
            write!(text, "w{} ", (file + place) % 97).expect("memory");
        }
        fs::write(parent.join(format!("f{file}.txt")), text).expect("a file");
    }
    directory
}

/// Small texts with such long paths that the list of them, which answers `--query=alpha`, is more than a pipe holds.
pub fn long_paths() -> TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    let parent = (0..4).fold(directory.path().to_path_buf(), |parent, _| parent.join("x".repeat(200)));
    fs::create_dir_all(&parent).expect("a directory");
    for file in 0..300 {
        fs::write(parent.join(format!("f{file}.txt")), "alpha beta").expect("a file");
    }
    directory
}

/// The texts, and one of each kind of file that is not simply text: binary, not UTF-8, empty, without a word, a link.
pub fn mixture(files: usize) -> TempDir {
    let directory = texts(files);
    let path = directory.path();
    fs::write(path.join("binary"), b"alpha\0beta").expect("a file");
    fs::write(path.join("latin"), b"na\xefve alpha \xff\xfe").expect("a file");
    fs::write(path.join("empty"), b"").expect("a file");
    fs::write(path.join("signs"), b"... --- ...\n").expect("a file");
    fs::write(path.join(".hidden"), b"alpha hiddenword\n").expect("a file");
    let mut late = vec![b'a'; 9000];
    late.extend(b" \0 after");
    fs::write(path.join("late_nul"), late).expect("a file");
    #[cfg(unix)]
    std::os::unix::fs::symlink(path.join("latin"), path.join("link")).expect("a link");
    directory
}

pub fn plan(threads: usize, versions: [Version; 2]) -> Plan {
    Plan { threads, versions }
}

pub fn walk(directory: &Path) -> Tree {
    tree::walk(directory, &Stop::default())
}

pub fn run(plan: &Plan, tree: &Tree) -> Finished {
    let files = Arc::from(tree.files.clone());
    plan.run(files, ProgressBar::hidden(), &Arc::default()).expect("the plan's own lines are good")
}
