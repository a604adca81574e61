//! Shared tasks: what a run, a wake, a cancel and the end of each handle do.

pub mod world;

mod basic;
mod stress;
