//! A staged full-text index over a directory tree, as a graph of tasks that real wakers wake.
//!
//! ```text
//!              texts (8)             parsed (8), one per shard          halves, one per shard
//!  etl/read@v1 ────────► etl/parse@v1 ────────────────────► search/index@v1 ──┐
//!    half 0                 half 0                               half 0       ├─► search/merge@v1
//!  etl/read@v1 ────────► etl/parse@v2 ────────────────────► search/index@v1 ──┘      per shard
//!    half 1                 half 1                               half 1
//! ```
//!
//! Files with an even number (in the order of the walk) are half 0, the others half 1; words go to shards by their
//! hash. Both halves are parsed by the version that was asked for, or with `--split` half 0 by `v1` and half 1 by
//! `v2`. A stage is an async function, which the factory of its key spawns as a shared task. One that cannot go on
//! leaves its waker with the channel that it waits for and is polled again when the other side has woken it.

mod bell;
pub mod channel;
pub mod document;
pub mod families;
pub mod graph;
pub mod index;
pub mod job;
pub mod lists;
pub mod memory;
pub mod output;
mod parsed;
pub mod report;
pub mod scheduler;
pub mod stages;
pub mod stop;
mod text;
pub mod tree;
pub mod verify;
pub mod wiring;
pub mod words;
