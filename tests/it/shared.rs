//! Shared tasks: what a run, a wake, a cancel and the end of each handle do.

pub mod world;

mod builder;
mod contracts;
mod during;
mod handles;
mod hooks;
mod lists;
mod local;
mod matrix;
mod own_handles;
mod panics;
mod queues;
mod scenarios;
#[cfg(feature = "tracing")]
mod seen;
mod slots;
mod states;
mod static_cells;
mod statics;
mod stress;
mod task_future;
mod wakers;
mod walks;
