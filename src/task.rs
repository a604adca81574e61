//! Journey 2: tasks of any type behind two words, polled by hand.
//!
//! # From a type to an owner
//!
//! ```text
//!   WakeableTask (safe)  ──┐ TaskVTable::of                          ┌─ poll   any number
//!                          ├──────────────► TaskVTable ─► OwnedTask ─┼─ wake   any number, between polls
//!   UnsafeWakeableTask  ───┘ of_unsafe       3 + extras   2 words    └─ close  once
//! ```
//!
//! [`OwnedTask`] has constructors for both traits that need no table by name. A table is named where one is chosen
//! at run time, put into a registry, or used through the bare [`UnsafeWakeablePtr`].
//!
//! # The life of a task
//!
//! ```text
//!             poll, wake                       poll: Ready, wake: nothing
//!              ┌──┐                             ┌──┐
//!   (1) new    │  ▼      (2) close              │  ▼      (3) drop
//!  ────────► open ─────────────────────────► closed ─────────────────► destructor, memory freed
//!               │                                                         ▲
//!               │ (4) drop: as (2), then (3)                              │
//!               ├─────────────────────────────────────────────────────────┘
//!               │ (5) downcast
//!               └────────► the box again: neither hook nor destructor has run
//! ```
//!
//! Closing swaps the owner's second word for the type's *closed twin*, a table whose functions do not reach the
//! task, and only then runs the hook: a poll needs no flag, and no panic can bring a closed task back.
//! `into_raw` and `from_raw` keep that word.
//!
//! # Panics
//!
//! | a panic in | what holds after |
//! |---|---|
//! | `poll` | the owner can poll again or drop it; everything is freed once |
//! | `wake` | the same |
//! | `close`, `drop_in_place` | counts as done: drop does not run it again |
//! | the destructor | the memory is freed, nothing runs twice |
//! | `close` in the owner's drop, and then the destructor | the process aborts, as for every second panic |
//!
//! # It is not a waker
//!
//! [`OwnedTask::wake`] is the owner's own nudge and may not overlap a poll, which `&self` and `!Sync` see to. Who
//! wakes a task that waits? It keeps a [`Waker`](core::task::Waker), given to it when it was made, whose target is
//! the scheduler's slot with a [`WakeState`](crate::WakeState). `docs/waking.md` walks through it.

mod contract;
pub(crate) mod erased;
pub(crate) mod owned;
mod pair;
mod table;

pub use contract::{UnsafeWakeableTask, WakeableTask};
pub use owned::{LocalOwnedTask, OwnedTask, RawTask};
pub use pair::UnsafeWakeablePtr;
pub use table::{Release, TaskVTable, UnsafeWakeableVTable};
