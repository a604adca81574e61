//! What stands between two marks: tables, with a line for each machine.

use std::fmt::Write as _;

use super::growth_name;
use super::ratios::{self, PAIRS};
use crate::plan::Plan;
use crate::prices::{HANG, Prices};
use crate::report::{CaseReport, GrowthReport, Report, Row, Side};
use crate::reports::{Found, Reports, distinct};
use crate::svg::{cases_of, counted, figure};
use crate::table::verdict;

/// A peer's figure that is smaller by less than this part is not worth a word.
const WORTH: f64 = 0.05;

/// What a cell without a figure says.
const NONE: &str = "\u{2013}";

/// The figures of a name.
pub(super) fn block(reports: &Reports, name: &str) -> String {
    let mut text = String::new();
    match name {
        "head" => head(&mut text, reports),
        "ratios" => side_by_side(&mut text, reports),
        _ => {}
    }
    let cases = reports
        .found(|report| report.groups.iter().flat_map(|group| cases_of(group, name)).collect(), |case| &case.name);
    if !cases.is_empty() {
        tables(&mut text, &cases);
        ahead(&mut text, &cases);
    }
    let growth = reports.found(
        |report| {
            let groups = report.groups.iter().filter(|group| growth_name(group) == name);
            groups.flat_map(|group| &group.growth).collect()
        },
        |growth| &growth.name,
    );
    for growth in &growth {
        grown(&mut text, growth);
    }
    text
}

fn head(text: &mut String, reports: &Reports) {
    let line = |text: &mut String, name: &str, of: &dyn Fn(&Report) -> String| {
        let cells: Vec<_> = reports.iter().map(|(_, report)| escaped(&of(report))).collect();
        let _ = writeln!(text, "| {name} | {} |", cells.join(" | "));
    };
    let machines: Vec<_> = reports.iter().map(|(machine, _)| escaped(machine)).collect();
    let _ = writeln!(text, "| | {} |\n|---|{}", machines.join(" | "), "---|".repeat(machines.len()));
    line(text, "date", &|report| report.head.date.clone());
    line(text, "command", &|report| {
        let arguments = report.arguments.join(" ");
        let dashes = if arguments.is_empty() { "" } else { " -- " };
        format!("`cargo run --release -p peers{dashes}{arguments}`")
    });
    line(text, "processor", &|report| {
        let governor = report.head.governor.as_deref().unwrap_or("not readable");
        format!("{}, {} cores, governor {governor}", report.head.cpu, report.head.cores)
    });
    line(text, "load before", &|report| report.head.load.map_or("not readable".to_owned(), |load| load.to_string()));
    line(text, "pinned", &|report| {
        let pinned: Vec<_> = report.pinned.iter().map(ToString::to_string).collect();
        if pinned.is_empty() { "no".to_owned() } else { format!("to {}", pinned.join(", ")) }
    });
    line(text, "compiler", &|report| format!("{}, {}", report.head.rustc, report.head.target));
    line(text, "profile", &|report| report.head.profile.clone());
    line(text, "measured", &|report| report.head.versions.join(", "));
    for (at, name) in Prices::NAMES.iter().enumerate() {
        line(text, name, &|report| {
            report.head.prices.map_or(NONE.to_owned(), |prices| format!("{} ns", figure(prices.all()[at])))
        });
    }
    for (step, rows) in HANG {
        let _ = writeln!(text, "\nRatios hang on the price of {step} in: {}.", rows.join("; "));
    }
}

/// A line for each comparison, and a column for each machine.
fn side_by_side(text: &mut String, reports: &Reports) {
    let machines: Vec<_> = reports.iter().map(|(machine, _)| machine).collect();
    let column = |(data, _): &(&str, _)| machines.iter().map(|name| format!("{data}: {}", escaped(name))).collect();
    let columns: Vec<String> = PAIRS.iter().flat_map(|pair| -> Vec<_> { column(pair) }).collect();
    let _ =
        writeln!(text, "| of async-task's time | {} |\n|---|{}", columns.join(" | "), "---|".repeat(columns.len()));
    for found in reports.found(|report| ratios::cases(report).collect(), |case| &case.name) {
        let cell = |pair: [&str; 2], machine: &&str| {
            let (_, case) = found.iter().find(|(name, _)| name == machine)?;
            ratios::cell(case, pair)
        };
        let cells = PAIRS.iter().flat_map(|(_, pair)| machines.iter().map(move |machine| (pair, machine)));
        let cells: Vec<_> =
            cells.map(|(pair, machine)| cell(*pair, machine).unwrap_or_else(|| NONE.to_owned())).collect();
        let _ = writeln!(text, "| {} | {} |", escaped(&found[0].1.name), cells.join(" | "));
    }
}

