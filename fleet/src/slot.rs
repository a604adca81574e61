//! What a task is connected to while it runs: who is told of its wakes, and where its result goes.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Waker;

use sqlx::PgPool;
use tokio::sync::Notify;
use waker_tables::waker_vtable;

/// What a task's wakers lead to.
#[derive(Debug, Default)]
pub struct Slot {
    woken: Notify,
    result: Mutex<Option<Result<Vec<u8>, String>>>,
}

waker_vtable! { static SLOT: Arc<Slot> => Slot::wake; }

impl Slot {
    fn wake(&self) {
        self.woken.notify_one();
    }

    /// Waits for a wake; one that has come already counts.
    pub async fn woken(&self) {
        self.woken.notified().await;
    }

    /// Takes the result, if there is one.
    pub fn take(&self) -> Option<Result<Vec<u8>, String>> {
        self.result.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// What a factory gets besides the bytes.
#[derive(Debug, Clone)]
pub struct Context {
    slot: Arc<Slot>,
    /// The task's waker.
    pub waker: Waker,
    /// The tree that paths may lead into.
    pub root: PathBuf,
    /// The database, for tasks that read other tasks' results.
    pub pool: PgPool,
}

impl Context {
    /// A context for one task, and its slot.
    #[must_use]
    pub fn new(root: PathBuf, pool: PgPool) -> (Self, Arc<Slot>) {
        let slot = Arc::new(Slot::default());
        (Self { waker: SLOT.waker(slot.clone()), slot: slot.clone(), root, pool }, slot)
    }

    /// Leaves the result, which counts once the task is ready.
    pub fn deliver(&self, result: Result<Vec<u8>, String>) {
        *self.slot.result.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
    }

    /// Whether there is a result.
    #[must_use]
    pub fn has_delivered(&self) -> bool {
        self.slot.result.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }
}
