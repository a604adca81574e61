//! A sentence and an exit status for each.

use std::fs;
use std::process::Command;

use crate::fixture::Database;

#[test]
fn bad_input_is_a_sentence_and_a_status() {
    let database = Database::new();
    let scratch = std::env::temp_dir().join(format!("fleet-input-{}", std::process::id()));
    fs::create_dir_all(scratch.join("empty")).expect("a temporary folder");
    fs::write(scratch.join("large"), vec![b'x'; (1 << 20) + 1]).expect("a temporary file");
    let (empty, large) = (scratch.join("empty"), format!("@{}/large", scratch.display()));
    let (empty, missing) = (empty.to_str().expect("text"), "/no/such/tree");
    for (arguments, status) in [
        (&["drain", "trial/nobody@v1"][..], 6),
        (&["seal", "trial/nobody@v1"], 6),
        (&["retire", "trial/nobody@v1"], 6),
        (&["enqueue", "--key", "trial/nobody@v1"], 6),
        (&["drain", "no key"], 2),
        (&["enqueue", "--key", "trial/echo@v70000"], 2),
        (&["enqueue", "--key", "trial/echo"], 2),
        (&["enqueue", "--key", "trial/echo@v1", "--bytes", &large], 2),
        (&["enqueue", "--key", "trial/echo@v1", "--bytes", "@/no/such/file"], 2),
        (&["enqueue", missing], 2),
        (&["enqueue", empty], 2),
        (&["enqueue"], 2),
        (&["query", "word"], 6),
        (&["query", "word", "--batch", "none"], 6),
        (&["work", "--keys", "nobody/*"], 2),
        (&["work", "--slots", "0"], 2),
        (&["--database", "mysql://localhost/x", "status"], 2),
        (&["--database", "postgres://postgres@127.0.0.1:1/x", "status"], 3),
        (&["--database", "postgres://postgres@127.0.0.1:1/x", "work"], 3),
        (&["--database", "postgres://postgres@127.0.0.1:1/x", "init"], 3),
    ] {
        let output = database.run(arguments);
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {text}");
        assert!(text.starts_with("error: ") && !text.contains("panicked"), "{arguments:?}: {text}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
    assert_eq!(database.sql("select count(*) from apalis.jobs"), "0");
    fs::remove_dir_all(scratch).expect("it was made above");

    let nowhere =
        Command::new(env!("CARGO_BIN_EXE_fleet")).arg("status").env_remove("DATABASE_URL").output().expect("it runs");
    assert_eq!(nowhere.status.code(), Some(2));
}

#[test]
fn another_schema_is_told_apart_from_none() {
    let database = Database::empty();
    for command in [&["status"][..], &["work"], &["enqueue", "."], &["seal", "trial/echo@v1"]] {
        assert_eq!(database.run(command).status.code(), Some(4), "{command:?}");
    }
    database.ok(&["init"]);
    database.ok(&["init"]);
    database.sql("create or replace function fleet.version() returns int language sql as 'select 2'");
    for command in [&["status"][..], &["work"], &["init"]] {
        assert_eq!(database.run(command).status.code(), Some(4), "{command:?}");
    }
}
