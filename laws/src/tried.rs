//! What a check is trying: for the report of a break, and of a hang or a panic in the middle of it.

use std::cell::RefCell;
use std::fmt::Display;
use std::mem::take;
use std::sync::{Arc, Mutex, PoisonError};

/// The steps of a check, seen from other threads too.
#[derive(Clone, Default)]
pub(crate) struct Steps(Arc<Mutex<Vec<String>>>);

thread_local! {
    /// Those of the check that this thread makes.
    static NOW: RefCell<Steps> = RefCell::default();
}

impl Steps {
    /// This thread's check is the one whose steps these are.
    pub(crate) fn enter(&self) {
        NOW.set(self.clone());
    }

    /// What is being tried.
    pub(crate) fn take(&self) -> Vec<String> {
        take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// From here on this thread's check tries these steps.
pub(crate) fn trying<S: Display>(steps: impl IntoIterator<Item = S>) {
    let steps = steps.into_iter().map(|step| step.to_string()).collect();
    NOW.with_borrow(|now| *now.0.lock().unwrap_or_else(PoisonError::into_inner) = steps);
}

/// What this thread's check is trying.
pub(crate) fn tried() -> Vec<String> {
    NOW.with_borrow(Steps::take)
}
