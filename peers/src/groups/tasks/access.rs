//! What a schedule function holds of its queue: nothing, or eight bytes.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::ops::Deref;
use std::sync::{Arc, Mutex};

use crossbeam_deque::Injector;

use super::behind::{Crate, Statics};
use super::queue::Queue;

/// A way to the queue of a crate's runnables.
pub(in crate::groups) trait Access<C: Crate>: Clone + Send + Sync + Sized + 'static {
    fn push(&self, runnable: C::Runnable<Self>);
    fn pop(&self) -> Option<C::Runnable<Self>>;
}

/// The queue of the thread: a `VecDeque` that nothing leads to.
#[derive(Debug, Clone)]
pub(in crate::groups) struct Local;

/// One of the thread's two queues, by its number.
#[derive(Debug, Clone)]
pub(in crate::groups) struct Numbered(pub(super) usize);

/// A `VecDeque` behind a mutex, in a static.
#[derive(Debug, Clone)]
pub(in crate::groups) struct Mutexed;

/// crossbeam's deque for many threads, in a static.
#[derive(Debug, Clone)]
pub(in crate::groups) struct Deque;

/// A queue that is reached by an `Arc` of it: [`MutexedBy`], [`DequeBy`].
pub(in crate::groups) struct Shared<Q>(Arc<Q>);

/// The queue behind a mutex, reached by an `Arc`. On lines of its own, as crossbeam's deque is and as the one in a static is:
/// else it depends on the allocator whether two threads that meet at it meet at something beside it, too.
#[repr(align(128))]
pub(in crate::groups) struct MutexedBy<C: Crate>(Mutex<VecDeque<C::Runnable<Shared<Self>>>>);

/// crossbeam's deque, reached by an `Arc`.
pub(in crate::groups) struct DequeBy<C: Crate>(Injector<C::Runnable<Shared<Self>>>);

impl<Q> Clone for Shared<Q> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<Q: Default> Shared<Q> {
    pub(super) fn new() -> Self {
        Self(Arc::default())
    }
}

impl<C: Crate> Default for MutexedBy<C> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<C: Crate> Default for DequeBy<C> {
    fn default() -> Self {
        Self(Injector::default())
    }
}

impl<C: Crate> Deref for MutexedBy<C> {
    type Target = Mutex<VecDeque<C::Runnable<Shared<Self>>>>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<C: Crate> Deref for DequeBy<C> {
    type Target = Injector<C::Runnable<Shared<Self>>>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<C: Crate, Q> Access<C> for Shared<Q>
where
    Q: Deref<Target: Queue<C::Runnable<Self>>> + Send + Sync + 'static,
{
    #[inline]
    fn push(&self, runnable: C::Runnable<Self>) {
        Queue::push(&**self.0, runnable);
    }

    #[inline]
    fn pop(&self) -> Option<C::Runnable<Self>> {
        Queue::pop(&**self.0)
    }
}

impl<C: Statics> Access<C> for Local {
    #[inline]
    fn push(&self, runnable: C::Runnable<Self>) {
        C::local().with(|queue: &RefCell<_>| Queue::push(queue, runnable));
    }

    #[inline]
    fn pop(&self) -> Option<C::Runnable<Self>> {
        C::local().with(Queue::pop)
    }
}

impl<C: Statics> Access<C> for Numbered {
    #[inline]
    fn push(&self, runnable: C::Runnable<Self>) {
        C::numbered().with(|queues| Queue::push(&queues[self.0], runnable));
    }

    #[inline]
    fn pop(&self) -> Option<C::Runnable<Self>> {
        C::numbered().with(|queues| Queue::pop(&queues[self.0]))
    }
}

impl<C: Statics> Access<C> for Mutexed {
    #[inline]
    fn push(&self, runnable: C::Runnable<Self>) {
        Queue::push(C::mutexed(), runnable);
    }

    #[inline]
    fn pop(&self) -> Option<C::Runnable<Self>> {
        Queue::pop(C::mutexed())
    }
}

impl<C: Statics> Access<C> for Deque {
    #[inline]
    fn push(&self, runnable: C::Runnable<Self>) {
        Queue::push(C::deque(), runnable);
    }

    #[inline]
    fn pop(&self) -> Option<C::Runnable<Self>> {
        Queue::pop(C::deque())
    }
}
