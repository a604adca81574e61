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
    match row.ratio {
        None if row.candidate == case.reference && row.spread > Plan::BOUND => "reference, noisy".to_owned(),
        _ if row.candidate == case.reference => "reference".to_owned(),
        Some(ratio) => format!("{} \u{d7}", figure(ratio)),
        None if row.spread <= Plan::BOUND && case.reference_row().is_some_and(|row| row.median <= 0.0) => {
            String::new()
        }
        None => "too noisy".to_owned(),
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
