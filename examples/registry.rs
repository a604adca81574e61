//! Families of jobs by `segment/kind@version`, and a job made from one line of text.
//!
//! Reads lines like `etl/count@v2 to be or not to be` from its standard input until it ends, or runs lines of its own.

use std::convert::Infallible;
use std::error::Error;
use std::io::{self, BufRead, IsTerminal};
use std::task::Poll;

use waker_tables::{KeyRef, VTableKey, VTableRegistry, WakeableTask};

struct Count {
    text: String,
    unique: bool,
}

impl WakeableTask for Count {
    fn poll(&mut self) -> Poll<()> {
        let mut words: Vec<_> = self.text.split_whitespace().collect();
        if self.unique {
            words.sort_unstable();
            words.dedup();
        }
        println!("  {} words", words.len());
        Poll::Ready(())
    }
}

static JOBS: VTableRegistry = VTableRegistry::new();

fn run(line: &str) -> Result<(), Box<dyn Error>> {
    let (key, text) = line.split_once(' ').unwrap_or((line, ""));
    let mut job = JOBS.build(KeyRef::parse(key)?, text.as_bytes(), &())?;
    println!("{} is {}", job.key(), job.type_name());
    while job.poll().is_pending() {}
    Ok(())
}

fn main() -> io::Result<()> {
    for version in [1, 2] {
        JOBS.register_factory(VTableKey::new("etl", "count", version), move |bytes, ()| {
            let text = String::from_utf8_lossy(bytes).into_owned();
            Ok::<_, Infallible>(Count { text, unique: version == 2 })
        });
    }
    let typed: Vec<String> = match io::stdin() {
        terminal if terminal.is_terminal() => Vec::new(),
        input => input.lock().lines().collect::<Result<_, _>>()?,
    };
    let own = ["etl/count@v1 a rose is a rose", "etl/count@v2 a rose is a rose", "etl/count@v3 a rose", "etl count"];
    let lines = if typed.is_empty() { own.map(String::from).to_vec() } else { typed };
    for line in lines {
        if let Err(error) = run(&line) {
            println!("{line:?}: {error}");
        }
    }
    Ok(())
}
