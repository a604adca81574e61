//! Runs the comparisons that were asked for, prints them, and writes and draws them.

use std::env;
use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use clap::builder::PossibleValuesParser;
use peers::groups::{GROUPS, memory};
use peers::head::Head;
use peers::plan::{Plan, Scale};
use peers::prices::Prices;
use peers::progress::Progress;
use peers::report::{Report, SCHEMA};
use peers::reports::Reports;
use peers::table::Table;
use peers::{json, page, reports, svg};

/// Measures `waker_tables` beside what a user would pick instead.
///
/// Candidates of a comparison alternate round by round. Progress goes to the standard error, the report to the standard
/// output.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Groups to run; all, if none is named
    #[arg(value_parser = PossibleValuesParser::new(GROUPS.map(|group| group.name)))]
    groups: Vec<String>,

    /// Writes the report as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    /// Draws the report into a folder
    #[arg(long, value_name = "DIR")]
    svg: Option<PathBuf>,

    /// Renews a page of documentation: its figures, and in the folder of its name the pictures and this machine's report
    #[arg(long, value_name = "FILE", conflicts_with_all = ["groups", "quick"])]
    page: Option<PathBuf>,

    /// A first look: fewer and shorter rounds, no large sizes
    #[arg(long)]
    quick: bool,

    /// Pins this thread to the first processor, a second one to the next
    #[arg(long, value_name = "CPU,CPU", value_delimiter = ',')]
    pin: Vec<usize>,

    /// Draws a report that was written before, instead of measuring
    #[arg(long, value_name = "FILE", conflicts_with_all = ["groups", "quick", "pin", "json"])]
    from: Option<PathBuf>,

    /// Prints the resident memory of so many tasks of a candidate; the memory group asks for it in a new process
    #[arg(long, hide = true, num_args = 2, value_names = ["CANDIDATE", "COUNT"])]
    resident: Option<Vec<String>>,
}

/// Whether the code was made in small units, which are not inlined into each other.
const INCREMENTAL: bool = matches!(env!("PEERS_INCREMENTAL").as_bytes(), b"1");

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), String> {
    if let Some([name, count]) = arguments.resident.as_deref() {
        let bytes = count.parse().ok().and_then(|count| memory::resident(name, count));
        println!("{}", bytes.ok_or("it cannot be measured")?);
        return Ok(());
    }
    if arguments.from.is_some() && arguments.svg.is_none() && arguments.page.is_none() {
        return Err("--from draws: say where to with --svg or --page".to_owned());
    }
    // Before minutes go by, not after them.
    try_outputs(arguments)?;
    if arguments.page.is_some() && arguments.from.is_none() && INCREMENTAL {
        return Err(
            "--page: built with CARGO_INCREMENTAL=1, which leaves out most inlining; build without".to_owned()
        );
    }
    let report = match &arguments.from {
        Some(file) => json::read(file).map_err(about(file))?,
        None => measure(arguments)?,
    };
    if let Some(file) = &arguments.json {
        write(&report, file)?;
    }
    if let Some(folder) = &arguments.svg {
        draw(&report, folder)?;
    }
    if let Some(file) = &arguments.page {
        renew(report, file)?;
    }
    Ok(())
}

/// Puts the name of what failed before the reason.
fn about<E: Display>(path: &Path) -> impl Fn(E) -> String {
    move |error| format!("{}: {error}", path.display())
}

fn write(report: &Report, file: &Path) -> Result<(), String> {
    json::write(report, file).map_err(about(file))?;
    eprintln!("written: {}", file.display());
    Ok(())
}

fn draw(report: &Report, folder: &Path) -> Result<(), String> {
    for file in svg::write(report, folder).map_err(about(folder))? {
        eprintln!("drawn: {}", file.display());
    }
    Ok(())
}

/// Puts a report beside a page in the place of its machine's last one, and renews the page and its pictures. Other
/// machines' reports stay.
fn renew(report: Report, page: &Path) -> Result<(), String> {
    let folder = page::folder(page);
    let mut reports = Reports::read(&folder)?;
    // First, so that what took minutes is kept where the page turns out not to fit.
    write(&report, &folder.join(reports::file_name(&reports::machine(&report))))?;
    reports.put(report);
    let text = fs::read_to_string(page).map_err(about(page))?;
    let text = page::renewed(&text, &reports).map_err(about(page))?;
    fs::write(page, text).map_err(about(page))?;
    eprintln!("renewed: {}", page.display());
    for file in reports.draw(&folder).map_err(about(&folder))? {
        eprintln!("drawn: {}", file.display());
    }
    Ok(())
}

/// Whether everything that is to be written can be.
fn try_outputs(arguments: &Arguments) -> Result<(), String> {
    let writable = |folder: &Path| tempfile::tempfile_in(folder).map(drop).map_err(about(folder));
    if let Some(file) = &arguments.json {
        if file.is_dir() {
            return Err(format!("--json {}: this is a folder", file.display()));
        }
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
        writable(folder.unwrap_or(Path::new(".")))?;
    }
    let pages = arguments.page.as_deref().map(page::folder);
    for folder in arguments.svg.iter().chain(&pages) {
        fs::create_dir_all(folder).map_err(about(folder))?;
        writable(folder)?;
    }
    if let Some(file) = &arguments.page {
        let text = fs::read_to_string(file).map_err(about(file))?;
        page::marks(&text).map_err(about(file))?;
        Reports::read(&page::folder(file))?;
    }
    Ok(())
}

fn measure(arguments: &Arguments) -> Result<Report, String> {
    let known: Vec<_> = core_affinity::get_core_ids().unwrap_or_default().into_iter().map(|core| core.id).collect();
    for (at, cpu) in arguments.pin.iter().enumerate() {
        if !known.contains(cpu) {
            return Err(format!("--pin {cpu}: there is no such processor; this process may use {known:?}"));
        }
        if arguments.pin[..at].contains(cpu) {
            return Err(format!("--pin {cpu}: it is named twice"));
        }
    }
    let scale = if arguments.quick { Scale::Quick } else { Scale::Full };
    let plan = Plan::new(scale, arguments.pin.clone(), env::current_exe().map_err(|error| error.to_string())?);
    let (mut head, mut progress) = (Head::read(), Progress::new(true));
    plan.pin(0);
    head.prices = Some(Prices::measure(&plan, &mut progress));
    let mut report = Report {
        schema: SCHEMA,
        head,
        arguments: env::args().skip(1).collect(),
        pinned: arguments.pin.clone(),
        bound: Plan::BOUND,
        groups: Vec::new(),
    };
    println!("{}", report.head);
    println!("pinned    {}", if plan.pins.is_empty() { "no".to_owned() } else { format!("{:?}", plan.pins) });
    println!("bound     too noisy for a ratio is a spread over {:.0} %: the middle half of it over all rounds", {
        Plan::BOUND * 100.0
    });
    if cfg!(debug_assertions) || INCREMENTAL {
        println!("warning   not built with --release, or with CARGO_INCREMENTAL=1: the figures mean nothing");
    }
    for group in GROUPS {
        if arguments.groups.is_empty() || arguments.groups.iter().any(|name| name == group.name) {
            let found = group.run(&plan, &mut progress);
            print!("{}", Table(&found));
            report.groups.push(found);
        }
    }
    Ok(report)
}
