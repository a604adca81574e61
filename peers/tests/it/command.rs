//! Arguments that cannot be followed end the command at once, and the message names them.

use std::fs;
use std::process::Command;

#[track_caller]
fn refused(arguments: &[&str], named: &str) {
    let output = Command::new(env!("CARGO_BIN_EXE_peers")).args(arguments).output().expect("it can be started");
    assert!(!output.status.success(), "{arguments:?} was accepted");
    assert!(output.stdout.is_empty(), "{arguments:?} began to measure");
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(message.contains(named), "{message:?} does not name {named}");
}

#[test]
fn what_cannot_be_run() {
    refused(&["no-such-group"], "no-such-group");
    refused(&["--no-such-flag"], "--no-such-flag");
    refused(&["--pin", "4096"], "4096");
    refused(&["--pin", "x"], "x");
    refused(&["--pin", "0,0"], "0");
    refused(&["--pin", "-1"], "-1");
    refused(&["--pin"], "--pin");
    refused(&["--json"], "--json");
    refused(&["--svg"], "--svg");
    refused(&["--quick", "--page", "x.md"], "--quick");
}

#[test]
fn what_cannot_be_read_or_written() {
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    fs::write(path("file"), "{}").expect("it can be written");
    let (file, missing, deep) = (path("file"), path("missing"), path("missing/report.json"));
    refused(&["make", "--json", &deep], "missing");
    refused(&["make", "--json", &folder.path().display().to_string()], "--json");
    refused(&["make", "--svg", &file], "file");
    refused(&["--page", &missing], "missing");
    refused(&["--from", &missing, "--svg", &path("svg")], "missing");
    refused(&["--from", &file, "--svg", &path("svg")], "file");
    refused(&["--from", &file], "--svg");
    refused(&["--from", &file, "--quick", "--svg", &path("svg")], "--quick");
}
