//! Indexes a directory tree and answers queries.

use std::io::{self, BufWriter, IsTerminal, Write};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::{self, ExitCode};
use std::sync::Arc;
use std::{fs, thread};

use clap::Parser;
use clap::builder::{NonEmptyStringValueParser, RangedU64ValueParser};
use indicatif::{ProgressBar, ProgressStyle};
use pipeline::graph::{Finished, Plan};
use pipeline::output::Quiet;
use pipeline::report::{self, Totals};
use pipeline::stop::Stop;
use pipeline::words::Version;
use pipeline::{document, tree, verify};

/// Bad arguments, and nothing to index.
const USAGE: u8 = 2;
/// 128 and the number of SIGINT, as shells have it.
const INTERRUPTED: u8 = 130;

/// Builds a full-text index over a directory tree, and prints which files have which words.
///
/// All regular files are taken, hidden ones too; symbolic links are not followed, binary files are skipped. The exit
/// status is 0, or 1 if --verify found a mismatch, 2 if the arguments are wrong or there is nothing to index, 130
/// after Ctrl-C.
#[derive(Debug, Parser)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[command(name = "pipeline")]
struct Arguments {
    /// The tree
    #[arg(value_name = "DIR", default_value = ".")]
    directory: PathBuf,
    /// Words to look up, as they are written
    #[arg(long, value_name = "WORD", num_args = 1.., value_parser = NonEmptyStringValueParser::new())]
    query: Vec<String>,
    /// Which words there are
    #[arg(long, value_name = "VERSION", value_enum, default_value = "v1")]
    parse_version: Version,
    /// Both versions side by side: v1 for the first, third, fifth… file of the walk, v2 for the others
    #[arg(long, conflicts_with = "parse_version")]
    split: bool,
    /// Build the index again in one plain sequential pass, and compare
    #[arg(long)]
    verify: bool,
    /// Do not read the tree once before the clock starts
    #[arg(long)]
    cold: bool,
    /// Print the job lines
    #[arg(long)]
    jobs: bool,
    /// How many threads; as many as cores if it is not given
    #[arg(long, value_name = "NUMBER", value_parser = RangedU64ValueParser::<usize>::new().range(1..=1024))]
    threads: Option<usize>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Err(reason) = check(&arguments.directory) {
        eprintln!("error: {}: {reason}", arguments.directory.display());
        return ExitCode::from(USAGE);
    }
    let stop = Arc::new(Stop::default());
    let asked = stop.clone();
    let handler = ctrlc::set_handler(move || {
        if !asked.ask() {
            // The second time somebody means it.
            process::exit(INTERRUPTED.into());
        }
    });
    if let Err(error) = handler {
        eprintln!("warning: Ctrl-C will end this at once: {error}");
    }
    let mut out = BufWriter::new(Quiet(io::stdout().lock()));
    let status = run(&arguments, &stop, &mut out).and_then(|status| out.flush().map(|()| status));
    match status {
        Ok(_) if stop.asked() => {
            eprintln!("stopped by Ctrl-C; all threads are joined");
            ExitCode::from(INTERRUPTED)
        }
        Ok(status) => status,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn check(directory: &Path) -> Result<(), String> {
    match fs::metadata(directory) {
        Ok(metadata) if metadata.is_dir() => Ok(()),
        Ok(_) => Err("not a directory".into()),
        Err(error) => Err(error.to_string()),
    }
}

/// The status counts only if nobody asked to stop.
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

    let files: Arc<[PathBuf]> = tree.files.into();
    let bar = bar(files.len(), "indexing");
    let finished = plan.run(files.clone(), bar.clone(), stop).map_err(io::Error::other)?;
    bar.finish_and_clear();
    tree.files = files.to_vec();

    report::files(out, &tree, &finished)?;
    let Some(index) = &finished.index else {
        report::stopped(out, &tree, &finished)?;
        report::families(out, &finished.counts)?;
        return Ok(ExitCode::from(INTERRUPTED));
    };
    if index.distinct() == 0 {
        out.flush()?;
        eprintln!("error: {}: nothing to index: no file with a word", arguments.directory.display());
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
        return Ok(ExitCode::FAILURE);
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
