//! Registries that are written while they are read.

mod block;
mod catalog;
mod error;
mod family;
#[cfg(not(loom))]
mod global;
mod index;
mod node;
mod registry;
mod state;
mod task;
mod writer;

pub use catalog::{Alias, ManifestEntry};
pub use error::{Asked, LookupError, RegisterError, UpdateError};
pub use family::{Family, FamilyUpdate};
#[cfg(not(loom))]
pub use global::{CachedEntry, GLOBAL_VTABLE_REGISTRY};
pub use node::Entry;
pub use registry::VTableRegistry;
pub use state::{VersionReq, VersionState};
pub use task::{BuildError, NewTaskError, RegisteredTask};
