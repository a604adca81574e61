//! A report as JSON, and back.

use std::path::Path;
use std::{fs, io};

use crate::report::{OLDEST, Report, SCHEMA};

/// Writes a report, indented, so that two of them can be compared line by line.
///
/// # Errors
///
/// If the file cannot be written.
pub fn write(report: &Report, file: &Path) -> io::Result<()> {
    fs::write(file, serde_json::to_string_pretty(report)? + "\n")
}

/// Reads what [`write`] wrote, also in an older form.
///
/// # Errors
///
/// If the file cannot be read, or is no report of this version's form.
pub fn read(file: &Path) -> io::Result<Report> {
    let value: serde_json::Value = serde_json::from_str(&fs::read_to_string(file)?)?;
    match value.get("schema").and_then(serde_json::Value::as_u64) {
        Some(schema) if (u64::from(OLDEST)..=u64::from(SCHEMA)).contains(&schema) => {
            let report: Report = serde_json::from_value(value)?;
            Ok(Report { schema: SCHEMA, ..report })
        }
        Some(schema) => Err(io::Error::other(format!("a report of form {schema}, not {OLDEST} to {SCHEMA}"))),
        None => Err(io::Error::other("this is no report")),
    }
}
