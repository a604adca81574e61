//! Shared tasks: one allocation that is task, scheduler's data and waker.

mod body;
mod cell;
mod header;
mod home;
mod join;
mod joiner;
pub(crate) mod memory;
mod place;
mod queue;
mod runnable;
mod slot;
mod spawn;
mod state;
mod task_ref;

pub use home::{Home, LocalRun, LocalRunnable, ScheduleLocal};
pub use join::{JoinError, JoinHandle};
pub use memory::TaskMemory;
pub use queue::{Linked, Queue, ScheduleLinked, Taker};
pub use runnable::{Run, Runnable, Schedule};
pub use slot::{Busy, TaskSlot};
pub use spawn::TaskFuture;
#[cfg(feature = "alloc")]
pub use spawn::{spawn, spawn_detached, spawn_unchecked, spawn_unchecked_with, spawn_with};
pub use task_ref::TaskRef;
