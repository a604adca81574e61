//! The harness and its pictures, quickly: no test looks at a time.

use std::path::PathBuf;

use peers::plan::{Plan, Scale};

mod command;
mod groups;
mod json;
mod page;
mod stats;
mod svg;

/// The smallest plan.
fn tiny() -> Plan {
    Plan::new(Scale::Tiny, Vec::new(), PathBuf::from(env!("CARGO_BIN_EXE_peers")))
}
