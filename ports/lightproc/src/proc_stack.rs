//! What a process carries: a number, a state, and what is called at the steps of its life.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::proc_state::{EmptyState, ProcState, State};

type Callback = Arc<dyn Fn(&ProcState) + Send + Sync>;

/// What a process carries, which all its handles and wakers reach.
pub struct ProcStack {
    /// A number to tell processes apart.
    pub pid: AtomicUsize,
    state: ProcState,
    before_start: Option<Callback>,
    after_complete: Option<Callback>,
    after_panic: Option<Callback>,
}

impl ProcStack {
    /// Sets the number.
    #[must_use]
    pub fn with_pid(mut self, pid: usize) -> Self {
        self.pid = AtomicUsize::new(pid);
        self
    }

    /// Sets the state.
    #[must_use]
    pub fn with_state<S: State>(mut self, state: S) -> Self {
        self.state = Arc::new(Mutex::new(state));
        self
    }

    /// Calls `callback` before each poll.
    #[must_use]
    pub fn with_before_start<C, S>(mut self, callback: C) -> Self
    where
        S: State,
        C: Fn(&mut S) + Send + Sync + 'static,
    {
        self.before_start = Some(with_state_of(callback));
        self
    }

    /// Calls `callback` when the process has finished.
    #[must_use]
    pub fn with_after_complete<C, S>(mut self, callback: C) -> Self
    where
        S: State,
        C: Fn(&mut S) + Send + Sync + 'static,
    {
        self.after_complete = Some(with_state_of(callback));
        self
    }

    /// Calls `callback` when a handle is told of a panic.
    #[must_use]
    pub fn with_after_panic<C, S>(mut self, callback: C) -> Self
    where
        S: State,
        C: Fn(&mut S) + Send + Sync + 'static,
    {
        self.after_panic = Some(with_state_of(callback));
        self
    }

    /// The number.
    pub fn get_pid(&self) -> usize {
        self.pid.load(Ordering::Acquire)
    }

    /// A copy of the state.
    ///
    /// # Panics
    ///
    /// If it is of another type.
    pub fn get_state<S: State + Copy>(&self) -> S {
        let mut copy = None;
        with_state(&self.state, |state: &mut S| copy = Some(*state));
        copy.expect("it was called")
    }

    /// Whether runs are told of.
    #[inline]
    pub(crate) fn is_watched(&self) -> bool {
        self.before_start.is_some() || self.after_complete.is_some()
    }

    pub(crate) fn before_start(&self) {
        self.call(self.before_start.as_ref());
    }

    pub(crate) fn after_complete(&self) {
        self.call(self.after_complete.as_ref());
    }

    pub(crate) fn after_panic(&self) {
        self.call(self.after_panic.as_ref());
    }

    fn call(&self, callback: Option<&Callback>) {
        if let Some(callback) = callback {
            callback(&self.state);
        }
    }
}

fn with_state_of<S: State>(callback: impl Fn(&mut S) + Send + Sync + 'static) -> Callback {
    Arc::new(move |state| with_state(state, &callback))
}

/// Calls `job` with the state, which must be an `S`.
fn with_state<S: State>(state: &ProcState, job: impl FnOnce(&mut S)) {
    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
    job((*state).as_any().downcast_mut().expect("a callback for the type of state that there is"));
}

impl Default for ProcStack {
    fn default() -> Self {
        let state: ProcState = Arc::new(Mutex::new(Box::new(EmptyState)));
        Self {
            pid: AtomicUsize::new(0xdead_beef),
            state,
            before_start: None,
            after_complete: None,
            after_panic: None,
        }
    }
}

impl Clone for ProcStack {
    fn clone(&self) -> Self {
        Self {
            pid: AtomicUsize::new(self.get_pid()),
            state: self.state.clone(),
            before_start: self.before_start.clone(),
            after_complete: self.after_complete.clone(),
            after_panic: self.after_panic.clone(),
        }
    }
}

impl fmt::Debug for ProcStack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProcStack")
            .field("pid", &self.get_pid())
            .field("before_start", &self.before_start.is_some())
            .field("after_complete", &self.after_complete.is_some())
            .field("after_panic", &self.after_panic.is_some())
            .finish_non_exhaustive()
    }
}
