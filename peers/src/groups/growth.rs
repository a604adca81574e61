//! The same comparison at growing sizes, and the line through it.

use crate::plan::Plan;
use crate::report::{CaseReport, GrowthReport, Line};
use crate::stats::slope;

/// Measures `case` at all sizes of the plan.
pub fn growth(plan: &Plan, name: &str, mut case: impl FnMut(usize) -> CaseReport) -> GrowthReport {
    let mut lines: Vec<Line> = Vec::new();
    let mut unit = String::new();
    for size in plan.sizes() {
        let report = case(size);
        unit.clone_from(&report.unit);
        for row in report.rows {
            let point = (size as u64, row.median);
            match lines.iter_mut().find(|line| line.candidate == row.candidate) {
                Some(line) => line.points.push(point),
                None => {
                    lines.push(Line { candidate: row.candidate, side: row.side, points: vec![point], slope: None });
                }
            }
        }
    }
    for line in &mut lines {
        let points: Vec<_> = line.points.iter().map(|&(size, cost)| (size as f64, cost)).collect();
        line.slope = slope(&points);
    }
    GrowthReport { name: name.to_owned(), unit, lines }
}
