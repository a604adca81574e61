//! The interface of futures-task 0.3, on the waker tables of `waker_tables`.
//!
//! It is there to be put in the published crate's place, so that the executors of the `futures` crate run on it. What it
//! does otherwise than the published crate stands in the README of the folder above.
#![no_std]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
mod arc;
mod noop;
mod object;
mod spawn;

#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
pub use alloc::task::Wake;
#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
pub use arc::{ArcWake, WakerRef, waker, waker_ref};
pub use core::task::{Context, Poll, RawWaker, RawWakerVTable, Waker};
pub use noop::{noop_waker, noop_waker_ref};
pub use object::{FutureObj, LocalFutureObj, UnsafeFutureObj};
pub use spawn::{LocalSpawn, Spawn, SpawnError};
