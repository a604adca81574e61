//! A report as JSON, and back.

use std::path::Path;
use std::{fs, io};

use crate::report::Report;

/// Writes a report, indented, so that two of them can be compared line by line.
///
/// # Errors
///
/// If the file cannot be written.
pub fn write(report: &Report, file: &Path) -> io::Result<()> {
    fs::write(file, serde_json::to_string_pretty(report)? + "\n")
}

/// Reads what [`write`] wrote.
///
/// # Errors
///
/// If the file cannot be read or is no report.
pub fn read(file: &Path) -> io::Result<Report> {
    Ok(serde_json::from_str(&fs::read_to_string(file)?)?)
}
