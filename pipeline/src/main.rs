//! Indexes a directory tree and answers queries.

use std::error::Error;
use std::fmt::Display;
use std::io::{self, BufWriter, ErrorKind, IsTerminal, Write};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::{self, ExitCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::{fs, iter, mem, thread};

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use pipeline::graph::{Finished, Plan};
use pipeline::output::Shown;
use pipeline::report::{self, Totals};
use pipeline::stop::Stop;
use pipeline::words::Version;
use pipeline::{document, tree, verify};

use arguments::Arguments;

mod arguments;
mod console;

/// Bad arguments, and nothing to index.
const USAGE: u8 = 2;
/// 128 and the number of SIGINT, as shells have it.
const INTERRUPTED: u8 = 130;
/// 128 and the number of SIGPIPE.
const CLOSED: u8 = 141;

/// Whether there was a Ctrl-C.
static INTERRUPT: AtomicBool = AtomicBool::new(false);

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Err(reason) = check(&arguments.directory) {
        say(format_args!("error: {}: {reason}", Shown(&arguments.directory)));
        if !arguments.query.is_empty() {
            say("hint: --query takes one word; what follows that word is the tree");
        }
        return ExitCode::from(USAGE);
    }
    let stop = Arc::new(Stop::default());
    let mut out = BufWriter::new(io::stdout().lock());
    let ended =
        listen(&stop).and_then(|()| run(&arguments, &stop, &mut out)).and_then(|status| out.flush().map(|()| status));
    match ended {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            let causes = iter::successors(Some::<&dyn Error>(&error), |&error| error.source());
            say(format_args!("error: {}", causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")));
            ExitCode::FAILURE
        }
        _ if INTERRUPT.load(Ordering::SeqCst) => {
            say("stopped by Ctrl-C; all threads are joined");
            ExitCode::from(INTERRUPTED)
        }
        // Nobody reads what this would say.
        Err(_) => ExitCode::from(CLOSED),
        Ok(status) => status,
    }
}

/// Has Ctrl-C and a closed output stop what runs. Without that there is no run: it could not be ended.
fn listen(stop: &Arc<Stop>) -> io::Result<()> {
    let asked = stop.clone();
    let interrupt = move || {
        if INTERRUPT.swap(true, Ordering::SeqCst) {
            // The second time somebody means it.
            process::exit(INTERRUPTED.into());
        }
        // Held meanwhile, so that nobody says before this that it has stopped.
        let mut errors = io::stderr().lock();
        asked.ask();
        drop(writeln!(errors, "stopping; Ctrl-C again ends this at once"));
    };
    ctrlc::set_handler(interrupt).map_err(|error| match error {
        ctrlc::Error::System(error) => io::Error::other(format!("nothing can listen for Ctrl-C: {error}")),
        error => io::Error::other(error),
    })?;
    #[cfg(unix)]
    pipeline::output::watch(io::stdout(), stop.clone())
        .map_err(|error| io::Error::other(format!("nothing can watch the output: {error}")))?;
    Ok(())
}

/// A line on standard error, if anybody reads that.
fn say(line: impl Display) {
    drop(writeln!(io::stderr(), "{line}"));
}

fn check(directory: &Path) -> Result<(), String> {
    match fs::metadata(directory) {
        Ok(metadata) if metadata.is_dir() => Ok(()),
        Ok(_) => Err("not a directory".into()),
        Err(error) => Err(error.to_string()),
    }
}

/// The status counts only if there was no Ctrl-C.
fn run(arguments: &Arguments, stop: &Arc<Stop>, out: &mut impl Write) -> io::Result<ExitCode> {
    let plan = Plan {
        threads: arguments.threads.unwrap_or_else(cores),
        versions: if arguments.split { [Version::V1, Version::V2] } else { [arguments.parse_version; 2] },
    };
    let mut tree = tree::walk(&arguments.directory, stop);
    report::head(out, &arguments.directory, &tree, &plan)?;
    if arguments.jobs {
        for line in plan.lines() {
            writeln!(out, "job         {line}")?;
        }
    }
    if !arguments.cold {
        let bar = bar(tree.files.len(), "warming");
        for file in tree.files.iter().take_while(|_| !stop.asked()) {
            drop(document::load(file, stop));
            bar.inc(1);
        }
        bar.finish_and_clear();
    }
    if !stop.asked() {
        report::clock(out, arguments.cold)?;
    }

    if arguments.console {
        out.flush()?;
        console::begin(|line| say(line))?;
    }
    let files: Arc<[PathBuf]> = mem::take(&mut tree.files).into();
    let bar = bar(files.len(), "indexing");
    let finished = plan.run(files.clone(), bar.clone(), stop)?;
    bar.finish_and_clear();
    if arguments.console {
        console::end(|line| say(line));
    }

    report::files(out, &files, &tree.refused, &finished)?;
    let Some(index) = &finished.index else {
        report::stopped(out, files.len(), &finished)?;
        report::families(out, &finished.counts)?;
        return Ok(ExitCode::from(CLOSED));
    };
    if index.distinct() == 0 {
        out.flush()?;
        say(format_args!("error: {}: nothing to index: no file with a word", Shown(&arguments.directory)));
        return Ok(ExitCode::from(USAGE));
    }
    report::index(out, index, &finished)?;
    for word in arguments.query.iter().take_while(|_| !stop.asked()) {
        report::query(out, index, &files, &plan, word)?;
    }
    report::families(out, &finished.counts)?;
    out.flush()?;
    if arguments.verify { verified(&plan, &files, &finished, stop, out) } else { Ok(ExitCode::SUCCESS) }
}

fn verified(
    plan: &Plan,
    files: &[PathBuf],
    finished: &Finished,
    stop: &Stop,
    out: &mut impl Write,
) -> io::Result<ExitCode> {
    let again = verify::sequential(plan, files, stop);
    let (Some(index), Some(again)) = (&finished.index, again) else {
        return Ok(ExitCode::from(CLOSED));
    };
    let result = verify::compare(finished, index, &again, files);
    report::verify(out, Totals::of(&finished.outcomes).bytes, &again, &result)?;
    Ok(if result.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn cores() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}

/// On a terminal a bar, elsewhere nothing.
fn bar(files: usize, what: &'static str) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{msg} {bar:40} {pos}/{len} files {eta}");
    ProgressBar::new(files as u64)
        .with_message(what)
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
