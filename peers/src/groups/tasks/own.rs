//! This crate's rows: empty until it has tasks that are scheduled.
//!
//! When it has: a [`Scheduler`](super::hand::Scheduler) over its runnables, as `async_task.rs` has one over
//! async-task's, with the same queues. Header data without a size stand beside the schedule function that captures
//! nothing, eight bytes beside the one that captures.

use super::{Kind, Operation};
use crate::harness::Case;
use crate::plan::Plan;

/// Adds the candidates of one queue to a case.
pub(super) fn add(_case: &mut Case<'_>, _operation: Operation, _kind: Kind, _count: u64, _plan: &Plan) {}
