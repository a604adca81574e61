//! Shared tasks: one allocation that is task, scheduler's data and waker.
//!
//! [`spawn`](fn@spawn) makes of a future and of the scheduler's own data a task that any thread wakes and one at a time
//! polls. The crate has the memory, the counts and the wiring; the queue, the threads and the policy are the hook's:
//! [`Schedule::schedule`].
//!
//! ```
//! use std::sync::mpsc;
//! use waker_tables::{Runnable, Schedule, TaskRef, spawn};
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
//!     runnables.recv().unwrap().run(); // hands it to its hook again if it was woken meanwhile
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
//! | [`AnyTask`] | 1 | the same, whatever the type of the header data |
//! | [`JoinHandle`] | 1 | get the output, or why there is none |
//! | [`StaticRef`] | 1 | wake who stands in a place, read its header; `Copy` |
//!
//! A [`StaticTask`] is a place in a `static` for one task after the other, whose header data stays: its wakers count
//! nothing, and old ones do not keep it.
//!
//! [`Task`] says before the spawn what else is wanted: nobody to join it, a home, a hook of its own, a [`TaskList`], memory
//! of one's own ([`TaskSlot`], [`TaskMemory`], or any with [`ReleaseTask`]). A run is [`Runnable::run`], which
//! hands a task that was woken meanwhile to its hook, or [`Runnable::run_once`], which gives it back.
//!
//! A task takes two words, the header data, two words for the joiner unless it is detached, one if it has a home, four if it
//! is on a list, and the larger of future and output (the future alone if it is detached). One allocation, or none in
//! memory of one's own. A wake, a clone, a poll, a join allocates nothing; [`Queue`] neither.
//!
//! The memory is the task's until its last handle is gone, also when the body has been gone for long: a waker that is kept
//! somewhere keeps the size of a large future. Box such a future, `Task::new(Box::pin(future), …)`, and its part goes when it
//! ends.
//!
//! With the feature `tracing` consoles show each task, with its polls and wakers: `docs/seeing.md`.
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
//!  │                      │   │      meanwhile: Woken     │ │ │      cancelled: Complete;
//!  │                      │   └───────────────────────────┘ │ │      nobody is left to
//!  │ (5) wake, cancel,    │                                 │ │      wake it: Lost
//!  │     or the last      │ (7) the runnable is dropped,    │ │
//!  │     handle goes      │     or runs cancelled           │ │
//!  │                      │                                 │ │
//!  │                      └─────────────────────────────────┼─► complete ────► freed
//!  │                                                        │           (8) the last
//!  │                                                        │               handle goes
//!  └───────────────────── idle ◄────────────────────────────┘
//!                                (4) pending: Pending
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
//! | (6), (7) | the poll's is given up by the change that publishes the end, and the run does not touch the task again | before: destructors of the future, and of an output that nobody will fetch; after: the joiner's waker |
//! | (5), (8) the last handle goes | if the body is alive: one for a runnable, once; else the task is freed | the hook; the destructor of `H` |
//! | `JoinHandle` ready | none | none |
//!
//! So who sees that a task is over, by [`JoinHandle`] or [`TaskRef::is_complete`], knows that its body is gone and that no run
//! of it is under way; the joiner's waker is all that may still be called. A [`TaskSlot`] whose handles are gone is free.
//!
//! A joiner that polls again with another waker, while the end takes the former one out of its slot, is told at once to poll
//! once more.
//!
//! [`Lost`](Ran::Lost) is said where a poll was pending and no handle at all was left: a future that answers `Pending` without
//! having kept its waker. It is not said of a task that is joined, keeps its own waker, or has one in a hook that is still
//! running: what goes later comes as one more runnable, which answers `Complete`.
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
//! | the poll | the body is dropped, the task complete, the joiner told [`Panicked`](JoinError::Panicked); then it leaves the run |
//! | the future's destructor, after `Ready` or a cancel | the same |
//! | the output's destructor, where nobody will fetch it | the task is complete, its count right; then it leaves the run |
//! | the output's destructor, in that of the handle | the task is complete, its count right |
//! | the joiner's waker, woken | the task is complete, and the run has given up its count; an output stays for the handle |
//! | the joiner's waker, cloned or dropped | it leaves the handle's poll or drop; the task runs on, and can be waited for again |
//! | the hook | what it did with the runnable holds, counts are right, later wakes work; it is not asked again on the way out: a body that it ran, and that nobody can wake, leaks |
//! | the destructor of `H` or of a hook | the other is dropped too, the memory is freed, the slot free again |
//! | making a future in place | header data and hook are dropped, the memory is free, nothing was spawned |
//! | the function that walks a list | the walk ends; the list is as it was |
//! | a subscriber of `tracing`, told of a spawn | as in the line of the future that is made in place |
//! | …, told of a poll or the end | as in the poll, or in the future's destructor |
//! | …, told of a waker | it is not cloned, woken, or dropped: its count leaks |
//! | 2⁵³ handles of a task (2²¹ on 32 bits, 2⁵ on 16) | the process aborts, as for `Arc` |
//!
//! Two of them in one call:
//!
//! | after a panic in | one in | the process |
//! |---|---|---|
//! | the poll | the future's destructor, or the joiner's waker | aborts |
//! | the poll | the destructor of `H`, where the run has the last handle | aborts |
//! | the future's destructor | the joiner's waker, or the destructor of `H` | aborts |
//! | the output's destructor | the destructor of `H` | aborts |
//! | the hook, anywhere | the future's destructor, or that of `H`, where its unwinding drops the runnable | aborts |
//! | the hook, at home | that of `H`, where its unwinding drops the last handle | aborts |
//! | the destructor of `H` | that of a hook's captured data | aborts |
//!
//! (A destructor that panics while the thread unwinds ends the process: that is the language's rule, and nothing is half
//! done by then.)
//!
//! # Tasks that are not `Send`
//!
//! [`Home::spawn`] keeps the body on one thread: polled and dropped through the [`Home`] alone, which cannot leave its
//! thread. Its wakers and runnables go anywhere. The last waker drops the header data, on whatever thread that is, and never
//! the body: one that its home can no longer reach leaks, with its memory, and is not dropped elsewhere. So nothing that is
//! bound to a thread belongs in the header. With a [`TaskList`] that is closed, and a queue that is run until the list is
//! empty, nothing of a home leaks.
//!
//! # Where the ideas are from
//!
//! The split of header and body, the one word of flags and count, and `run` on a runnable are those of the task modules
//! of `tokio` and of `async-task`; rescheduling to drop a body is `async-task`'s; the count in the upper bits of the
//! state is common to both. That the scheduler's data is in the header and behind the waker is `maitake`'s and
//! `embassy`'s. A list of an executor's tasks that ends them all is `tokio`'s.

