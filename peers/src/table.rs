//! A report for a terminal.

use std::fmt;

use crate::plan::Plan;
use crate::report::{CaseReport, GroupReport, GrowthReport, Row};
use crate::svg::{counted, figure};

/// A group as text.
#[derive(Debug)]
pub struct Table<'a>(pub &'a GroupReport);

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(group) = self;
        writeln!(f, "\n# {}: {}", group.name, group.about)?;
        for case in &group.cases {
            write_case(f, case)?;
        }
        for growth in &group.growth {
            write_growth(f, growth)?;
        }
        group.notes.iter().try_for_each(|note| writeln!(f, "\nnote: {note}"))
    }
}

fn write_case(f: &mut fmt::Formatter<'_>, case: &CaseReport) -> fmt::Result {
    let CaseReport { name, unit, rounds, operations, .. } = case;
    write!(f, "\n{name}")?;
    match case.checksum {
        Some(sum) => writeln!(f, ": {unit}, {rounds} rounds of {operations} operations, checksum {sum} by each")?,
        None => writeln!(f, ": {unit}")?,
    }
    for row in &case.rows {
        let Row { candidate, median, spread, cold, .. } = row;
        match case.checksum {
            Some(_) => write!(f, "  {candidate:32} {:>9}  \u{b1}{:5.1} %", figure(*median), spread * 100.0)?,
            None => write!(f, "  {candidate:32} {:>9}", counted(*median))?,
        }
        write!(f, "  {:>16}", verdict(case, row))?;
        cold.map_or(Ok(()), |cold| write!(f, "  cold {}", figure(cold)))?;
        writeln!(f)?;
    }
    Ok(())
}

/// The ratio in words.
#[must_use]
pub fn verdict(case: &CaseReport, row: &Row) -> String {
    let reference = row.candidate == case.reference;
    match case.ratio([&row.candidate, &case.reference]) {
        _ if reference && row.spread > Plan::BOUND => "reference, noisy".to_owned(),
        _ if reference => "reference".to_owned(),
        Some((_, spread)) if spread > Plan::BOUND => "too noisy".to_owned(),
        Some((ratio, _)) => format!("{} \u{d7}", figure(ratio)),
        None => String::new(),
    }
}

fn write_growth(f: &mut fmt::Formatter<'_>, growth: &GrowthReport) -> fmt::Result {
    writeln!(f, "\ngrowth: {}: {}", growth.name, growth.unit)?;
    for line in &growth.lines {
        write!(f, "  {:32}", line.candidate)?;
        for &(size, cost) in &line.points {
            write!(f, " {size}: {},", figure(cost))?;
        }
        line.slope.map_or(Ok(()), |slope| write!(f, " slope {slope:.2}"))?;
        writeln!(f)?;
    }
    Ok(())
}
