#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![deny(
    missing_docs,
    clippy::alloc_instead_of_core,
    clippy::mem_forget,
    clippy::missing_errors_doc,
    clippy::missing_panics_doc,
    clippy::std_instead_of_alloc,
    clippy::std_instead_of_core,
    clippy::unwrap_used
)]
//! Wakers and tasks.

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod macros;
#[cfg(feature = "registry")]
pub mod registry;
pub mod task;
#[cfg(any(target_has_atomic = "ptr", feature = "portable-atomic"))]
pub mod wake_state;
pub mod waker;

#[cfg(feature = "registry")]
#[doc(inline)]
pub use registry::{
    AskedKey, BuildError, GLOBAL_VTABLE_REGISTRY, KeyRef, NameError, NewTaskError, ParseKeyError, RegisterError,
    RegisteredTask, VTableKey, VTableRegistry,
};
#[doc(inline)]
pub use task::{
    LocalOwnedTask, OwnedTask, RawTask, Release, TaskVTable, UnsafeWakeablePtr, UnsafeWakeableTask,
    UnsafeWakeableVTable, WakeableTask,
};
#[cfg(any(target_has_atomic = "ptr", feature = "portable-atomic"))]
#[doc(inline)]
pub use wake_state::{Completed, Pause, Start, WakeState, Woke};
#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
#[doc(inline)]
pub use waker::{BestEffort, raw_waker_from_ptr, waker_from_arc, waker_ref};
#[doc(inline)]
pub use waker::{Counted, Free, UnsafeWakeable, WakerPointer, WakerRef, WakerVTable};

/// What the macros expand to; no part of the public interface.
#[doc(hidden)]
pub mod __private {
    pub use crate::task::TaskVTable;
    pub use crate::waker::WakerVTable;
    pub use crate::waker::shape::{
        ByPointer, ByReference, ByTarget, NotAMethod, Slot, WakeFn, WakeSlot, wake, wake_by_ref,
    };
    #[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
    pub use alloc::{sync::Arc, task::Wake};
}
