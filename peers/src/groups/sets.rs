//! Sets of futures: many children inside one future, each polled when it was woken.
//!
//! Who is compared is whole: a place for the children, wakers, and the list of those that were woken. This crate has the
//! last two; what stands around them is in [`own`], without `unsafe`, once with the children in a `Vec` (which only takes
//! those that may move) and once with each in a box.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use super::tasks::hand::{BELLS, beside_ringer};
use super::tasks::work::Bell;
use crate::alloc::counted;
use crate::harness::{Case, Round, timed};
use crate::plan::Plan;
use crate::progress::Progress;
use crate::report::{GroupReport, Side};

mod join_set;
mod own;
mod published;

use own::{Boxed, InPlace};
use published::{Buffered, Group, Unicycle, Unordered};

/// Does something with a function of each set.
macro_rules! every {
    (|$side:ident, $name:ident, $value:ident| $do:expr, $function:ident::<$future:ty> $arguments:tt) => {
        every!(@ $side $name $value $do, $function $future, $arguments, InPlace Boxed Unordered Buffered Unicycle Group);
    };
    (@ $side:ident $name:ident $value:ident $do:expr, $function:ident $future:ty, $arguments:tt, $($set:ident)+) => {$({
        let ($side, $name) = (<$set<$future> as Set<$future>>::SIDE, <$set<$future> as Set<$future>>::NAME);
        let $value = $function::<$set<$future>> $arguments;
        $do;
    })+};
}

/// A set of futures.
trait Set<F: Future>: 'static {
    const NAME: &'static str;
    const SIDE: Side = Side::Peer;

    /// An empty set, to which so many futures will be pushed.
    fn with(capacity: usize) -> Self;
    fn push(&mut self, future: F);
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<F::Output>>;
}

/// What the children of a set share with who wakes them.
struct Court {
    wakers: Box<[RefCell<Option<Waker>>]>,
    polls: Cell<u64>,
    over: Cell<bool>,
}

impl Court {
    fn leaked(places: usize) -> &'static Self {
        let wakers = (0..places).map(|_| RefCell::default()).collect();
        Box::leak(Box::new(Self { wakers, polls: Cell::new(0), over: Cell::new(false) }))
    }

    fn wake(&self, place: usize) {
        if let Some(waker) = &*self.wakers[place].borrow() {
            waker.wake_by_ref();
        }
    }
}

/// Leaves its waker, and is ready once its shared says that all are.
struct Child {
    shared: &'static Court,
    place: usize,
}

impl Future for Child {
    type Output = u64;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<u64> {
        let Self { shared, place } = *self;
        shared.polls.set(shared.polls.get() + 1);
        let mut waker = shared.wakers[place].borrow_mut();
        if shared.over.get() {
            *waker = None;
            return Poll::Ready(1);
        }
        if waker.is_none() {
            *waker = Some(context.waker().clone());
        }
        Poll::Pending
    }
}

/// The parent of a set, with a count, as the tasks of most executors.
struct Parent(AtomicU64);

impl Wake for Parent {
    fn wake(self: Arc<Self>) {
        self.0.store(1, Ordering::Relaxed);
    }
}

fn parent() -> Waker {
    Waker::from(Arc::new(Parent(AtomicU64::new(0))))
}

/// A set whose children were all polled, and wait.
fn waiting<S: Set<Child>>(shared: &'static Court, parent: &Waker) -> S {
    let count = shared.wakers.len();
    let mut set = S::with(count);
    let before = shared.polls.get();
    for place in 0..count {
        set.push(Child { shared, place });
    }
    while shared.polls.get() - before < count as u64 {
        assert!(set.poll(&mut Context::from_waker(parent)).is_pending(), "children wait");
    }
    set
}

/// Some of many children are woken, and the set is polled until they were.
fn steady<S: Set<Child>>(count: usize, woken: usize) -> Round<'static> {
    let (shared, parent) = (Court::leaked(count), parent());
    let mut set: S = waiting(shared, &parent);
    let mut first = 0;
    timed(move || {
        let before = shared.polls.get();
        for at in 0..woken {
            shared.wake((first + at * (count / woken)) % count);
        }
        first += 1; // Others the next time.
        while shared.polls.get() - before < woken as u64 {
            assert!(set.poll(&mut Context::from_waker(&parent)).is_pending(), "children wait");
        }
        woken as u64 // A set may have polled others too: its own loss.
    })
}

