//! The program as it is called.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::str;

use crate::files::{mixture, texts};

fn command(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pipeline"));
    command.arg(directory).args(arguments).stdin(Stdio::null());
    command
}

fn output(directory: &Path, arguments: &[&str]) -> Output {
    command(directory, arguments).output().expect("it starts")
}

fn stdout(output: &Output) -> &str {
    str::from_utf8(&output.stdout).expect("text")
}

fn stderr(output: &Output) -> &str {
    str::from_utf8(&output.stderr).expect("text")
}

#[test]
fn answers_queries_and_prints_nothing_else_into_a_pipe() {
    let directory = mixture(60);
    let output = output(directory.path(), &["--verify", "--query", "hiddenword", "nowhere", "beta_gamma"]);
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
    let directory = texts(1500);
    let queries = ["--query", "alpha", "w1", "w2", "w3", "w4", "w5"];
    let mut child = command(directory.path(), &[&["--verify"][..], &queries].concat())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut out = BufReader::with_capacity(64, child.stdout.take().expect("a pipe"));
    let mut line = String::new();
    while !line.starts_with("query ") {
        line.clear();
        assert!(out.read_line(&mut line).expect("text") > 0, "it ended without a query");
    }
    fs::write(directory.path().join("d0/f3.txt"), "something else").expect("a file");
    let mut rest = String::new();
    out.read_to_string(&mut rest).expect("text");
    assert!(rest.len() > 128 * 1024, "{} bytes are less than a pipe holds", rest.len());
    assert!(rest.contains("f3.txt was not the same in both passes"), "{}", &rest[rest.len() - 400..]);
    assert_eq!(child.wait().expect("a status").code(), Some(1));
}

/// Hard links make a tree of gigabytes out of one file. Nobody waits for its end: the first lines are enough.
#[cfg(unix)]
#[test]
fn ctrl_c_stops_cleanly_with_status_130() {
    let directory = tempfile::tempdir().expect("a directory");
    let first = directory.path().join("0");
    fs::write(&first, "alpha beta gamma delta\n".repeat(20_000)).expect("a file");
    for name in 1..4000 {
        fs::hard_link(&first, directory.path().join(name.to_string())).expect("a link");
    }
    for arguments in [&["--cold"][..], &[], &["--split", "--verify"]] {
        let mut child = command(directory.path(), arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut line = String::new();
        let last = if arguments == ["--cold"] { "clock " } else { "threads " };
        while !line.starts_with(last) {
            line.clear();
            assert!(out.read_line(&mut line).expect("text") > 0, "it ended early");
        }
        let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
        assert!(sent.expect("kill").success());
        let mut rest = String::new();
        out.read_to_string(&mut rest).expect("text");
        assert!(rest.contains("stopped     ") && rest.contains("law "), "{rest}");
        let output = child.wait_with_output().expect("a status");
        assert_eq!(output.status.code(), Some(130));
        assert_eq!(stderr(&output), "stopped by Ctrl-C; all threads are joined\n");
    }
}

#[test]
fn a_reader_of_its_output_that_goes_away_is_no_error() {
    let directory = texts(1500);
    let mut child = command(directory.path(), &["--query", "alpha", "w1", "w2", "w3", "w4", "w5"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("a status");
    assert_eq!((output.status.code(), stderr(&output)), (Some(0), ""));
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
