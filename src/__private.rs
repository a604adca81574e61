//! What the macros expand to; no part of the public interface.

#[cfg(all(feature = "shared", any(target_has_atomic = "ptr", feature = "portable-atomic")))]
pub use crate::shared::{
    StaticTask, TaskMemory,
    future_memory::{Aligned, Alignment, FutureMemory, MakesFuture, align, future_align, future_size},
    slot::{Word, task_align, task_size},
};
pub use crate::task::TaskVTable;
#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
pub use crate::waker::declared::declare_wakeable;
pub use crate::waker::declared::{Home, Stateless, declare};
pub use crate::waker::shape::{ByPointer, ByReference, ByTarget, NotAMethod, WakeFn, Woken, wake};
pub use crate::waker::table::WakerVTable;
#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
pub use alloc::{sync::Arc, task::Wake};
pub use core::{compile_error, concat, stringify};