/// A set is made and filled; its children are polled, woken, and polled to their end; and it is dropped.
fn life<S: Set<Child>>(count: usize) -> Round<'static> {
    let (shared, parent) = (Court::leaked(count), parent());
    timed(move || {
        let mut set: S = waiting(shared, &parent);
        shared.over.set(true);
        (0..count).for_each(|place| shared.wake(place));
        let mut sum = 0;
        while sum < count as u64 {
            if let Poll::Ready(Some(one)) = set.poll(&mut Context::from_waker(&parent)) {
                sum += one;
            }
        }
        shared.over.set(false);
        sum
    })
}

type AnyFuture = Pin<Box<dyn Future<Output = u64>>>;

/// Another thread wakes children in turn, while this one polls the set.
fn remote<S: Set<AnyFuture>>(count: u64, plan: &Plan) -> Round<'_> {
    Box::new(move |passes| {
        let bells: Arc<[Bell]> = (0..BELLS).map(|_| Bell::default()).collect();
        let ringing = bells.clone();
        let mut set = S::with(bells.len());
        for at in 0..bells.len() {
            let bells = bells.clone();
            set.push(Box::pin(async move { bells[at].wait(passes * count / BELLS).await }));
        }
        let parent = parent();
        beside_ringer(&ringing, plan, || {
            let (mut sum, mut spins) = (0, 0_u32);
            loop {
                match set.poll(&mut Context::from_waker(&parent)) {
                    Poll::Ready(Some(number)) => sum += number,
                    Poll::Ready(None) => return sum,
                    Poll::Pending => {}
                }
                spins += 1;
                if spins.is_multiple_of(4096) { std::thread::yield_now() } else { std::hint::spin_loop() }
            }
        })
    })
}

/// Bytes and allocations for each of a thousand children that wait, of which the child itself has 16 bytes.
fn memory<S: Set<Child>>(count: usize) -> [f64; 2] {
    let (shared, parent) = (Court::leaked(count), parent());
    drop(waiting::<S>(shared, &parent)); // What is made once and kept is not the set's.
    shared.wakers.iter().for_each(|waker| *waker.borrow_mut() = None);
    let (set, found) = counted(|| waiting::<S>(shared, &parent));
    drop(set);
    [found.requested, found.allocations].map(|all| all as f64 / count as f64)
}

/// Runs the group.
pub(super) fn fill(plan: &Plan, progress: &mut Progress, report: &mut GroupReport) {
    let large = plan.scaled(100_000);
    for (count, woken) in [(16, 4), (1_000, 16), (large, 16)] {
        let mut case = Case::new(format!("steady, {woken} of {count}"), "sets", "ns", woken as u64);
        every!(|side, name, round| case.add(side, name, round), steady::<Child>(count, woken));
        case.add(Side::Context, join_set::NAME, join_set::steady(count, woken));
        case.reference(<Unordered<Child> as Set<Child>>::NAME);
        report.cases.push(case.measure(plan, progress));
    }
    for count in [16, 1_000, large] {
        let mut case = Case::new(format!("life, {count}"), "sets", "ns", count as u64);
        every!(|side, name, round| case.add(side, name, round), life::<Child>(count));
        case.add(Side::Context, join_set::NAME, join_set::life(count));
        case.reference(<Unordered<Child> as Set<Child>>::NAME);
        report.cases.push(case.measure(plan, progress));
    }
    let mut case = Case::new("wake from another thread", "sets", "ns", 1_024);
    every!(|side, name, round| case.add(side, name, round), remote::<AnyFuture>(1_024, plan));
    case.reference(<Unordered<AnyFuture> as Set<AnyFuture>>::NAME);
    report.cases.push(case.measure(plan, progress));

    let mut rows = Vec::new();
    every!(|side, name, found| rows.push((name, side, found)), memory::<Child>(1_000));
    for (at, (name, unit)) in [("memory", "bytes"), ("memory, allocations", "pieces")].into_iter().enumerate() {
        let values: Vec<_> = rows.iter().map(|&(name, side, found)| (name, side, found[at])).collect();
        report.cases.push(Case::exact(name, "sets", unit, <Unordered<Child> as Set<Child>>::NAME, &values));
    }
    report.notes.push(
        "A child is 16 bytes; memory is that of a set of 1 000, by child, with what was allocated on the way: a set that \
         grows counts what it left. FuturesUnorderedBounded and FutureGroup are told their size. JoinSet's children are \
         tasks of its runtime, each polled by that."
            .to_owned(),
    );
}
