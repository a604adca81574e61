#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(loom, allow(private_interfaces, reason = "loom's atomics are wrapped"))]
#![deny(
    missing_docs,
    unnameable_types,
    unreachable_pub,
    clippy::alloc_instead_of_core,
    clippy::mem_forget,
    clippy::missing_errors_doc,
    clippy::missing_panics_doc,
    clippy::std_instead_of_alloc,
    clippy::std_instead_of_core,
    clippy::unwrap_used
)]
//! Real [`Waker`](core::task::Waker)s from your own pointer, type-erased tasks polled by hand, and both joined, through
//! typed tables of functions.
//!
//! For those who own their runtime boundary: schedulers, stage graphs, actor systems, job engines. This crate gives
//! erasure, ownership, refcounts and wiring; queues, policy and threads stay yours.
//!
//! # Journey 1: a waker from your own pointer
//!
//! ```
//! use std::sync::{Arc, Mutex};
//! use waker_tables::waker_vtable;
//!
//! struct Job(u32, Mutex<Vec<u32>>);
//!
//! impl Job {
//!     fn on_wake(&self) {
//!         self.1.lock().unwrap().push(self.0);
//!     }
//! }
//!
//! waker_vtable! { static JOB: Arc<Job> => Job::on_wake; }
//!
//! let job = Arc::new(Job(7, Mutex::default()));
//! JOB.waker_ref(&job).wake_by_ref(); // for a poll: borrows, no refcount
//! let waker = JOB.waker(job.clone()); // to keep: owns
//! assert_eq!(JOB.get(&waker).unwrap().0, 7); // and back again, checked
//! waker.wake();
//! assert_eq!(*job.1.lock().unwrap(), [7, 7]);
//! ```
//!
//! `&'static T`, `usize` ids and your own refcounted header work the same way; see [`waker`].
//!
//! # Journey 2: tasks of any type behind two words
//!
//! ```
//! use std::task::Poll;
//! use waker_tables::{OwnedTask, WakeableTask};
//!
//! struct CountDown(u32);
//!
//! impl WakeableTask for CountDown {
//!     fn poll(&mut self) -> Poll<()> {
//!         self.0 -= 1;
//!         if self.0 == 0 { Poll::Ready(()) } else { Poll::Pending }
//!     }
//! }
//!
//! let mut queue = vec![OwnedTask::new(Box::new(CountDown(1))), OwnedTask::new(Box::new(CountDown(3)))];
//! while !queue.is_empty() {
//!     queue.retain_mut(|task| task.poll().is_pending());
//! }
//! ```
//!
//! Tables by hand, slabs and the bare pair of words are in [`task`]; tables by key, and tasks out of bytes off the
//! wire, in [`registry`]; the state word that a scheduler keeps per task in [`wake_state`]. In [`shared`] both are
//! joined: a future, your scheduler's data and the waker in one allocation. [`set`]: wakers of the parts of a future.
//!
//! # When you do not need it
//!
//! - A `Waker` from one type of your own, and a few nanoseconds do not matter: `std::task::Wake`.
//! - One enum can hold all your tasks, or `Box<dyn Trait>` is erasure enough: use that.
//! - You want futures run and not to write what runs them: a whole runtime, such as tokio or smol.
//!
#![doc = include_str!("features.md")]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

#[doc(hidden)]
pub mod __private;
#[cfg(doctest)]
mod doctests;
mod macros;
#[cfg(feature = "registry")]
pub mod registry;
pub mod set;
#[cfg(all(feature = "shared", any(target_has_atomic = "ptr", feature = "portable-atomic")))]
pub mod shared;
mod sync;
pub mod task;
#[cfg(any(target_has_atomic = "ptr", feature = "portable-atomic"))]
pub mod wake_state;
pub mod waker;

// By name, so that the compiler can say of a missing one which feature has it.
#[cfg(all(feature = "registry", feature = "alloc", target_has_atomic = "ptr"))]
#[doc(inline)]
pub use registry::{
    Alias, AsKeyRef, Asked, BuildError, Entry, Family, FamilyUpdate, KeyBuf, LookupError, ManifestEntry,
    NewTaskError, RegisterError, RegisteredTask, UpdateError, VTableRegistry, VersionReq, VersionState,
};
#[cfg(all(feature = "registry", feature = "alloc", not(target_has_atomic = "ptr")))]
#[doc(inline)]
pub use registry::{AsKeyRef, KeyBuf};
#[cfg(all(feature = "registry", feature = "alloc", target_has_atomic = "ptr", not(loom)))]
#[doc(inline)]
pub use registry::{CachedEntry, GLOBAL_VTABLE_REGISTRY};
#[cfg(feature = "registry")]
#[doc(inline)]
pub use registry::{FamilyName, KeyRef, NameError, ParseKeyError, StaticTable, VTableKey};
#[cfg(all(feature = "set", any(target_has_atomic = "ptr", feature = "portable-atomic")))]
#[doc(inline)]
pub use set::{Drain, StaticWakerSet, TooManyWakers, WakerSet};
#[cfg(all(feature = "shared", any(target_has_atomic = "ptr", feature = "portable-atomic")))]
#[doc(inline)]
pub use shared::{
    AnyTask, Anywhere, AtHome, Batch, Claim, Detached, Home, JoinError, JoinHandle, Joined, Kind, Linked, LocalRun,
    LocalRunnable, Queue, Ran, ReleaseTask, Run, Runnable, SafeTask, Schedule, StaticClaim, StaticRef, StaticTask,
    Taker, Task, TaskFuture, TaskList, TaskMemory, TaskPlace, TaskRef, TaskSlot, TaskState, task_layout,
};
#[cfg(all(feature = "shared", feature = "std", any(target_has_atomic = "ptr", feature = "portable-atomic")))]
#[doc(inline)]
pub use shared::{CatchUnwind, HomeThread};
#[cfg(all(feature = "shared", feature = "alloc", any(target_has_atomic = "ptr", feature = "portable-atomic")))]
#[doc(inline)]
pub use shared::{spawn, spawn_detached};
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
