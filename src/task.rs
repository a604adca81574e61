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
//! [`OwnedTask`] has a constructor for each trait, which finds the table by the type. A table of your own is needed
//! where one is chosen at run time, put into a registry, or used through the bare [`UnsafeWakeablePtr`].
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
//!               └────────► the box again: neither function nor destructor has run
//! ```
//!
//! Closing first swaps the owner's second word for the type's *closed twin*, a table whose functions do not touch the
//! task, and then calls the shutdown function. So a poll need not test a flag, and a task whose shutdown function
//! panics is closed all the same. `into_raw` and `from_raw` keep that word.
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
//! [`OwnedTask::wake`] is for the owner alone and may not overlap a poll, which `&self` and `!Sync` see to. Who wakes a
//! task that waits? Whoever has what it waits for, by a [`Waker`](core::task::Waker) that the task was given when it
//! was made and of which it leaves clones; its target is the scheduler's slot with a [`WakeState`](crate::WakeState).
//! `docs/waking.md` walks through it.

mod contract;
pub(crate) mod erased;
pub(crate) mod owned;
mod pair;
mod table;

pub use contract::{UnsafeWakeableTask, WakeableTask};
pub use owned::{LocalOwnedTask, OwnedTask, RawTask};
pub use pair::UnsafeWakeablePtr;
pub use table::{Release, TaskVTable, UnsafeWakeableVTable};
