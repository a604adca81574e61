//! Models of the atomic protocols for loom: every interleaving of a few calls. Built with `--cfg loom`, empty otherwise.

#![cfg(loom)]
#![allow(missing_docs, reason = "tests")]

#[cfg(feature = "registry")]
#[path = "models/registry.rs"]
mod registry;
#[cfg(feature = "set")]
#[path = "models/set.rs"]
mod set;
#[cfg(feature = "shared")]
#[path = "models/shared.rs"]
mod shared;
#[path = "models/wake_state.rs"]
mod wake_state;
