//! Measures `waker_tables` beside what a user would pick instead: on the same work, in the same process, in turn.
//!
//! `cargo run --release -p peers` runs everything; `-- --help` says what else there is. A comparison's candidates
//! alternate round by round ([`harness`]), and each proves that it did the same work as the others.

pub mod alloc;
pub mod groups;
pub mod harness;
pub mod head;
pub mod json;
mod keys;
pub mod page;
pub mod plan;
pub mod prices;
pub mod progress;
pub mod report;
pub mod reports;
pub mod rng;
pub mod stats;
pub mod svg;
pub mod switches;
pub mod table;
