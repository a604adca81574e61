//! Pictures of a report: bars for comparisons, lines for growth. Text, rectangles and lines, nothing else.
//!
//! A picture brings its own background and follows the reader's choice of light or dark. What colour says is also said
//! otherwise: this crate's rows are bold, a reference is named so.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::page::growth_name;
use crate::report::{CaseReport, GroupReport, Report, Side};

mod bars;
mod lines;

/// The width of all pictures.
const WIDTH: f64 = 860.0;

const STYLE: &str = "\
.back{fill:#ffffff}text{font:13px system-ui,-apple-system,'Segoe UI','DejaVu Sans',sans-serif;fill:#1f2328}\
.head{font-size:16px;font-weight:600}.case{font-weight:600}.soft{fill:#59636e;font-size:12px}.bold{font-weight:600}\
.end{text-anchor:end}.middle{text-anchor:middle}.own{fill:#1769d6}.peer{fill:#8c959f}.context{fill:#ccd3da}\
.range{stroke:#1f2328;stroke-width:1.2}.mark{stroke:#bc4c00;stroke-width:1.4;stroke-dasharray:4 3}\
.grid{stroke:#d8dee4;stroke-width:1}.line{fill:none;stroke-width:1.8}.thick{stroke-width:3.4}\
.c0{stroke:#1769d6;fill:#1769d6}.c1{stroke:#bc4c00;fill:#bc4c00}.c2{stroke:#1a7f37;fill:#1a7f37}\
.c3{stroke:#8250df;fill:#8250df}.c4{stroke:#bf3989;fill:#bf3989}.c5{stroke:#57606a;fill:#57606a}\
.c6{stroke:#9a6700;fill:#9a6700}.c7{stroke:#0e7c86;fill:#0e7c86}.line{fill:none}\
@media (prefers-color-scheme:dark){.back{fill:#0d1117}text{fill:#e6edf3}.soft{fill:#9aa4ae}.own{fill:#4c9aff}\
.peer{fill:#6e7781}.context{fill:#3f4750}.range{stroke:#e6edf3}.mark{stroke:#f0883e}.grid{stroke:#30363d}\
.c0{stroke:#4c9aff;fill:#4c9aff}.c1{stroke:#f0883e;fill:#f0883e}.c2{stroke:#3fb950;fill:#3fb950}\
.c3{stroke:#b48cf2;fill:#b48cf2}.c4{stroke:#f778ba;fill:#f778ba}.c5{stroke:#9aa4ae;fill:#9aa4ae}\
.c6{stroke:#d8a526;fill:#d8a526}.c7{stroke:#39c5cf;fill:#39c5cf}.line{fill:none}}";

/// Writes all pictures of a report into a folder, which is made if need be. Gives back what was written.
///
/// # Errors
///
/// If the folder cannot be made or a picture cannot be written.
pub fn write(report: &Report, folder: &Path) -> io::Result<Vec<PathBuf>> {
    fs::create_dir_all(folder)?;
    let mut written = Vec::new();
    for group in &report.groups {
        for (name, picture) in pictures(report, group) {
            let path = folder.join(format!("{name}.svg"));
            fs::write(&path, picture)?;
            written.push(path);
        }
    }
    Ok(written)
}

/// The pictures of a group with their names.
#[must_use]
pub fn pictures(report: &Report, group: &GroupReport) -> Vec<(String, String)> {
    let head = format!("{}, {} cores, {}", report.head.cpu, report.head.cores, report.head.rustc);
    names(group)
        .into_iter()
        .map(|name| {
            let cases: Vec<_> = cases_of(group, &name).collect();
            let picture = match &cases[..] {
                [] => lines::picture(&format!("growth: {}", group.about), &group.growth, &head),
                cases => bars::picture(&group.about, &head, cases),
            };
            (name, picture)
        })
        .collect()
}

/// The names of a group's pictures.
#[must_use]
pub fn names(group: &GroupReport) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for case in &group.cases {
        if !case.picture.is_empty() && !names.contains(&case.picture) {
            names.push(case.picture.clone());
        }
    }
    if !group.growth.is_empty() {
        names.push(growth_name(group));
    }
    names
}

/// What a picture of bars shows.
pub(crate) fn cases_of<'a>(group: &'a GroupReport, name: &str) -> impl Iterator<Item = &'a CaseReport> {
    group.cases.iter().filter(move |case| case.picture == name)
}

/// A picture while it is drawn, from top to bottom.
#[derive(Debug, Default)]
struct Canvas {
    body: String,
    height: f64,
}

impl Canvas {
    fn text(&mut self, x: f64, y: f64, class: &str, text: &str) {
        let text = escaped(text);
        self.put(&format!("<text x=\"{x:.1}\" y=\"{y:.1}\" class=\"{class}\">{text}</text>"));
    }

    fn rectangle(&mut self, (x, y): (f64, f64), (width, height): (f64, f64), class: &str) {
        let place = format!("x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"");
        self.put(&format!("<rect {place} class=\"{class}\"/>"));
    }

    fn line(&mut self, (x1, y1): (f64, f64), (x2, y2): (f64, f64), class: &str) {
        let place = format!("x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"");
        self.put(&format!("<line {place} class=\"{class}\"/>"));
    }

    fn put(&mut self, element: &str) {
        self.body.push_str(element);
        self.body.push('\n');
    }

    fn finish(self, title: &str) -> String {
        let (height, title) = (self.height, escaped(title));
        let mut text = String::new();
        let size = format!("width=\"{WIDTH}\" height=\"{height:.0}\" viewBox=\"0 0 {WIDTH} {height:.0}\"");
        // Writing to a string cannot fail.
        let _ = writeln!(text, "<svg xmlns=\"http://www.w3.org/2000/svg\" {size} role=\"img\">");
        let _ = writeln!(text, "<title>{title}</title>\n<style>{STYLE}</style>");
        let _ = writeln!(text, "<rect width=\"{WIDTH}\" height=\"{height:.0}\" class=\"back\"/>");
        text + &self.body + "</svg>\n"
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn class(side: Side) -> &'static str {
    match side {
        Side::Own => "own",
        Side::Peer => "peer",
        Side::Context => "context",
    }
}

/// A figure that was counted and not measured: whole where it is whole.
#[must_use]
pub fn counted(value: f64) -> String {
    if value.fract() == 0.0 { format!("{value:.0}") } else { figure(value) }
}

/// A figure with as many places as its size asks for.
#[must_use]
pub fn figure(value: f64) -> String {
    match value {
        value if value >= 100.0 => format!("{value:.0}"),
        value if value >= 10.0 => format!("{value:.1}"),
        value => format!("{value:.2}"),
    }
}
