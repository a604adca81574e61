//! What the crate promises, by behaviour.

#![allow(clippy::missing_safety_doc, reason = "the contracts stand on the traits that are implemented here")]

/// What every shared task begins with: two words, and the nine of its span.
#[cfg(feature = "shared")]
const HEAD: usize = (2 + if cfg!(feature = "tracing") { 9 } else { 0 }) * size_of::<usize>();

mod auto_traits;
mod errors;
mod laws;
mod macros;
mod sizes;
mod task_drops;
mod task_owners;
mod task_pins;
mod wake_state;
mod waker_panics;
mod waker_recovery;

#[cfg(feature = "registry")]
mod allocations;
#[cfg(feature = "registry")]
mod entries;
#[cfg(feature = "registry")]
mod families;
#[cfg(feature = "registry")]
mod history;
#[cfg(feature = "registry")]
mod hostile;
#[cfg(feature = "registry")]
mod keys;
#[cfg(feature = "registry")]
mod large_families;
#[cfg(feature = "registry")]
mod manifest;
#[cfg(feature = "registry")]
mod registered_drops;
#[cfg(feature = "registry")]
mod registry;
#[cfg(feature = "registry")]
mod registry_model;
#[cfg(feature = "serde")]
mod serde;
#[cfg(feature = "set")]
mod set;
#[cfg(feature = "shared")]
mod shared;
