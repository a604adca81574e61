//! The interface of lightproc 0.3, on the shared tasks of `waker_tables`.
//!
//! It is there to be put in the published crate's place, so that what is written for that runs on tasks which know nothing
//! of it. What it does otherwise than the published crate stands in the README of the folder above.
#![forbid(unsafe_code)]

pub mod lightproc;
pub mod proc_handle;
pub mod proc_stack;
pub mod proc_state;
pub mod recoverable_handle;
mod state;

/// All of it.
pub mod prelude {
    pub use crate::lightproc::*;
    pub use crate::proc_handle::*;
    pub use crate::proc_stack::*;
    pub use crate::proc_state::*;
    pub use crate::recoverable_handle::*;
}
