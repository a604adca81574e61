//! Registries that are written while they are read.

/// Everything is `const` outside loom's models, whose atomics are not.
macro_rules! const_outside_loom {
    ($(#[$attribute:meta])* $visibility:vis fn $name:ident() -> Self $body:block) => {
        $(#[$attribute])*
        #[cfg(not(loom))]
        $visibility const fn $name() -> Self $body
        $(#[$attribute])*
        #[cfg(loom)]
        $visibility fn $name() -> Self $body
    };
}

mod block;
#[cfg(not(loom))]
mod cached;
mod catalog;
mod entry;
mod family;
mod index;
mod lookup_error;
mod make_error;
mod manifest;
mod name;
mod node;
mod owner;
mod plan;
mod registry;
mod task;
mod versions;
mod write_error;
mod writer;

#[cfg(not(loom))]
pub use cached::CachedEntry;
pub use entry::Entry;
pub use family::{Family, FamilyUpdate};
pub use lookup_error::{Asked, LookupError};
pub use make_error::{BuildError, NewTaskError};
pub use manifest::{Alias, ManifestEntry};
#[cfg(not(loom))]
pub use registry::GLOBAL_VTABLE_REGISTRY;
pub use registry::VTableRegistry;
pub use task::RegisteredTask;
pub use versions::{VersionReq, VersionState};
pub use write_error::{RegisterError, UpdateError};
