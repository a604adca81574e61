//! Whether a task is on a list.

#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
use alloc::sync::Arc;
#[cfg(all(feature = "alloc", not(target_has_atomic = "ptr")))]
use portable_atomic_util::Arc;

use super::list::TaskList;

/// Whether a task with the header data `H` is on a [`TaskList`]: [`Unlisted`] or [`Listed`].
pub trait Member<H>: sealed::Member<H> {}

/// A task on no list.
#[derive(Debug, Clone, Copy)]
pub struct Unlisted;

/// A task on the list behind `R`.
#[derive(Debug, Clone, Copy)]
pub struct Listed<R>(pub(super) R);

/// A way to a [`TaskList`] that is the same list for ever: `&'static TaskList<H>`, or an `Arc` of one.
pub trait ListPointer<H: 'static>: sealed::ListPointer<H> {}

impl<H: 'static> ListPointer<H> for &'static TaskList<H> {}
#[cfg(feature = "alloc")]
impl<H: 'static> ListPointer<H> for Arc<TaskList<H>> {}

impl<H> Member<H> for Unlisted {}
impl<H: 'static, R: ListPointer<H>> Member<H> for Listed<R> {}

pub(super) mod sealed {
    use core::ptr::NonNull;
    use core::task::RawWakerVTable;

    use super::super::handle::WAKERS;
    use super::super::list::Node;
    use super::super::state::{ALONE, NEVER};
    #[cfg(feature = "alloc")]
    use super::Arc;
    use super::{Listed, TaskList, Unlisted};

    #[allow(unnameable_types, reason = "it seals the public trait")]
    pub trait Member<H>: 'static {
        /// The table's `only`.
        const ONLY: usize;
        /// What stands in the task.
        type Node;

        /// The table of the wakers of its polls, whose word is the task's own pointer.
        fn wakers() -> &'static RawWakerVTable;

        fn node(task: NonNull<()>) -> Self::Node;

        /// # Safety
        ///
        /// As for [`TaskList::enter`].
        unsafe fn enter(&self, node: *const Self::Node, task: NonNull<()>);

        /// # Safety
        ///
        /// As for [`TaskList::leave`].
        unsafe fn leave(&self, node: *const Self::Node);
    }

    impl<H> Member<H> for Unlisted {
        const ONLY: usize = ALONE;
        type Node = ();

        #[inline]
        fn wakers() -> &'static RawWakerVTable {
            &WAKERS
        }

        #[inline]
        fn node(_task: NonNull<()>) {}

        #[inline]
        unsafe fn enter(&self, _node: *const (), _task: NonNull<()>) {}

        #[inline]
        unsafe fn leave(&self, _node: *const ()) {}
    }

    impl<H: 'static, R: super::ListPointer<H>> Member<H> for Listed<R> {
        const ONLY: usize = NEVER;
        type Node = Node;

        #[inline]
        fn wakers() -> &'static RawWakerVTable {
            &WAKERS
        }

        fn node(task: NonNull<()>) -> Node {
            Node::new(Some(task.cast()))
        }

        unsafe fn enter(&self, node: *const Node, task: NonNull<()>) {
            // SAFETY: the caller's promise.
            unsafe { self.0.list().enter(node, task.cast()) }
        }

        unsafe fn leave(&self, node: *const Node) {
            // SAFETY: the caller's promise.
            unsafe { self.0.list().leave(node) }
        }
    }

    #[allow(unnameable_types, reason = "it seals the public trait")]
    pub trait ListPointer<H: 'static>: 'static {
        fn list(&self) -> &TaskList<H>;
    }

    impl<H: 'static> ListPointer<H> for &'static TaskList<H> {
        fn list(&self) -> &TaskList<H> {
            self
        }
    }

    #[cfg(feature = "alloc")]
    impl<H: 'static> ListPointer<H> for Arc<TaskList<H>> {
        fn list(&self) -> &TaskList<H> {
            self
        }
    }
}
