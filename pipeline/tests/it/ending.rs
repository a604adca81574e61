//! Runs that end before their time: by Ctrl-C, with a closed output, without threads.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread;

use pipeline::output::{Quiet, watch};
use pipeline::stop::Stop;
use tempfile::TempDir;

use crate::command::{command, output, stderr};
use crate::files::{long_paths, texts};

/// Hard links make a tree of gigabytes out of one file. Nobody waits for its end.
fn gigabytes() -> TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    let first = directory.path().join("0");
    fs::write(&first, "alpha beta gamma delta\n".repeat(20_000)).expect("a file");
    for name in 1..4000 {
        fs::hard_link(&first, directory.path().join(name.to_string())).expect("a link");
    }
    directory
}

fn spawn(directory: &TempDir, arguments: &[&str]) -> Child {
    let mut command = command(directory.path(), arguments);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts")
}

/// Reads lines up to one that begins like this.
fn read_to(lines: &mut impl BufRead, start: &str) {
    let mut line = String::new();
    while !line.starts_with(start) {
        line.clear();
        assert!(lines.read_line(&mut line).expect("text") > 0, "it ended before it said {start:?}");
    }
}

fn press_ctrl_c(child: &Child) {
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(sent.expect("kill").success());
}

#[test]
fn ctrl_c_stops_cleanly_with_status_130() {
    let directory = gigabytes();
    for arguments in [&["--cold"][..], &[], &["--split", "--verify"]] {
        let mut child = spawn(&directory, arguments);
        let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
        read_to(&mut out, if arguments == ["--cold"] { "clock " } else { "threads " });
        press_ctrl_c(&child);
        let mut rest = String::new();
        out.read_to_string(&mut rest).expect("text");
        assert!(rest.contains("stopped     ") && rest.contains("law "), "{rest}");
        let output = child.wait_with_output().expect("a status");
        assert_eq!(output.status.code(), Some(130));
        let lines: Vec<_> = stderr(&output).lines().collect();
        assert_eq!(lines, ["stopping; Ctrl-C again ends this at once", "stopped by Ctrl-C; all threads are joined"]);
    }
}

/// The program is in the middle of a list that nobody reads; it cannot stop cleanly before its end.
#[test]
fn a_second_ctrl_c_ends_what_cannot_stop() {
    let directory = long_paths();
    let mut child = spawn(&directory, &["--query=alpha"]);
    let mut out = BufReader::with_capacity(64, child.stdout.take().expect("a pipe"));
    read_to(&mut out, "query ");
    press_ctrl_c(&child);
    let mut errors = BufReader::new(child.stderr.take().expect("a pipe"));
    read_to(&mut errors, "stopping");
    press_ctrl_c(&child);
    assert_eq!(child.wait().expect("a status").code(), Some(130));
    let mut rest = String::new();
    errors.read_to_string(&mut rest).expect("text");
    assert_eq!(rest, "");
    drop(out);
}

/// All that is left to do would take minutes, and nothing is printed meanwhile.
#[test]
fn a_run_whose_output_is_closed_ends_with_status_141() {
    let directory = gigabytes();
    for arguments in [&["--verify", "--cold"][..], &["--verify"]] {
        let mut child = spawn(&directory, arguments);
        let mut out = BufReader::with_capacity(64, child.stdout.take().expect("a pipe"));
        read_to(&mut out, if arguments.contains(&"--cold") { "clock " } else { "threads " });
        drop(out);
        let output = child.wait_with_output().expect("a status");
        assert_eq!((output.status.code(), stderr(&output)), (Some(141), ""));
    }
}

#[test]
fn what_is_printed_into_a_closed_output_is_status_141() {
    let directory = long_paths();
    let mut child = spawn(&directory, &["--query=alpha"]);
    let mut out = BufReader::with_capacity(64, child.stdout.take().expect("a pipe"));
    read_to(&mut out, "query ");
    drop(out);
    let output = child.wait_with_output().expect("a status");
    assert_eq!((output.status.code(), stderr(&output)), (Some(141), ""));
}

#[test]
fn everybody_is_asked_to_stop_once_the_reader_has_gone() {
    let (output, reader) = UnixStream::pair().expect("a pair");
    let stop: Arc<Stop> = Arc::default();
    watch(output, stop.clone()).expect("a thread");
    assert!(!stop.asked());
    drop(reader);
    while !stop.asked() {
        thread::yield_now();
    }
}

#[test]
fn a_quiet_writer_loses_what_nobody_reads() {
    let (output, reader) = UnixStream::pair().expect("a pair");
    drop(reader);
    let mut quiet = Quiet(output);
    writeln!(quiet, "lost").and_then(|()| quiet.flush()).expect("no error");
    assert!(writeln!(quiet.0, "refused").is_err(), "nobody reads");
}

#[test]
fn an_output_that_nobody_reads_is_not_a_closed_one() {
    let directory = texts(30);
    let file = tempfile::tempfile().expect("a file");
    for out in [Stdio::null(), file.into()] {
        let output = command(directory.path(), &["--verify"]).stdout(out).output().expect("it starts");
        assert_eq!((output.status.code(), stderr(&output)), (Some(0), ""));
    }
}

#[test]
fn errors_that_nobody_reads_change_no_status() {
    let directory = texts(1);
    let mut child = spawn(&directory, &["--parse-version", "v3"]);
    drop(child.stderr.take());
    assert_eq!(child.wait().expect("a status").code(), Some(2));

    let (errors, reader) = UnixStream::pair().expect("a pair");
    drop(reader);
    let nowhere = directory.path().join("nowhere");
    let status = command(&nowhere, &[]).stderr(OwnedFd::from(errors)).status();
    assert_eq!(status.expect("it starts").code(), Some(2));
}

/// A limit on addresses, unlike one on threads, holds for the superuser too.
#[test]
fn threads_that_cannot_be_had_are_a_sentence_and_status_1() {
    let run = |directory: &TempDir, mebibytes: u64, threads: &str| {
        let script =
            "ulimit -v $((1024 * $1)) && RUST_MIN_STACK=$((1 << 28)) exec \"$2\" \"$3\" --cold --threads \"$4\"";
        let mut bash = Command::new("bash");
        bash.args(["-c", script, "-", &mebibytes.to_string(), env!("CARGO_BIN_EXE_pipeline")]);
        bash.arg(directory.path()).arg(threads).output().expect("bash")
    };
    let (few, many) = (texts(30), gigabytes());
    // Stacks of 256 MiB: room for the two threads that listen and a few that work; for these alone; for none.
    let (some, none) = (run(&many, 2048, "64"), run(&many, 200, "1"));
    assert_eq!(some.status.code(), Some(1), "{}", stderr(&some));
    assert!(stderr(&some).contains(" of 64 threads could be started: "), "{}", stderr(&some));
    assert_eq!(none.status.code(), Some(1), "{}", stderr(&none));
    for output in [some, none] {
        assert_eq!(stderr(&output).lines().count(), 1, "{}", stderr(&output));
        assert!(stderr(&output).starts_with("error: "), "{}", stderr(&output));
    }
    assert_eq!(run(&few, 2048, "2").status.code(), Some(0));
    assert_eq!(output(few.path(), &["--threads=64"]).status.code(), Some(0));
}
