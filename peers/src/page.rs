//! The figures of a page of documentation: tables between two marks, so that text around them stays and no figure is
//! copied by hand.
//!
//! ```text
//! <!-- figures: waker -->
//! ... whatever stood here is replaced ...
//! <!-- end of figures -->
//! ```
//!
//! `head` is the machines, the builds and the commands; `ratios` holds this crate's tasks against async-task's on each
//! machine; every other name is that of a picture.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use self::figures::block;
use crate::report::GroupReport;
use crate::reports::Reports;

mod figures;
pub mod ratios;

const BEGIN: &str = "<!-- figures: ";
const END: &str = "<!-- end of figures -->";

/// The folder of a page's pictures and of the reports that they are of: beside it, with its name.
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

/// The page with all its figures out of the reports, those of several machines below each other.
///
/// # Errors
///
/// If the page's marks are broken, or page and reports do not name the same figures: a page that keeps some from before
/// would show two runs as one.
pub fn renewed(page: &str, reports: &Reports) -> Result<String, String> {
    let wanted: BTreeSet<_> = marks(page)?.into_iter().map(str::to_owned).collect();
    let mut known: BTreeSet<_> = reports.names().into_iter().collect();
    known.insert("head".to_owned());
    if reports.iter().any(|(_, report)| ratios::cases(report).next().is_some()) {
        known.insert("ratios".to_owned());
    }
    let differ = |one: &BTreeSet<String>, other| one.difference(other).cloned().collect::<Vec<_>>().join(", ");
    match (differ(&wanted, &known), differ(&known, &wanted)) {
        (missing, _) if !missing.is_empty() => return Err(format!("the reports have no figures of: {missing}")),
        (_, unused) if !unused.is_empty() => return Err(format!("the page has no place for: {unused}")),
        _ => {}
    }
    let mut text = String::with_capacity(page.len());
    let mut rest = page;
    for (before, name, after) in parts(page)? {
        let _ = write!(text, "{before}{BEGIN}{name} -->\n\n{}\n{END}", block(reports, name));
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

/// The name of a group's picture of growth.
pub(crate) fn growth_name(group: &GroupReport) -> String {
    format!("{}-growth", group.name)
}
