//! How a worker works.

use std::path::PathBuf;
use std::time::Duration;

use waker_tables::VTableRegistry;

use crate::slot::Context;

/// What a worker is told when it starts.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What can be built.
    pub registry: &'static VTableRegistry<Context>,
    /// Which keys; `*` stands for any text. All if there are none.
    pub keys: Vec<String>,
    /// How many jobs of one key at once.
    pub slots: usize,
    /// How long a lease lasts without a heartbeat.
    pub lease: Duration,
    /// How long one poll may take.
    pub poll_limit: Duration,
    /// The tree that paths may lead into.
    pub root: PathBuf,
}
