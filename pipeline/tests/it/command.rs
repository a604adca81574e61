//! The program as it is called.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::str;

use crate::files::{long_paths, mixture, texts, walk};

pub fn command(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pipeline"));
    command.arg(directory).args(arguments).stdin(Stdio::null());
    command
}

pub fn output(directory: &Path, arguments: &[&str]) -> Output {
    command(directory, arguments).output().expect("it starts")
}

pub fn stdout(output: &Output) -> &str {
    str::from_utf8(&output.stdout).expect("text")
}

pub fn stderr(output: &Output) -> &str {
    str::from_utf8(&output.stderr).expect("text")
}

#[test]
fn answers_queries_and_prints_nothing_else_into_a_pipe() {
    let directory = mixture(60);
    let output =
        output(directory.path(), &["--verify", "--query=hiddenword", "--query=nowhere", "--query=beta_gamma"]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(stderr(&output), "", "no progress bar");
    let text = stdout(&output);
    assert!(!text.contains(['\r', '\u{1b}']), "no progress bar");
    for line in [
        "files       65 indexed, 1 of them not UTF-8 and read lossily",
        "skipped     1 binary (a NUL within 8192 bytes), 0 unreadable",
        "clock       warm: every file was read once before the start",
        "query       \"hiddenword\": 1 in 1 files",
        "query       \"nowhere\": 0 in 0 files",
        "            etl/parse@v1 never finds that word; it makes [\"beta\", \"gamma\"] of it",
        "verify      equal: ",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    for start in ["bytes ", "words ", "seconds ", "MB/s ", "top ", "sequential ", "law ", "search/merge@v1 "] {
        assert!(text.lines().any(|line| line.starts_with(start)), "{start}\n{text}");
    }
}

#[test]
fn a_cold_clock_is_said_to_be_one() {
    let directory = texts(3);
    let output = output(directory.path(), &["--cold"]);
    assert!(stdout(&output).contains("clock       cold: no file was read before the start"));
}

#[test]
fn both_versions_side_by_side_are_verified() {
    let directory = mixture(60);
    let output = output(directory.path(), &["--split", "--verify", "--jobs"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    for text in ["job         etl/parse@v1 half=0", "job         etl/parse@v2 half=1", "verify      equal: "] {
        assert!(stdout(&output).contains(text), "{text}\n{}", stdout(&output));
    }
}

#[test]
fn the_second_version_finds_other_words() {
    let directory = texts(20);
    let of = |version| {
        let output = output(directory.path(), &["--parse-version", version, "--query", "don't", "--verify"]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        stdout(&output).contains("query       \"don't\": 0 in 0 files")
    };
    assert!(of("v1") && of("1"));
    assert!(!of("v2") && !of("2"));
}

#[test]
fn wrong_arguments_are_refused_with_status_2() {
    let directory = texts(1);
    let file = directory.path().join("d0/f0.txt");
    let nowhere = directory.path().join("nowhere");
    let here = directory.path();
    for (directory, arguments, reason) in [
        (here, &["--parse-version", "v3"][..], "invalid value 'v3'"),
        (here, &["--query"], "a value is required for '--query"),
        (here, &["--query", ""], "a value is required for '--query"),
        (here, &["--split", "--parse-version", "v2"], "cannot be used with"),
        (here, &["--threads", "0"], "0 is not in 1..=1024"),
        (here, &["--unheard-of"], "unexpected argument"),
        (here, &["another"], "unexpected argument"),
        (here, &["--query", "alpha", "beta"], "unexpected argument 'beta'"),
        (here, &["--query", "--verify"], "a value is required for '--query"),
        (&file, &[], "not a directory"),
        (&nowhere, &[], "No such file or directory"),
    ] {
        let output = output(directory, arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(stderr(&output).contains(reason), "{}", stderr(&output));
        assert_eq!(stdout(&output), "");
    }
}

#[test]
fn what_follows_the_word_of_a_query_is_the_tree() {
    let directory = mixture(3);
    let mut command = Command::new(env!("CARGO_BIN_EXE_pipeline"));
    let output = command.args(["--query", "hiddenword"]).arg(directory.path()).output().expect("it starts");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).contains("query       \"hiddenword\": 1 in 1 files"), "{}", stdout(&output));

    let mut command = Command::new(env!("CARGO_BIN_EXE_pipeline"));
    let output = command.args(["--query", "alpha", "no such tree"]).output().expect("it starts");
    assert_eq!((output.status.code(), stdout(&output)), (Some(2), ""));
    assert!(stderr(&output).contains("hint: --query takes one word"), "{}", stderr(&output));
}

#[test]
fn nothing_to_index_is_status_2() {
    let directory = tempfile::tempdir().expect("a directory");
    let check = || {
        let output = output(directory.path(), &["--query", "alpha"]);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains("nothing to index"), "{}", stderr(&output));
        stdout(&output).to_owned()
    };
    check();
    fs::write(directory.path().join("binary"), [0, 1, 2]).expect("a file");
    assert!(check().contains("skipped     1 binary"));
    fs::write(directory.path().join("empty"), []).expect("a file");
    check();
}

/// A path too long to open is refused to the superuser too.
#[cfg(target_os = "linux")]
#[test]
fn unreadable_files_and_directories_are_named_and_counted() {
    let directory = texts(3);
    let script = r#"
        cd "$1"
        long=$(printf 'x%.0s' $(seq 200))
        for level in $(seq 20); do mkdir $long && cd $long || exit 1; done
        echo alpha > f$long && mkdir d$long
    "#;
    let made = Command::new("bash").args(["-c", script, "-"]).arg(directory.path()).status();
    assert!(made.expect("bash").success());
    let output = output(directory.path(), &["--verify"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = stdout(&output);
    let named: Vec<_> = text.lines().filter(|line| line.starts_with("unreadable  ")).collect();
    assert_eq!(named.len(), 2, "{text}");
    assert!(named.iter().all(|line| line.contains("xxx: File name too long")), "{text}");
    assert!(text.contains(" bytes), 2 unreadable"), "{text}");
}

/// More is printed than a pipe holds, so the program waits for its reader before it begins to verify.
#[test]
fn a_file_that_changes_before_it_is_verified_is_a_mismatch_and_status_1() {
    let directory = long_paths();
    let mut child =
        command(directory.path(), &["--verify", "--query=alpha"]).stdout(Stdio::piped()).spawn().expect("it starts");
    let mut out = BufReader::with_capacity(64, child.stdout.take().expect("a pipe"));
    let mut line = String::new();
    while !line.starts_with("query ") {
        line.clear();
        assert!(out.read_line(&mut line).expect("text") > 0, "it ended without a query");
    }
    fs::write(&walk(directory.path()).files[3], "something else").expect("a file");
    let mut rest = String::new();
    out.read_to_string(&mut rest).expect("text");
    assert!(rest.len() > 128 * 1024, "{} bytes are less than a pipe holds", rest.len());
    assert!(rest.contains(".txt was not the same in both passes"), "{}", &rest[rest.len() - 400..]);
    assert_eq!(child.wait().expect("a status").code(), Some(1));
}

/// A memory figure is believed if it is at least the text that was in memory, and not far more than this machine has.
#[cfg(unix)]
#[test]
fn the_peak_of_memory_stands_beside_the_figures() {
    let directory = tempfile::tempdir().expect("a directory");
    let text = format!("alpha{}", " ".repeat(16_500_000));
    fs::write(directory.path().join("large"), &text).expect("a file");
    let output = output(directory.path(), &[]);
    let line = stdout(&output).lines().find_map(|line| line.strip_prefix("memory      "));
    let figure = line.and_then(|line| line.strip_suffix(" MB at the peak")).expect("a line of its own");
    let megabytes: f64 = figure.parse().expect("a number");
    assert!((16.5..16.5 * 100.0).contains(&megabytes), "{megabytes} MB for a text of {} bytes", text.len());
}

#[cfg(target_os = "linux")]
#[test]
fn output_that_cannot_be_written_is_status_1() {
    let directory = texts(3);
    let full = File::create("/dev/full").expect("the device");
    let output = command(directory.path(), &[]).stdout(full).output().expect("it starts");
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).starts_with("error: "), "{}", stderr(&output));
}