mod body;
#[cfg(feature = "std")]
mod catch_unwind;
mod cell;
pub(crate) mod future_memory;
mod header;
mod home;
mod hook;
mod ids;
mod join;
mod joined;
mod joiner;
mod kind;
mod linked;
mod list;
mod member;
mod memory;
mod queue;
mod recovery;
mod runnable;
mod schedule;
pub(crate) mod slot;
mod source;
#[cfg(feature = "alloc")]
mod spawn;
mod state;
mod static_ref;
mod static_task;
mod taker;
mod task;
mod task_future;
mod task_place;
mod task_ref;
mod trace;
mod vtable;

#[cfg(feature = "std")]
pub use catch_unwind::CatchUnwind;
pub use future_memory::FutureMemory;
pub use header::Ran;
pub use home::Home;
#[cfg(feature = "std")]
pub use home::HomeThread;
pub use hook::{ByClosure, ByHeader, Hook};
pub use join::{JoinError, JoinHandle};
pub use joined::{Detached, Join, Joined};
pub use kind::{Anywhere, AtHome, Kind};
pub use linked::Linked;
pub use list::TaskList;
pub use member::{ListPointer, Listed, Member, Unlisted};
pub use memory::ReleaseTask;
pub use queue::Queue;
pub use runnable::{LocalRun, LocalRunnable, Run, Runnable};
pub use schedule::Schedule;
pub use slot::{Named, TaskMemory, TaskSlot};
pub use source::{Borrowing, Given, Made, Source};
#[cfg(feature = "alloc")]
pub use spawn::{spawn, spawn_detached};
pub use state::TaskState;
pub use static_ref::StaticRef;
pub use static_task::{StaticClaim, StaticTask};
pub use taker::{Batch, Taker};
pub use task::{SafeTask, Task, task_layout};
pub use task_future::TaskFuture;
pub use task_place::{Claim, TaskPlace};
pub use task_ref::{AnyTask, TaskRef};
