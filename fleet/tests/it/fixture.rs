//! A server for all tests of a run, a database for each, and the program.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Starts a server and stops it when its standard input ends, however the tests end.
const SERVER: &str = r#"
set -euo pipefail
SERVER_BIN=$(server_bin)
dir=$(mktemp -d)
chmod 755 "$dir"
trap 'server_stop "$dir" immediate || true; rm -rf "$dir"' EXIT
port=$(free_port)
server_make "$dir" "$port"
server_start "$dir"
echo "$SERVER_BIN $port"
read -r || true
"#;

struct Server {
    bin: PathBuf,
    port: String,
    /// It ends when its standard input does.
    _child: Child,
}

fn server() -> &'static Server {
    static SERVER_OF_ALL: OnceLock<Server> = OnceLock::new();
    SERVER_OF_ALL.get_or_init(|| {
        let script = concat!(include_str!("../../server.sh")).to_owned() + SERVER;
        let mut bash = Command::new("bash");
        let mut child =
            bash.arg("-c").arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("bash");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("readable");
        let (bin, port) = line.trim().split_once(' ').expect("a server that started");
        Server { bin: bin.into(), port: port.into(), _child: child }
    })
}

/// A database of one test.
pub struct Database {
    pub url: String,
}

/// A worker that is killed when it is dropped.
pub struct Worker {
    child: Child,
}

impl Database {
    /// An empty one.
    pub fn empty() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let server = server();
        let url = |name: &str| format!("postgres://postgres@127.0.0.1:{}/{name}", server.port);
        let name = format!("t{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        Self { url: url("postgres") }.sql(&format!("create database {name}"));
        Self { url: url(&name) }
    }

    /// One with the schema, and the keys that are only for trials.
    pub fn new() -> Self {
        let database = Self::empty();
        let keys = ["echo", "sleep", "panic", "hang", "abort"].map(|kind| format!("--key=trial/{kind}@v1"));
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        database.ok(&[&["init"][..], &keys].concat());
        database
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fleet"));
        command.args(arguments).env("DATABASE_URL", &self.url).env("RUST_BACKTRACE", "0");
        command
    }

    /// Runs the program.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("it runs")
    }

    /// Runs the program, which succeeds, and gives what it prints.
    pub fn ok(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    }

    /// Enqueues one job and gives its id.
    pub fn enqueue(&self, key: &str, bytes: &str) -> String {
        self.ok(&["enqueue", "--key", key, "--bytes", bytes]).trim().to_owned()
    }

    /// Starts a worker with the families for trials, a lease of 2 s and polls of 1 s.
    pub fn worker(&self, arguments: &[&str]) -> Worker {
        let fixed = ["work", "--trial=1", "--lease=2", "--poll-limit=1"];
        let mut command = self.command(&[&fixed[..], arguments].concat());
        Worker { child: command.stderr(Stdio::null()).spawn().expect("it runs") }
    }

    pub fn psql(&self, statement: &str) -> Output {
        let mut psql = Command::new(server().bin.join("psql"));
        psql.args(["-qXAt", "-v", "ON_ERROR_STOP=1", "-v", "VERBOSITY=verbose", &self.url, "-c", statement])
            .output()
            .expect("psql")
    }

    /// What a statement answers, columns with `|` between them.
    pub fn sql(&self, statement: &str) -> String {
        let output = self.psql(statement);
        assert!(output.status.success(), "{statement}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text").trim().to_owned()
    }

    /// The code of the error that a statement ends with.
    pub fn refusal(&self, statement: &str) -> String {
        let output = self.psql(statement);
        assert!(!output.status.success(), "{statement}: {}", String::from_utf8_lossy(&output.stdout));
        let text = String::from_utf8_lossy(&output.stderr);
        let code = text.split("ERROR:  ").nth(1).and_then(|rest| rest.split(':').next());
        code.unwrap_or_else(|| panic!("{text}")).to_owned()
    }

    /// Waits until a statement answers this. What it waits for is another process, so it looks again and again.
    pub fn until(&self, statement: &str, expected: &str) {
        let end = Instant::now() + Duration::from_mins(2);
        loop {
            let there = self.sql(statement);
            if there == expected {
                return;
            }
            assert!(Instant::now() < end, "{statement}: {there:?}, not {expected:?}\n{}", self.ok(&["status"]));
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Waits until a worker's process has ended, or a statement answers 1.
    pub fn until_over(&self, worker: &mut Worker, statement: &str) {
        let end = Instant::now() + Duration::from_mins(2);
        while worker.child.try_wait().expect("it was started").is_none() && self.sql(statement) != "1" {
            assert!(
                Instant::now() < end,
                "worker {} and {statement}: neither\n{}",
                worker.id(),
                self.ok(&["status"])
            );
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Waits until this many jobs are in this state.
    pub fn until_jobs(&self, state: &str, number: usize) {
        self.until(&format!("select count(*) from apalis.jobs where status = '{state}'"), &number.to_string());
    }
}

impl Worker {
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal, by the name that `kill` has for it.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.id().to_string()]).status().expect("kill");
        assert!(sent.success());
    }

    /// Waits for its end.
    pub fn wait(&mut self) -> Option<i32> {
        self.child.wait().expect("it was started").code()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // It may have ended already.
        let _ended = self.child.kill().and_then(|()| self.child.wait());
    }
}
