//! The memory group counts what the whole process allocates, so it has a test binary of its own.

use peers::groups::GROUPS;
use peers::plan::{Plan, Scale};
use peers::progress::Progress;
use peers::report::{CaseReport, Row};

fn value(case: &CaseReport, candidate: &str) -> f64 {
    let row: &Row = case.rows.iter().find(|row| row.candidate == candidate).expect("there is such a candidate");
    row.median
}

#[test]
fn a_task_is_one_allocation_of_its_own_size() {
    let plan = Plan::new(Scale::Tiny, Vec::new(), env!("CARGO_BIN_EXE_peers").into());
    let group = GROUPS.iter().find(|group| group.name == "memory").expect("there is such a group");
    let report = group.run(&plan, &mut Progress::new(false));
    let [requested, usable, allocations] = &report.cases[..] else { panic!("three tables") };
    for candidate in ["waker_tables OwnedTask", "waker_tables RegisteredTask", "Box<dyn Trait>"] {
        assert!((value(requested, candidate) - 40.0).abs() < 1e-9);
        assert!((value(allocations, candidate) - 1.0).abs() < 1e-9);
        assert!(value(usable, candidate) >= 40.0);
    }
}
