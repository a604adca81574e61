//! Runs the comparisons that were asked for, prints them, and writes and draws them.

use std::env;
use std::error::Error;
use std::path::PathBuf;

use clap::Parser;
use clap::builder::PossibleValuesParser;
use peers::groups::{GROUPS, memory};
use peers::head::Head;
use peers::plan::{Plan, Scale};
use peers::progress::Progress;
use peers::report::{Report, SCHEMA};
use peers::table::Table;
use peers::{json, svg};

/// Measures `waker_tables` beside what a user would pick instead.
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

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    if let Some([name, count]) = arguments.resident.as_deref() {
        let bytes = memory::resident(name, count.parse()?).ok_or("it cannot be measured")?;
        println!("{bytes}");
        return Ok(());
    }
    let report = match &arguments.from {
        Some(file) => json::read(file)?,
        None => measure(&arguments)?,
    };
    if let Some(file) = &arguments.json {
        json::write(&report, file)?;
        eprintln!("written: {}", file.display());
    }
    if let Some(folder) = &arguments.svg {
        for file in svg::write(&report, folder)? {
            eprintln!("drawn: {}", file.display());
        }
    }
    Ok(())
}

fn measure(arguments: &Arguments) -> Result<Report, Box<dyn Error>> {
    let known = core_affinity::get_core_ids().unwrap_or_default();
    if let Some(cpu) = arguments.pin.iter().find(|cpu| !known.iter().any(|core| core.id == **cpu)) {
        return Err(format!("there is no processor {cpu} to pin to").into());
    }
    let scale = if arguments.quick { Scale::Quick } else { Scale::Full };
    let plan = Plan::new(scale, arguments.pin.clone(), env::current_exe()?);
    let mut report = Report {
        schema: SCHEMA,
        head: Head::read(),
        arguments: env::args().skip(1).collect(),
        pinned: arguments.pin.clone(),
        bound: Plan::BOUND,
        groups: Vec::new(),
    };
    println!("{}", report.head);
    println!("pinned    {}", if plan.pins.is_empty() { "no".to_owned() } else { format!("{:?}", plan.pins) });
    println!(
        "bound     too noisy for a ratio is a spread over {:.0} %: the middle half of the rounds over their median",
        { Plan::BOUND * 100.0 }
    );
    if cfg!(debug_assertions) {
        println!("warning   not built with --release: the figures mean nothing");
    }
    plan.pin(0);
    let mut progress = Progress::new(true);
    for group in GROUPS {
        if arguments.groups.is_empty() || arguments.groups.iter().any(|name| name == group.name) {
            let found = group.run(&plan, &mut progress);
            print!("{}", Table(&found));
            report.groups.push(found);
        }
    }
    Ok(report)
}
