//! What the dependency costs a build: time, size, further crates.
//!
//! Each candidate gets a package of its own in a temporary folder, with the workspace's lock file, and is built there
//! offline by the cargo that is at hand.

use crate::harness::{Case, Measured, clocked};
use crate::plan::{Plan, Scale};
use crate::progress::Progress;
use crate::report::GroupReport;
use std::path::Path;

mod package;
mod programs;

use package::Package;
use programs::{Program, TASKS, WAKERS};

/// Runs the group.
pub(super) fn fill(plan: &Plan, progress: &mut Progress, report: &mut GroupReport) {
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    let few = |programs: &'static [Program]| &programs[..if plan.scale == Scale::Tiny { 2 } else { programs.len() }];
    let wakers = packages(folder.path(), few(WAKERS));
    let tasks = packages(folder.path(), few(TASKS));
    progress.begin("trying cargo");
    if !wakers[0].1.compile() {
        report.notes.push("cargo could not build offline here: nothing was measured.".to_owned());
        return;
    }
    if plan.scale > Scale::Tiny {
        let mut case = Case::new("cold compile time of the crate alone", "build", "ms", 1_000_000);
        for (program, package) in &wakers {
            if program.name == "std Wake" {
                continue; // Nothing to compile.
            }
            case.add(program.side, program.name, Box::new(move |passes| compile(package, passes)));
        }
        case.reference(wakers[0].0.name);
        report.cases.push(case.measure(plan, progress));
    }
    for (name, packages) in [
        ("size added to a program that makes, clones and wakes a waker", &wakers),
        ("size added to a program that registers a type, makes a task by key and polls it", &tasks),
    ] {
        progress.begin(name);
        let sizes: Vec<_> = packages
            .iter()
            .filter_map(|(program, package)| {
                let size = package.size();
                if size.is_none() {
                    report.notes.push(format!("{}: could not be built, so its size is missing.", program.name));
                }
                Some((program.name, program.side, size? as f64))
            })
            .collect();
        let empty = sizes[0].2;
        let added: Vec<_> = sizes[1..].iter().map(|&(name, side, size)| (name, side, size - empty)).collect();
        report.cases.push(Case::exact(name, "build", "bytes", "waker_tables 0.4.0", &added));
    }
    progress.begin("dependencies");
    let dependencies: Vec<_> = wakers[1..]
        .iter()
        .filter_map(|(program, package)| Some((program.name, program.side, package.dependencies()? as f64)))
        .collect();
    report.cases.push(Case::exact(
        "crates that it brings along",
        "build",
        "crates",
        "waker_tables 0.4.0",
        &dependencies,
    ));
    report.notes.push(
        "Compile time is that of `cargo build --release` of the crate and what it brings along, with nothing built \
         before; most of it is cargo's and the compiler's start, which the empty crate shows. Size is that of all \
         sections that are loaded, less those of a program that does nothing; std is in both."
            .to_owned(),
    );
}

/// A package for each program.
fn packages(folder: &Path, programs: &'static [Program]) -> Vec<(&'static Program, Package)> {
    programs.iter().map(|program| (program, Package::new(folder, program))).collect()
}

/// Builds the dependency so many times from nothing.
fn compile(package: &Package, passes: u64) -> Measured {
    let mut all = Measured::default();
    for _ in 0..passes {
        package.clean();
        all += clocked(|| u64::from(package.compile()));
    }
    assert_eq!(all.sum, passes, "a dependency could not be built");
    // What interrupts this process does not matter: others do the work.
    Measured { disturbed: false, ..all }
}
