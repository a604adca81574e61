//! A crate's tasks behind each queue, in the one loop: what a crate has to say of itself for it.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::Future;
use std::marker::PhantomData;
use std::sync::Mutex;
use std::thread::LocalKey;

use crossbeam_deque::Injector;

use super::access::{Access, Deque, DequeBy, Local, Mutexed, MutexedBy, Numbered, Shared};
use super::hand::{Scheduler, round};
use super::{Kind, Operation};
use crate::harness::Case;
use crate::plan::Plan;
use crate::report::Side;

/// A crate whose tasks are scheduled by a function of the user's own. `A` is what that function holds.
pub(in crate::groups) trait Crate: Sized + 'static {
    /// What stands in a queue.
    type Runnable<A: Send + Sync + 'static>: Send + 'static;

    /// What waits for an output. Dropping it may cancel the task.
    type Join<T: Send + 'static, A: Send + Sync + 'static>: Future<Output = T>;

    /// Makes a task that is to be scheduled by `access.push(..)`. The first runnable is not pushed yet.
    fn spawn<F, A>(future: F, access: A) -> (Self::Runnable<A>, Self::Join<F::Output, A>)
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
        A: Access<Self>;

    /// The same for a task that nobody waits for.
    fn spawn_detached<F, A>(future: F, access: A) -> Self::Runnable<A>
    where
        F: Future<Output = ()> + Send + 'static,
        A: Access<Self>;

    /// Runs a task once. One that woke itself meanwhile is in the queue afterwards.
    fn run<A: Access<Self>>(runnable: Self::Runnable<A>, access: &A);
}

/// The thread's queue of the runnables whose schedule function holds `A`.
pub(in crate::groups) type ThreadQueue<C, A> = RefCell<VecDeque<<C as Crate>::Runnable<A>>>;

/// The queues that a schedule function finds in a static: [`statics!`] writes them.
pub(in crate::groups) trait Statics: Crate {
    fn local() -> &'static LocalKey<ThreadQueue<Self, Local>>;
    fn numbered() -> &'static LocalKey<[ThreadQueue<Self, Numbered>; 2]>;
    fn mutexed() -> &'static Mutex<VecDeque<Self::Runnable<Mutexed>>>;
    fn deque() -> &'static Injector<Self::Runnable<Deque>>;
}

/// The statics of a crate, for which a type stands.
macro_rules! statics {
    ($name:ident) => {
        impl $crate::groups::tasks::behind::Statics for $name {
            #[inline]
            fn local() -> &'static LocalKey<ThreadQueue<Self, Local>> {
                thread_local! {
                    static QUEUE: ThreadQueue<$name, Local> = const { RefCell::new(VecDeque::new()) };
                }
                &QUEUE
            }

            #[inline]
            fn numbered() -> &'static LocalKey<[ThreadQueue<Self, Numbered>; 2]> {
                thread_local! {
                    static QUEUES: [ThreadQueue<$name, Numbered>; 2] =
                        const { [const { RefCell::new(VecDeque::new()) }; 2] };
                }
                &QUEUES
            }

            #[inline]
            fn mutexed() -> &'static Mutex<VecDeque<Self::Runnable<Mutexed>>> {
                #[repr(align(128))]
                struct Apart(Mutex<VecDeque<<$name as Crate>::Runnable<Mutexed>>>);
                static QUEUE: Apart = Apart(Mutex::new(VecDeque::new()));
                &QUEUE.0
            }

            #[inline]
            fn deque() -> &'static Injector<Self::Runnable<Deque>> {
                static QUEUE: LazyLock<Injector<<$name as Crate>::Runnable<Deque>>> = LazyLock::new(Injector::new);
                &QUEUE
            }
        }
    };
}
pub(super) use statics;

/// Adds the two candidates of one queue to a case: the schedule function that holds nothing, and the one that holds
/// eight bytes.
pub(super) fn add<'a, C: Statics>(
    case: &mut Case<'a>,
    side: Side,
    [fixed, capturing]: [&'static str; 2],
    (operation, kind): (Operation, Kind),
    count: u64,
    plan: &'a Plan,
) {
    macro_rules! both {
        ($fixed:expr, $capturing:expr) => {{
            case.add(side, fixed, round(Behind::<C, _>::new($fixed), operation, count, plan));
            case.add(side, capturing, round(Behind::<C, _>::new($capturing), operation, count, plan));
        }};
    }
    match kind {
        Kind::Local => both!(Local, Numbered(1)),
        Kind::Mutexed => both!(Mutexed, Shared::<MutexedBy<C>>::new()),
        Kind::Deque => both!(Deque, Shared::<DequeBy<C>>::new()),
    }
}

/// A crate's tasks behind one queue.
struct Behind<C, A> {
    access: A,
    of: PhantomData<fn() -> C>,
}

impl<C, A> Behind<C, A> {
    fn new(access: A) -> Self {
        Self { access, of: PhantomData }
    }
}

impl<C: Crate, A: Access<C>> Scheduler for Behind<C, A> {
    type Join<T: Send + 'static> = C::Join<T, A>;

    #[inline]
    fn spawn<F>(&self, future: F) -> Self::Join<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let (runnable, join) = C::spawn(future, self.access.clone());
        self.access.push(runnable);
        join
    }

    #[inline]
    fn detach(&self, future: impl Future<Output = ()> + Send + 'static) {
        self.access.push(C::spawn_detached(future, self.access.clone()));
    }

    #[inline]
    fn run(&self) {
        while let Some(runnable) = self.access.pop() {
            C::run(runnable, &self.access);
        }
    }
}
