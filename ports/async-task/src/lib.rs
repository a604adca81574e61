//! The interface of async-task 4, on the shared tasks of `waker_tables`.
//!
//! It is there to be put in the published crate's place, so that runtimes which know nothing of `waker_tables` run on
//! its tasks. What it does otherwise than the published crate stands in the README of the folder above.
#![no_std]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod body;
mod builder;
mod header;
mod runnable;
mod schedule;
mod task;

#[cfg(feature = "std")]
pub use builder::spawn_local;
pub use builder::{Builder, spawn, spawn_unchecked};
pub use runnable::Runnable;
pub use schedule::{Schedule, ScheduleInfo, WithInfo};
pub use task::{FallibleTask, Task};
