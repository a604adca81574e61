//! Tries the laws of `waker_laws` on published wakers and executors.
//!
//! `cargo run` tries all; `cargo run -- NAME` tries one implementation, `cargo run -- NAME LAW` one law of it, in this
//! process; `cargo run -- --list` names them. The table is on the standard output, and what is not `✓` on the standard
//! error. Each verdict of the whole is found in a
//! process of its own, since some implementations end theirs.

mod executors;
mod ours;
mod sets;
mod tasks;
mod wakers;

use std::io::Read;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use waker_laws::executor::{self, Body, ExecutorSubject};
use waker_laws::{Law, Plan, Verdict, waker};

/// One implementation, and how a law is tried on it.
pub struct Subject {
    pub name: &'static str,
    /// The package it is from, as in the lock file.
    pub package: &'static str,
    pub judge: Box<dyn Fn(&str, &Plan) -> Option<Verdict>>,
    /// For laws that end the process.
    pub unpromised: Unpromised,
}

/// Laws that a subject never promised, each with the reason.
pub type Unpromised = &'static [(&'static str, &'static str)];

pub fn reason(list: Unpromised, law: &str) -> Option<&'static str> {
    list.iter().find(|(laws, _)| laws.split(' ').any(|one| one == law)).map(|&(_, reason)| reason)
}

/// An executor by its function.
#[derive(Clone, Copy)]
pub struct Exec {
    pub live: fn(Body, Vec<Body>),
    pub spawns: bool,
    pub unpromised: Unpromised,
}

impl ExecutorSubject for Exec {
    fn live(&self, main: Body, tasks: Vec<Body>) {
        (self.live)(main, tasks);
    }

    fn spawns(&self) -> bool {
        self.spawns
    }

    fn unpromised(&self, law: &str) -> Option<&'static str> {
        reason(self.unpromised, law)
    }
}

impl Exec {
    pub fn subject(self, name: &'static str, package: &'static str) -> Subject {
        let unpromised = self.unpromised;
        Subject { name, package, judge: Box::new(move |law, plan| executor::judge_law(self, law, plan)), unpromised }
    }
}

fn subjects() -> (Vec<Subject>, Vec<Subject>) {
    let mut executing = executors::subjects();
    executing.extend(sets::subjects());
    executing.extend(tasks::subjects());
    (wakers::subjects(), executing)
}

/// The version that was tried, from the lock file.
fn version(package: &str) -> String {
    let (name, wanted) = package.split_once(' ').unwrap_or((package, ""));
    let lock = include_str!("../Cargo.lock");
    for block in lock.split("[[package]]") {
        let field = |key: &str| {
            let line = block.lines().find(|line| line.starts_with(key))?;
            line.split('"').nth(1)
        };
        if field("name =") == Some(name) && field("version =").is_some_and(|version| version.starts_with(wanted)) {
            return field("version =").unwrap_or_default().to_owned();
        }
    }
    if package == "std" { "1.95".into() } else { "?".into() }
}

/// A verdict as a line: a word, and what was seen.
fn line(verdict: &Verdict) -> String {
    let flat = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
    match verdict {
        Verdict::Holds => "holds\t".into(),
        Verdict::Broken(broken) => format!("broken\t{}", flat(broken.to_string())),
        Verdict::Unpromised(broken, why) => format!("unpromised\t{why}: {}", flat(broken.to_string())),
        Verdict::Untried(why) => format!("untried\t{why}"),
    }
}

/// The plan of the survey: a check that hangs is given up early enough for a process to tell it.
fn plan() -> Plan {
    Plan { limit: Duration::from_secs(20), ..Plan::default() }
}

/// Tries one law in a process of its own.
fn in_a_process(name: &str, law: &str) -> String {
    let program = std::env::current_exe().expect("this program has a path");
    let child = Command::new(program).args([name, law]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    let mut child = child.expect("a process");
    let end = Instant::now() + Duration::from_secs(60);
    let status = loop {
        if let Some(status) = child.try_wait().expect("a child") {
            break status;
        }
        if Instant::now() > end {
            drop(child.kill());
            drop(child.wait());
            return "broken\tthe process hung".into();
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    let mut told = String::new();
    drop(child.stdout.take().expect("piped").read_to_string(&mut told));
    match told.lines().find(|line| line.contains('\t')) {
        Some(line) => line.to_owned(),
        None => format!("broken\tthe process ended: {status}"),
    }
}

fn main() -> ExitCode {
    let (wakers, executors) = subjects();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments[..] {
        [list] if list == "--list" => {
            wakers.iter().chain(&executors).for_each(|subject| println!("{}", subject.name));
            ExitCode::SUCCESS
        }
        [name, law] => {
            let all = if law.starts_with('W') { wakers } else { executors };
            let Some(subject) = all.iter().find(|subject| subject.name == name) else {
                eprintln!("no such implementation");
                return ExitCode::from(2);
            };
            let Some(verdict) = (subject.judge)(law, &plan()) else {
                eprintln!("no such law");
                return ExitCode::from(2);
            };
            println!("{}", line(&verdict));
            // Threads that hang are left behind.
            std::process::exit(0);
        }
        only => {
            let tables = [(wakers, waker::laws()), (executors, executor::laws())];
            for (subjects, laws) in tables {
                table(&subjects, &laws, only.first().map(String::as_str));
            }
            ExitCode::SUCCESS
        }
    }
}

/// Tries all laws on all subjects, or on one.
fn table(subjects: &[Subject], laws: &[Law], only: Option<&str>) {
    let numbers: Vec<_> = laws.iter().map(|law| law.number).collect();
    println!("| implementation | version | {} |", numbers.join(" | "));
    println!("|---|---|{}", "---|".repeat(laws.len()));
    // A row is printed when it is whole.
    for subject in subjects.iter().filter(|subject| only.is_none_or(|only| only == subject.name)) {
        let cells: Vec<_> = laws
            .iter()
            .map(|law| {
                let told = in_a_process(subject.name, law.number);
                let (word, text) = told.split_once('\t').unwrap_or((&told, ""));
                if word != "holds" {
                    eprintln!("{}\t{}\t{word}\t{text}", subject.name, law.number);
                }
                match word {
                    "broken" if reason(subject.unpromised, law.number).is_some() => "○",
                    "holds" => "✓",
                    "broken" => "✗",
                    "unpromised" => "○",
                    _ => "–",
                }
            })
            .collect();
        println!("| {} | {} | {} |", subject.name, version(subject.package), cells.join(" | "));
    }
}
