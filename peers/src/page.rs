//! The figures of a page of documentation: tables between two marks, so that text around them stays and no figure is
//! copied by hand.
//!
//! ```text
//! <!-- figures: waker -->
//! ... whatever stood here is replaced ...
//! <!-- end of figures -->
//! ```
//!
//! `head` is the machine, the build and the command; every other name is that of a picture.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::report::{CaseReport, GroupReport, GrowthReport, Report, Side};
use crate::svg::{cases_of, counted, figure, names};
use crate::table::verdict;

const BEGIN: &str = "<!-- figures: ";
const END: &str = "<!-- end of figures -->";

/// A peer's figure that is smaller by less than this part is not worth a word.
const WORTH: f64 = 0.05;

/// The folder of a page's pictures and of the report that they are of: beside it, with its name.
#[must_use]
pub fn folder(page: &Path) -> PathBuf {
    page.with_extension("")
}

/// The names between a page's marks, in order.
///
/// # Errors
///
/// If a mark has no end, or a name stands there twice.
pub fn marks(page: &str) -> Result<Vec<&str>, String> {
    let mut found = Vec::new();
    for (_, name, _) in parts(page)? {
        if found.contains(&name) {
            return Err(format!("the figures of {name} have two places"));
        }
        found.push(name);
    }
    Ok(found)
}

/// The page with all its figures out of one report.
///
/// # Errors
///
/// If the page's marks are broken, or page and report do not name the same figures: a page that keeps some from before
/// would show two runs as one.
pub fn renewed(page: &str, report: &Report) -> Result<String, String> {
    let wanted: BTreeSet<_> = marks(page)?.into_iter().map(str::to_owned).collect();
    let mut known: BTreeSet<_> = report.groups.iter().flat_map(names).collect();
    known.insert("head".to_owned());
    let differ = |one: &BTreeSet<String>, other| one.difference(other).cloned().collect::<Vec<_>>().join(", ");
    match (differ(&wanted, &known), differ(&known, &wanted)) {
        (missing, _) if !missing.is_empty() => return Err(format!("the report has no figures of: {missing}")),
        (_, unused) if !unused.is_empty() => return Err(format!("the page has no place for: {unused}")),
        _ => {}
    }
    let mut text = String::with_capacity(page.len());
    let mut rest = page;
    for (before, name, after) in parts(page)? {
        let _ = write!(text, "{before}{BEGIN}{name} -->\n\n{}\n{END}", block(report, name));
        rest = after;
    }
    Ok(text + rest)
}

/// For each mark: the text between it and the one before it, its name, and what follows its end.
fn parts(page: &str) -> Result<Vec<(&str, &str, &str)>, String> {
    let mut parts = Vec::new();
    let mut rest = page;
    while let Some((before, mark)) = rest.split_once(BEGIN) {
        let broken = || format!("a mark is broken: {BEGIN}{}", mark.lines().next().unwrap_or_default());
        let (name, figures) = mark.split_once(" -->\n").ok_or_else(broken)?;
        let (figures, after) = figures.split_once(END).ok_or_else(broken)?;
        if name.contains('\n') || figures.contains(BEGIN) {
            return Err(broken());
        }
        parts.push((before, name, after));
        rest = after;
    }
    Ok(parts)
}

fn block(report: &Report, name: &str) -> String {
    let mut text = String::new();
    if name == "head" {
        head(&mut text, report);
    }
    for group in &report.groups {
        let cases: Vec<_> = cases_of(group, name).collect();
        if !cases.is_empty() {
            tables(&mut text, &cases);
            ahead(&mut text, &cases);
        }
        if name == growth_name(group) {
            group.growth.iter().for_each(|growth| grown(&mut text, growth));
        }
    }
    text
}

/// The name of a group's picture of growth.
pub(crate) fn growth_name(group: &GroupReport) -> String {
    format!("{}-growth", group.name)
}

