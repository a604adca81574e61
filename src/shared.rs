//! Shared tasks: one allocation that is task, scheduler's data and waker.
//!
//! [`spawn`](fn@spawn) makes of a future and of the scheduler's own data a task that any thread wakes and one at a time polls. The
//! crate has the memory, the counts and the wiring; the queue, the threads and the policy are the hook's:
//! [`Schedule::schedule`].
//!
//! ```
//! use std::sync::mpsc;
//! use waker_tables::{Run, Runnable, Schedule, TaskRef, spawn};
//!
//! struct Header {
//!     name: &'static str,
//!     queue: mpsc::Sender<Runnable<Self>>,
//! }
//!
//! impl Schedule for Header {
//!     fn schedule(&self, runnable: Runnable<Self>) {
//!         let _ = self.queue.send(runnable);
//!     }
//! }
//!
//! let (queue, runnables) = mpsc::channel();
//! let mut woken = false;
//! let body = std::future::poll_fn(move |context| {
//!     // The scheduler's data is behind every waker of the task.
//!     assert_eq!(TaskRef::<Header>::header_behind(context.waker()).unwrap().name, "first");
//!     context.waker().wake_by_ref();
//!     if std::mem::replace(&mut woken, true) { std::task::Poll::Ready(7) } else { std::task::Poll::Pending }
//! });
//! let (runnable, handle) = spawn(body, Header { name: "first", queue });
//!
//! runnable.schedule();
//! while !handle.is_finished() {
//!     if let Run::Woken(again) = runnables.recv().unwrap().run() {
//!         again.schedule(); // or at the front, or after all others: the scheduler's to say
//!     }
//! }
//! ```
//!
//! # What there is
//!
//! ```text
//!  ┌ header ───────────────────────────────────────┬ joiner ────────┬ body ───────────────────┐
//!  │ table │ flags and count │ H, the scheduler's  │ the joiner's   │ the future, and then    │
//!  │       │                 │ own data            │ waker          │ the output              │
//!  └───────┴─────────────────┴─────────────────────┴────────────────┴─────────────────────────┘
//!      ▲              ▲               ▲                                  ▲               ▲
//!      └──────────────┼───────────────┘                                  │               │
//!                     │                                            Runnable<H>    JoinHandle<T, H>
//!        TaskRef<H>, Waker: any number,                            polls, drops:  takes it
//!        on any thread                                             exists exactly
//!                                                                  while scheduled
//! ```
//!
//! | handle | words | what it may do |
//! |---|---|---|
//! | [`Runnable`] | 1 | run the body once; one exists while the task is scheduled |
//! | [`LocalRunnable`] | 1 | be run by its [`Home`], for bodies that are not `Send` |
//! | [`TaskRef`] | 1 | wake, cancel, read the header; goes to a `Waker` and back |
//! | [`JoinHandle`] | 1 | get the output, or why there is none |
//!
//! A task takes two words, the header data, two words for the joiner unless it is detached, one if it has a home, and
//! the larger of future and output (the future alone if it is detached). One allocation, or none in a [`TaskSlot`] or
//! [`TaskMemory`]. A wake, a clone, a poll, a join allocates nothing; [`Queue`] neither.
//!
//! # The life of a task
//!
//! ```text
//!                       (1) spawn
//!                           │
//!                           ▼
//!  ┌──────────────────► scheduled ────── (2) run ───────► running
//!  │                      │   ▲                           │ │ │
//!  │                      │   │  (3) pending, and woken   │ │ │  (6) ready, panicked,
//!  │                      │   │      meanwhile: Run::Woken│ │ │      cancelled, or
//!  │                      │   └───────────────────────────┘ │ │      nobody is left
//!  │ (5) wake, cancel,    │                                 │ │      to wake it
//!  │     or the last      │ (7) the runnable is dropped,    │ │
//!  │     handle goes      │     or runs cancelled           │ │
//!  │                      │                                 │ │
//!  │                      └─────────────────────────────────┼─► complete ────► freed
//!  │                                                        │           (8) the last
//!  │                                                        │               handle goes
//!  └───────────────────── idle ◄────────────────────────────┘
//!                                (4) pending: Run::Pending
//! ```
//!
//! A wake between (2) and (4) is not lost: it makes a (3) of it. A second wake of a scheduled task does nothing but make
//! what its caller wrote visible to the poll to come.
//!
//! A local task whose runnable is dropped goes back to idle, cancelled: (7) is for its home alone.
//!
//! # Who owns what
//!
//! The count of a task is that of its handles; each arrow moves, adds or gives up counts as this says, and runs other
//! code only where the counts are right.
//!
//! | step | counts | other code that runs |
//! |---|---|---|
//! | (1) `spawn`, `spawn_detached` | one for the runnable, one for the join handle | none |
//! | `Runnable::schedule` | the runnable's, and one that is held through the hook | the hook |
//! | `task`, `to_waker`, `clone` | one more | none |
//! | (2) `run` | the runnable's is the poll's | the future, with a waker that borrows that count |
//! | (3) | the poll's is the new runnable's | none |
//! | (4) | the poll's is given up | none |
//! | (5) `wake_by_ref`, `cancel` of an idle task | one more, for the runnable; the caller's is held | the hook |
//! | (5) `wake` of an idle task | the same, then the caller's is given up; or it is the runnable's if `H` has neither size nor destructor | the hook |
//! | `wake` of any other | the caller's is given up | none |
//! | (6), (7) | the poll's is given up, last of all | destructors of future and output, the joiner's waker |
//! | (5), (8) the last handle goes | if the body is alive: one for a runnable, once; else the task is freed | the hook; the destructor of `H` |
//! | `JoinHandle` ready | none | none |
//!
//! A local hook that drops its runnable is asked twice where the last handle goes by a wake: for the wake, and once more
//! for the body that nobody can wake.
//!
#![doc = include_str!("shared/cells.md")]
//!
//! # Panics
//!
//! | a panic in | what holds after |
//! |---|---|
//! | the poll | the body is dropped, the task complete, the joiner told [`Panicked`](JoinError::Panicked); then it leaves `run` |
//! | the future's destructor, after `Ready` or a cancel | the same |
//! | the future's destructor or the joiner's waker, after a panic of the poll | the process aborts |
//! | the output's destructor | dropped by the run of a detached task: as in the poll; else the task is complete, its count right |
//! | the joiner's waker, woken | the task is complete; an output stays for the handle |
//! | the joiner's waker, cloned or dropped | it leaves the handle's poll or drop; the task runs on, and can be waited for again |
//! | the hook | what it did with the runnable holds; counts are right, later wakes work |
//! | the destructor of `H` | the memory is freed, the slot free again |
//! | 2⁵³ handles of a task (2²¹ on 32 bits, 2⁵ on 16) | the process aborts, as for `Arc` |
//!
//! # Tasks that are not `Send`
//!
//! [`Home::spawn`] keeps the body on one thread: polled and dropped through the [`Home`] alone, which cannot leave its
//! thread. Its wakers and runnables go anywhere. The last waker drops the header data, and never the body: one that its
//! home can no longer reach leaks, with its memory, and is not dropped elsewhere.
//!
//! # Where the ideas are from
//!
//! The split of header and body, the one word of flags and count, and `run` on a runnable are those of the task modules
//! of `tokio` and of `async-task`; rescheduling to drop a body is `async-task`'s; the count in the upper bits of the
//! state is common to both. That the scheduler's data is in the header and behind the waker is `maitake`'s and
//! `embassy`'s.

mod body;
mod cell;
mod header;
mod home;
mod join;
mod joiner;
pub(crate) mod memory;
mod place;
mod queue;
mod runnable;
mod slot;
mod spawn;
mod state;
mod task_ref;

pub use home::{Home, LocalRun, LocalRunnable, ScheduleLocal};
pub use join::{JoinError, JoinHandle};
pub use memory::TaskMemory;
pub use queue::{Linked, Queue, ScheduleLinked, Taker};
pub use runnable::{Run, Runnable, Schedule};
pub use slot::{Busy, TaskSlot};
pub use spawn::TaskFuture;
#[cfg(feature = "alloc")]
pub use spawn::{spawn, spawn_detached, spawn_unchecked, spawn_unchecked_in_place, spawn_unchecked_with, spawn_with};
pub use task_ref::TaskRef;
