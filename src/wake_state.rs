//! The state of a task for its scheduler, in one atomic word.

use core::fmt;

use crate::sync::{AtomicUsize, Ordering, const_fn};

/// A wake has been asked for and not yet begun; whoever set it put the task into a queue.
const SCHEDULED: usize = 1;
/// A poll is under way.
const RUNNING: usize = 2;
/// The task is over, for good.
const COMPLETE: usize = 4;

/// Whether a task is scheduled, running or complete. With it a task stands in a queue at most once, and no wake is
/// lost.
///
/// One word, no allocation; every call is one atomic read-modify-write ([`is_complete`](Self::is_complete) a load). On
/// x86-64 [`start`](Self::start) is one locked instruction, the others a loop around one, since `or` does not give back
/// the old word there. It knows neither queue nor task: what a call returns tells the caller what to do. Nothing else
/// in this crate needs it. Targets without compare-and-swap have it with the feature `portable-atomic` alone.
///
/// ```text
///              wake: Schedule                  start: Run
///        ┌───────────────────────► scheduled ───────────────┐
///        │                          │   ▲ wake:              │
///        │                          └───┘ AlreadyScheduled   ▼
///   new ─► idle ◄───────────────────────────────────────── running ◄┐
///        │          pause: Idle                              │   │  │ start: Run
///        │                                 wake: WhileRunning│   │  │
///        │                                                   ▼   │  │
///        │                              running and scheduled ───┼──┤
///        │                                  │   pause: Again     │  │
///        │                                  │  (push it again)   └──┴─► scheduled
///        ▼                                  ▼                    complete (from any state)
///     complete ◄─────────────────────────────────────────────────┘
/// ```
///
/// - [`wake`](Self::wake), from anywhere: push the task if it returns [`Woke::Schedule`].
/// - [`start`](Self::start), by the one who took the task from the queue: poll it if it returns [`Start::Run`].
/// - [`pause`](Self::pause), after a poll that was `Pending`: push it again if it returns [`Pause::Again`].
/// - [`complete`](Self::complete), after `Ready` or to cancel: no later call asks for a push or a poll.
///
/// So at most one push stands in a queue per task, at most one poll runs, and a wake that comes during a poll leads
/// to another poll. What a waker wrote before `wake` is seen by the poll that follows it.
///
/// # Examples
///
/// ```
/// use waker_tables::{Pause, Start, WakeState, Woke};
///
/// let state = WakeState::new();
/// assert_eq!(state.wake(), Woke::Schedule); // push
/// assert_eq!(state.wake(), Woke::AlreadyScheduled);
///
/// assert_eq!(state.start(), Start::Run); // popped: poll
/// assert_eq!(state.wake(), Woke::WhileRunning); // woken by somebody meanwhile
/// assert_eq!(state.pause(), Pause::Again); // the poll was `Pending`: push
///
/// assert_eq!(state.start(), Start::Run);
/// let _ = state.complete(); // the poll was `Ready`
/// assert_eq!(state.wake(), Woke::Complete);
/// ```
pub struct WakeState(AtomicUsize);

/// What [`WakeState::wake`] asks of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[must_use = "`Schedule` asks the caller to push the task"]
pub enum Woke {
    /// Push the task into the queue: this call is the one to do it.
    Schedule,
    /// Nothing: it is in the queue, or about to be pushed by another caller.
    AlreadyScheduled,
    /// Nothing: it is being polled, and whoever polls will push it again.
    WhileRunning,
    /// Nothing: it is over.
    Complete,
}

/// What [`WakeState::start`] asks of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[must_use = "`Run` alone allows a poll"]
pub enum Start {
    /// Poll the task, then call [`pause`](WakeState::pause) or [`complete`](WakeState::complete).
    Run,
    /// Do not poll: another poll is under way. The task was taken from a queue that it should not have been in.
    Running,
    /// Do not poll: nobody scheduled it. The task was taken from a queue that it should not have been in.
    NotScheduled,
    /// Do not poll: it is over.
    Complete,
}

/// What [`WakeState::pause`] asks of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[must_use = "`Again` asks the caller to push the task"]
pub enum Pause {
    /// Nothing: the next wake pushes it.
    Idle,
    /// Push the task into the queue: it was woken during the poll.
    Again,
    /// Nothing: it was completed during the poll.
    Complete,
    /// Nothing: no poll was under way, and nothing has changed.
    NotRunning,
}

/// What [`WakeState::complete`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[must_use = "who cancels has to know whether a poll is under way"]
pub enum Completed {
    /// The task is over by this call, and no poll is under way.
    Idle,
    /// The task is over by this call; a poll was under way, this caller's own or another's.
    WhileRunning,
    /// It was over before.
    Already,
}

impl WakeState {
    const_fn! {
        /// An idle task.
        #[must_use]
        pub fn new() -> Self {
            Self(AtomicUsize::new(0))
        }
    }

    /// Asks for a poll, from any thread.
    pub fn wake(&self) -> Woke {
        // Release also where nothing changes: the poll to come must see what this caller wrote.
        let before = self.0.fetch_or(SCHEDULED, Ordering::AcqRel);
        if before & COMPLETE != 0 {
            Woke::Complete
        } else if before & SCHEDULED != 0 {
            Woke::AlreadyScheduled
        } else if before & RUNNING != 0 {
            Woke::WhileRunning
        } else {
            Woke::Schedule
        }
    }

    /// Begins a poll, by the one who took the task from the queue. The wake that put it there is used up *before*
    /// the poll, so that one which comes during the poll is not lost.
    pub fn start(&self) -> Start {
        match self.0.compare_exchange(SCHEDULED, RUNNING, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => Start::Run,
            Err(state) if state & COMPLETE != 0 => Start::Complete,
            Err(state) if state & RUNNING != 0 => Start::Running,
            Err(_) => Start::NotScheduled,
        }
    }

    /// Ends a poll that was `Pending`, by the one who polled.
    pub fn pause(&self) -> Pause {
        let before = self.0.fetch_and(!RUNNING, Ordering::AcqRel);
        if before & COMPLETE != 0 {
            Pause::Complete
        } else if before & RUNNING == 0 {
            Pause::NotRunning
        } else if before & SCHEDULED != 0 {
            Pause::Again
        } else {
            Pause::Idle
        }
    }

    /// Ends the task, after a poll that was `Ready` or, to cancel it, at any time. A cancelled task may still be in
    /// a queue or in a poll; [`start`](Self::start) and [`pause`](Self::pause) return `Complete` then.
    pub fn complete(&self) -> Completed {
        let before = self.0.fetch_or(COMPLETE, Ordering::AcqRel);
        if before & COMPLETE != 0 {
            Completed::Already
        } else if before & RUNNING != 0 {
            Completed::WhileRunning
        } else {
            Completed::Idle
        }
    }

    /// Whether the task is over.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.0.load(Ordering::Acquire) & COMPLETE != 0
    }
}

impl Default for WakeState {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for WakeState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.0.load(Ordering::Relaxed);
        f.debug_struct("WakeState")
            .field("scheduled", &(state & SCHEDULED != 0))
            .field("running", &(state & RUNNING != 0))
            .field("complete", &(state & COMPLETE != 0))
            .finish()
    }
}