fn head(text: &mut String, report: &Report) {
    let head = &report.head;
    let mut command = "cargo run --release -p peers".to_owned();
    if !report.arguments.is_empty() {
        let _ = write!(command, " -- {}", report.arguments.join(" "));
    }
    let governor = head.governor.as_deref().unwrap_or("not readable");
    let load = head.load.map_or_else(|| "not readable".to_owned(), |load| format!("{load}"));
    let pinned: Vec<_> = report.pinned.iter().map(ToString::to_string).collect();
    let pinned = if pinned.is_empty() { "no".to_owned() } else { format!("to {}", pinned.join(", ")) };
    let rows = [
        ("command", format!("`{command}`")),
        ("date", head.date.clone()),
        ("processor", format!("{}, {} cores, governor {governor}", head.cpu, head.cores)),
        ("load before", load),
        ("pinned", pinned),
        ("compiler", format!("{}, {}", head.rustc, head.target)),
        ("profile", head.profile.clone()),
        ("measured", head.versions.join(", ")),
    ];
    text.push_str("| | |\n|---|---|\n");
    for (name, value) in rows {
        let _ = writeln!(text, "| {name} | {} |", escaped(&value));
    }
}

/// One table for all cases of the same unit: a line each, and a column for each candidate.
fn tables(text: &mut String, cases: &[&CaseReport]) {
    for cases in cases.chunk_by(|one, other| one.unit == other.unit) {
        let mut candidates: Vec<&str> = Vec::new();
        for row in cases.iter().flat_map(|case| &case.rows) {
            if !candidates.contains(&row.candidate.as_str()) {
                candidates.push(&row.candidate);
            }
        }
        let titles: Vec<_> = candidates.iter().map(|name| escaped(name)).collect();
        let _ = writeln!(text, "| {} | {} |", cases[0].unit, titles.join(" | "));
        let _ = writeln!(text, "|---|{}", "---|".repeat(candidates.len()));
        for case in cases {
            let _ = write!(text, "| {} |", escaped(&case.name));
            for candidate in &candidates {
                let row = case.rows.iter().find(|row| row.candidate == *candidate);
                let _ = write!(text, " {} |", row.map_or_else(|| "\u{2013}".to_owned(), |row| cell(case, row)));
            }
            text.push('\n');
        }
        text.push('\n');
    }
}

fn cell(case: &CaseReport, row: &crate::report::Row) -> String {
    let value = if case.checksum.is_some() { figure(row.median) } else { counted(row.median) };
    match verdict(case, row).as_str() {
        "" | "reference" => value,
        verdict => format!("{value} ({verdict})"),
    }
}

/// Where a peer needs less than this crate's first candidate: out of the figures, so that none is forgotten.
fn ahead(text: &mut String, cases: &[&CaseReport]) {
    let mut lines = Vec::new();
    for case in cases {
        let Some(own) = case.rows.iter().find(|row| row.side == Side::Own) else { continue };
        let peers = case.rows.iter().filter(|row| row.side == Side::Peer && row.median < own.median * (1.0 - WORTH));
        let peers: Vec<_> = peers
            .filter(|row| row.spread.max(own.spread) <= crate::plan::Plan::BOUND)
            .map(|row| format!("{} {} \u{d7}", escaped(&row.candidate), figure(row.median / own.median)))
            .collect();
        if !peers.is_empty() {
            lines.push(format!("- {}: {}", escaped(&case.name), peers.join(", ")));
        }
    }
    let own = cases.iter().flat_map(|case| &case.rows).find(|row| row.side == Side::Own);
    let Some(own) = own.map(|row| escaped(&row.candidate)) else { return };
    if lines.is_empty() {
        let _ = writeln!(text, "No peer needs less than 0.95 of what {own} needs.");
    } else {
        let _ = writeln!(text, "Where a peer needs less than 0.95 of what {own} needs:\n\n{}", lines.join("\n"));
    }
}

fn grown(text: &mut String, growth: &GrowthReport) {
    let Some(first) = growth.lines.first() else { return };
    let sizes: Vec<_> = first.points.iter().map(|point| point.0.to_string()).collect();
    let _ = writeln!(text, "| {}, {} | {} | slope |", escaped(&growth.name), growth.unit, sizes.join(" | "));
    let _ = writeln!(text, "|---|{}---|", "---|".repeat(sizes.len()));
    for line in &growth.lines {
        let costs: Vec<_> = line.points.iter().map(|point| figure(point.1)).collect();
        let slope = line.slope.map_or_else(String::new, |slope| format!("{slope:.2}"));
        let _ = writeln!(text, "| {} | {} | {slope} |", escaped(&line.candidate), costs.join(" | "));
    }
}

/// Angle brackets and bars as a table of Markdown shows them.
fn escaped(text: &str) -> String {
    text.replace('<', "&lt;").replace('>', "&gt;").replace('|', "\\|")
}
