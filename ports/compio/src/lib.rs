//! The interface of compio-executor 0.1, on the shared tasks of `waker_tables`.
//!
//! It is there to be put in the published crate's place, so that what is written for that runs on tasks which know nothing
//! of it. What it does otherwise than the published crate stands in the README of the folder above.
#![forbid(unsafe_code)]

pub mod console;
mod executor;
mod join_handle;
mod schedule;

pub use console::SpawnMeta;
pub use executor::{Executor, ExecutorConfig};
pub use join_handle::{JoinError, JoinHandle, ResumeUnwind};
