//! What is known of a process, in the bits that the published crate has.

use waker_tables::TaskState;

pub(crate) const SCHEDULED: usize = 1;
pub(crate) const RUNNING: usize = 1 << 1;
pub(crate) const COMPLETED: usize = 1 << 2;
pub(crate) const CLOSED: usize = 1 << 3;
pub(crate) const HANDLE: usize = 1 << 4;
/// Never seen here, nor is the next one: who waits is the task's own.
pub(crate) const AWAITER: usize = 1 << 5;
pub(crate) const LOCKED: usize = 1 << 6;

/// What was known of a process at one moment.
#[derive(Debug)]
pub struct State(usize);

impl State {
    /// These bits.
    pub fn new(value: usize) -> Self {
        Self(value)
    }

    /// The state of a process with a handle, which may have given the output.
    pub(crate) fn of_joined(state: TaskState, given: bool) -> Self {
        let flags = [
            (SCHEDULED, state.is_scheduled()),
            (RUNNING, state.is_running()),
            (COMPLETED, state.is_complete() && !state.is_cancelled()),
            (CLOSED, state.is_cancelled() || given),
        ];
        Self(flags.iter().filter(|(_, is)| *is).fold(HANDLE, |bits, (flag, _)| bits | flag))
    }

    /// Whether it is to run.
    pub fn is_scheduled(&self) -> bool {
        self.0 & SCHEDULED != 0
    }

    /// Whether it runs.
    pub fn is_running(&self) -> bool {
        self.0 & RUNNING != 0
    }

    /// Whether it has finished.
    pub fn is_completed(&self) -> bool {
        self.0 & COMPLETED != 0
    }

    /// Whether it was cancelled, or its output was given.
    pub fn is_closed(&self) -> bool {
        self.0 & CLOSED != 0
    }

    /// Whether there is a handle that awaits it.
    pub fn is_handle(&self) -> bool {
        self.0 & HANDLE != 0
    }

    /// Whether somebody waits.
    pub fn is_awaiter(&self) -> bool {
        self.0 & AWAITER != 0
    }

    /// Whether somebody is about to wait.
    pub fn is_locked(&self) -> bool {
        self.0 & LOCKED != 0
    }

    /// Whether it has not finished.
    pub fn is_pending(&self) -> bool {
        self.0 & COMPLETED == 0
    }
}
