//! This crate's rows: empty until it has tasks that are scheduled.
//!
//! When it has: a type for which [`Crate`](super::behind::Crate) is implemented over its runnables, as `async_task.rs`
//! has one, and `statics!` of it; then [`behind::add`](super::behind::add) puts it behind the same queues in the same
//! loop. Header data without a size stand beside the schedule function that captures nothing, eight bytes beside the
//! one that captures. What has another loop or queue (a home, an intrusive queue) is a
//! [`Scheduler`](super::hand::Scheduler) of its own, beside the queue that it replaces.

use super::{Kind, Operation};
use crate::harness::Case;
use crate::plan::Plan;

/// Adds the candidates of one queue to a case.
pub(super) fn add(_case: &mut Case<'_>, _operation: Operation, _kind: Kind, _count: u64, _plan: &Plan) {}
