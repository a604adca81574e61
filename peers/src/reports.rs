//! The reports of several machines, each in a file that its processor names.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::json;
use crate::report::Report;
use crate::svg::{names, pictures};

/// One report for each machine: what stands beside a page.
#[derive(Debug, Default)]
pub struct Reports(BTreeMap<String, Report>);

/// What several machines found at the same: the machine's name with each.
pub(crate) type Found<'a, T> = Vec<(&'a str, &'a T)>;

/// A machine's name: that of its processor, without what all of them say.
#[must_use]
pub fn machine(report: &Report) -> String {
    let name = report.head.cpu.replace("(R)", "").replace("(TM)", "");
    let name = name.split('@').next().unwrap_or_default();
    let words: Vec<_> = name.split_whitespace().filter(|word| !["Processor", "CPU"].contains(word)).collect();
    words.join(" ")
}

/// The name of a machine's file.
#[must_use]
pub fn file_name(machine: &str) -> String {
    let plain = |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '-' };
    format!("report-{}.json", machine.chars().map(plain).collect::<String>())
}

/// Each once, in the order in which they come first.
pub(crate) fn distinct<T: PartialEq>(all: impl Iterator<Item = T>) -> Vec<T> {
    let mut found = Vec::new();
    for one in all {
        if !found.contains(&one) {
            found.push(one);
        }
    }
    found
}

impl Reports {
    /// Reads all reports of a folder; none, if it is not there.
    ///
    /// # Errors
    ///
    /// If one cannot be read, or has another machine's name.
    pub fn read(folder: &Path) -> Result<Self, String> {
        let about = |file: &Path, error: &dyn ToString| format!("{}: {}", file.display(), error.to_string());
        let files = match fs::read_dir(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            files => {
                files.and_then(Iterator::collect::<io::Result<Vec<_>>>).map_err(|error| about(folder, &error))?
            }
        };
        let mut reports = Self::default();
        for file in files.iter().map(fs::DirEntry::path).filter(|path| path.extension() == Some(OsStr::new("json"))) {
            let report = json::read(&file).map_err(|error| about(&file, &error))?;
            let name = file_name(&machine(&report));
            if file.file_name() != Some(OsStr::new(&name)) {
                return Err(about(&file, &format!("of a machine whose report is {name}")));
            }
            reports.put(report);
        }
        Ok(reports)
    }

    /// Puts a report in the place of its machine's, and says which file that is.
    pub fn put(&mut self, report: Report) -> String {
        let machine = machine(&report);
        let file = file_name(&machine);
        self.0.insert(machine, report);
        file
    }

    /// All, by the names of their machines.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Report)> {
        self.0.iter().map(|(machine, report)| (machine.as_str(), report))
    }

    /// All, the newest first: it decides on order, and its pictures are shown.
    fn newest(&self) -> Vec<&Report> {
        let mut reports: Vec<_> = self.0.values().collect();
        reports.sort_by(|one, other| other.head.date.cmp(&one.head.date));
        reports
    }

    /// The names of all figures.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        distinct(self.newest().into_iter().flat_map(|report| &report.groups).flat_map(names))
    }

    /// The pictures with their names, each of the newest report that has it.
    #[must_use]
    pub fn pictures(&self) -> Vec<(String, String)> {
        let newest = self.newest();
        let drawn = |report: &&Report| report.groups.iter().flat_map(|group| pictures(report, group)).collect();
        let mut all: Vec<(String, String)> = newest.iter().flat_map(|report| -> Vec<_> { drawn(report) }).collect();
        let mut names = BTreeSet::new();
        all.retain(|(name, _)| names.insert(name.clone()));
        all
    }

    /// Draws them into a folder. Gives back what was written.
    ///
    /// # Errors
    ///
    /// If a picture cannot be written.
    pub fn draw(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        let write = |(name, picture)| {
            let path = folder.join(format!("{name}.svg"));
            fs::write(&path, picture).map(|()| path)
        };
        self.pictures().into_iter().map(write).collect()
    }

    /// What all machines have of one kind, those of the same name together.
    pub(crate) fn found<'a, T>(
        &'a self,
        all: impl Fn(&'a Report) -> Vec<&'a T>,
        name: impl Fn(&'a T) -> &'a str,
    ) -> Vec<Found<'a, T>> {
        let names = distinct(self.newest().into_iter().flat_map(&all).map(&name));
        let of = |wanted: &str| {
            let found = |report| all(report).into_iter().find(|one| name(one) == wanted);
            self.iter().filter_map(|(machine, report)| Some((machine, found(report)?))).collect()
        };
        names.into_iter().map(of).collect()
    }
}
