//! Whether a task is on a list.

use core::ops::Deref;
use core::ptr::NonNull;
use core::task::RawWakerVTable;

#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
use alloc::sync::Arc;
#[cfg(all(feature = "alloc", not(target_has_atomic = "ptr")))]
use portable_atomic_util::Arc;

use super::list::{Node, TaskList};
use super::state::{ALONE, NEVER};
use super::task_ref::WAKERS;

/// Whether a task with the header data `H` is on a [`TaskList`]: [`Unlisted`] or [`Listed`].
pub trait Member<H>: IsMember<H> {}

/// A task on no list.
#[derive(Debug, Clone, Copy)]
pub struct Unlisted;

/// A task on the list behind `R`.
#[derive(Debug, Clone, Copy)]
pub struct Listed<R>(pub(super) R);

/// A way to a [`TaskList`] that is the same list for ever: `&'static TaskList<H>`, or an `Arc` of one.
pub trait ListPointer<H: 'static>: IsListPointer<H> {}

impl<H, M: IsMember<H>> Member<H> for M {}
impl<H: 'static, R: IsListPointer<H>> ListPointer<H> for R {}

#[allow(unnameable_types, reason = "it seals the public trait")]
pub trait IsListPointer<H: 'static>: Deref<Target = TaskList<H>> + 'static {}

impl<H: 'static> IsListPointer<H> for &'static TaskList<H> {}
#[cfg(feature = "alloc")]
impl<H: 'static> IsListPointer<H> for Arc<TaskList<H>> {}

#[allow(unnameable_types, reason = "it seals the public trait")]
pub trait IsMember<H>: 'static {
    /// The table's `only`.
    const ONLY: usize;
    /// The table of the wakers of its polls, whose word is the task's own pointer.
    const WAKERS: &'static RawWakerVTable = WAKERS.raw();
    /// What stands in the task.
    type Node;

    fn node(task: NonNull<()>) -> Self::Node;

    /// # Safety
    ///
    /// As for [`TaskList::enter`].
    unsafe fn enter(&self, _node: *const Self::Node, _task: NonNull<()>) {}

    /// # Safety
    ///
    /// As for [`TaskList::leave`].
    unsafe fn leave(&self, _node: *const Self::Node) {}
}

impl<H> IsMember<H> for Unlisted {
    const ONLY: usize = ALONE;
    type Node = ();

    fn node(_task: NonNull<()>) {}
}

impl<H: 'static, R: ListPointer<H>> IsMember<H> for Listed<R> {
    const ONLY: usize = NEVER;
    type Node = Node;

    fn node(task: NonNull<()>) -> Node {
        Node::new(Some(task.cast()))
    }

    unsafe fn enter(&self, node: *const Node, task: NonNull<()>) {
        // SAFETY: the caller's promise.
        unsafe { self.0.enter(node, task.cast()) }
    }

    unsafe fn leave(&self, node: *const Node) {
        // SAFETY: the caller's promise.
        unsafe { self.0.leave(node) }
    }
}