/// One table for all cases of the same unit: a line for each machine, and a column for each candidate.
fn tables(text: &mut String, cases: &[Found<'_, CaseReport>]) {
    for unit in distinct(cases.iter().map(|case| &case[0].1.unit)) {
        let cases: Vec<_> = cases.iter().filter(|case| case[0].1.unit == *unit).collect();
        let rows = cases.iter().flat_map(|case| case.iter()).flat_map(|(_, case)| &case.rows);
        let candidates = distinct(rows.map(|row| &row.candidate));
        let titles: Vec<_> = candidates.iter().map(|name| escaped(name)).collect();
        let _ = writeln!(text, "| {unit} | on | {} |", titles.join(" | "));
        let _ = writeln!(text, "|---|---|{}", "---|".repeat(candidates.len()));
        for case in cases {
            let cells = |case: &CaseReport| {
                let row = |name: &&String| case.rows.iter().find(|row| row.candidate == **name);
                let cell = |name| row(name).map_or_else(|| NONE.to_owned(), |row| cell(case, row));
                candidates.iter().map(cell).collect::<Vec<_>>().join(" | ")
            };
            lines(text, &case[0].1.name, case, cells);
        }
        text.push('\n');
    }
}

/// A line of a table for each machine; one for all of them, where they found the same.
fn lines<T>(text: &mut String, name: &str, found: &Found<'_, T>, cells: impl Fn(&T) -> String) {
    let mut lines: Vec<(String, String)> = Vec::new();
    for (machine, one) in found {
        let cells = cells(one);
        match lines.iter_mut().find(|line| line.1 == cells) {
            Some((machines, _)) => _ = write!(machines, ", {}", escaped(machine)),
            None => lines.push((escaped(machine), cells)),
        }
    }
    for (at, (machines, cells)) in lines.into_iter().enumerate() {
        let name = if at == 0 { escaped(name) } else { String::new() };
        let _ = writeln!(text, "| {name} | {machines} | {cells} |");
    }
}

fn cell(case: &CaseReport, row: &Row) -> String {
    let value = if case.checksum.is_some() { figure(row.median) } else { counted(row.median) };
    match verdict(case, row).as_str() {
        "" | "reference" => value,
        verdict => format!("{value} ({verdict})"),
    }
}

/// Where a peer needs less than this crate's first candidate: out of the figures, so that none is forgotten.
fn ahead(text: &mut String, cases: &[Found<'_, CaseReport>]) {
    let mut lines = Vec::new();
    for (machine, case) in cases.iter().flatten() {
        let Some(own) = case.rows.iter().find(|row| row.side == Side::Own) else { continue };
        let peers = case.rows.iter().filter(|row| row.side == Side::Peer);
        let peers: Vec<_> = peers
            .filter_map(|row| Some((row, case.ratio([&row.candidate, &own.candidate])?)))
            .filter(|(_, (ratio, spread))| *ratio < 1.0 - WORTH && *spread <= Plan::BOUND)
            .map(|(row, (ratio, _))| format!("{} {} \u{d7}", escaped(&row.candidate), figure(ratio)))
            .collect();
        if !peers.is_empty() {
            lines.push(format!("- {}, {}: {}", escaped(&case.name), escaped(machine), peers.join(", ")));
        }
    }
    let own = cases.iter().flatten().flat_map(|(_, case)| &case.rows).find(|row| row.side == Side::Own);
    let Some(own) = own.map(|row| escaped(&row.candidate)) else { return };
    if lines.is_empty() {
        let _ = writeln!(text, "No peer needs less than 0.95 of what {own} needs.");
    } else {
        let _ = writeln!(text, "Where a peer needs less than 0.95 of what {own} needs:\n\n{}", lines.join("\n"));
    }
}

fn grown(text: &mut String, growth: &Found<'_, GrowthReport>) {
    let (_, first) = growth[0];
    let points = growth.iter().flat_map(|(_, growth)| &growth.lines).map(|line| &line.points);
    let sizes: Vec<_> = points.max_by_key(|points| points.len()).into_iter().flatten().map(|point| point.0).collect();
    let titles: Vec<_> = sizes.iter().map(ToString::to_string).collect();
    let _ = writeln!(text, "| {}, {} | on | {} | slope |", escaped(&first.name), first.unit, titles.join(" | "));
    let _ = writeln!(text, "|---|---|{}---|", "---|".repeat(sizes.len()));
    let all = growth.iter().flat_map(|(_, growth)| &growth.lines);
    for candidate in distinct(all.map(|line| &line.candidate)) {
        let found = growth.iter().filter_map(|(machine, growth)| {
            Some((*machine, growth.lines.iter().find(|line| line.candidate == *candidate)?))
        });
        let found = found.collect();
        lines(text, candidate, &found, |line| {
            let cost = |size: &u64| line.points.iter().find(|point| point.0 == *size).map(|point| figure(point.1));
            let costs: Vec<_> = sizes.iter().map(|size| cost(size).unwrap_or_else(|| NONE.to_owned())).collect();
            let slope = line.slope.map_or_else(|| NONE.to_owned(), |slope| format!("{slope:.2}"));
            format!("{} | {slope}", costs.join(" | "))
        });
    }
}

/// Angle brackets and bars as a table of Markdown shows them.
fn escaped(text: &str) -> String {
    text.replace('<', "&lt;").replace('>', "&gt;").replace('|', "\\|")
}
