//! Wakers by themselves, and wakers of tasks and of sets of futures.

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use futures::Stream;
use waker_laws::waker::{self, WakerSubject};
use waker_laws::{Probe, Verdict};

use crate::{Subject, Unpromised, ours, reason};

/// A waker subject by its functions.
pub struct Made<T> {
    pub target: fn(Probe) -> T,
    pub waker: fn(&T) -> Waker,
    pub settle: fn(&T),
    pub merges: bool,
    pub unpromised: Unpromised,
}

impl<T> Clone for Made<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Made<T> {}

impl<T: 'static> WakerSubject for Made<T> {
    type Target = T;

    fn target(&self, probe: Probe) -> T {
        (self.target)(probe)
    }

    fn waker(&self, target: &T) -> Waker {
        (self.waker)(target)
    }

    fn settle(&self, target: &T) {
        (self.settle)(target);
    }

    fn merges(&self) -> bool {
        self.merges
    }

    fn unpromised(&self, law: &str) -> Option<&'static str> {
        reason(self.unpromised, law)
    }
}

impl<T: 'static> Made<T> {
    pub fn subject(self, name: &'static str, package: &'static str) -> Subject {
        let judge =
            move |law: &str, plan: &waker_laws::Plan| -> Option<Verdict> { waker::judge_law(self, law, plan) };
        Subject { name, package, judge: Box::new(judge), unpromised: self.unpromised }
    }
}

pub fn plain<T: 'static>(target: fn(Probe) -> T, waker: fn(&T) -> Waker, unpromised: Unpromised) -> Made<T> {
    Made { target, waker, settle: |_| (), merges: false, unpromised }
}

/// The future is its owner's, who drops it: wakers keep memory, not the future.
pub const OWNED: Unpromised = &[("W4", "the future ends with its owner, whatever wakers there are")];

pub fn subjects() -> Vec<Subject> {
    let mut subjects = vec![
        plain(|probe| Arc::new(Job(probe)), |job: &Arc<Job>| job.clone().into(), &[]).subject("std Wake", "std"),
        plain(|probe| Arc::new(Job(probe)), |job: &Arc<Job>| futures::task::waker(job.clone()), &[])
            .subject("futures-task waker", "futures-task"),
        plain(|probe| Arc::new(Job(probe)), |job: &Arc<Job>| futures::task::waker_ref(job).clone(), &[])
            .subject("futures-task waker_ref, cloned", "futures-task"),
        plain(|probe| Arc::new(cooked::Noted(probe)), cooked::waker, &[]).subject("cooked-waker", "cooked-waker"),
        plain(Arc::new, closure, &[("W8", "each call makes another closure, and another waker")])
            .subject("waker-fn", "waker-fn"),
        plain(|probe| Arc::new(Old(probe)), |job: &Arc<Old>| waker_tables_04::waker_from_arc(job.clone()), &[])
            .subject("waker_tables", "waker_tables 0.4"),
    ];
    subjects.extend(ours::by_table());
    subjects.extend([
        set(|future| -> Set { Box::pin([future].into_iter().collect::<futures::stream::FuturesUnordered<_>>()) })
            .subject("futures FuturesUnordered, child", "futures-util"),
        set(|future| -> Set { Box::pin([future].into_iter().collect::<futures_buffered::FuturesUnordered<_>>()) })
            .subject("futures-buffered FuturesUnordered, child", "futures-buffered"),
        set(|future| -> Set { Box::pin([future].into_iter().collect::<unicycle::FuturesUnordered<_>>()) })
            .subject("unicycle, child", "unicycle"),
        set(|future| -> Set {
            let mut group = futures_concurrency::future::FutureGroup::new();
            group.insert(future);
            Box::pin(group)
        })
        .subject("futures-concurrency FutureGroup, child", "futures-concurrency"),
    ]);
    subjects.extend(ours::of_sets());
    subjects.extend([
        queued::<async_task::Runnable>().subject("async-task, task", "async-task"),
        queued::<lightproc::prelude::LightProc>().subject("lightproc, task", "lightproc"),
        Made {
            target: |probe| {
                let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
                let kept = Kept::default();
                drop(runtime.spawn(noting(probe, kept.clone())));
                let target = (runtime, kept);
                turns(&target.0);
                target
            },
            waker: |(_, kept): &(tokio::runtime::Runtime, Kept)| waker_of(kept),
            settle: |(runtime, _)| turns(runtime),
            merges: true,
            unpromised: OWNED,
        }
        .subject("tokio current_thread, task", "tokio"),
        Made {
            target: |probe| {
                let executor: &'static async_executor::LocalExecutor<'static> =
                    Box::leak(Box::new(async_executor::LocalExecutor::new()));
                let kept = Kept::default();
                let task = executor.spawn(noting(probe, kept.clone()));
                while executor.try_tick() {}
                Ticked { executor, task: Some(task), kept }
            },
            waker: |target: &Ticked| waker_of(&target.kept),
            settle: |target| while target.executor.try_tick() {},
            merges: true,
            unpromised: OWNED,
        }
        .subject("async-executor, task", "async-executor"),
        Made {
            target: |probe| {
                let kept = Kept::default();
                let mut task = tokio_test::task::spawn(Box::pin(noting(probe, kept.clone())) as Boxed);
                assert!(task.poll().is_pending());
                (RefCell::new(task), kept)
            },
            waker: |(_, kept): &(RefCell<tokio_test::task::Spawn<Boxed>>, Kept)| waker_of(kept),
            settle: |(task, _)| {
                let mut task = task.borrow_mut();
                if task.is_woken() {
                    assert!(task.poll().is_pending());
                }
            },
            merges: true,
            unpromised: OWNED,
        }
        .subject("tokio-test, task", "tokio-test"),
    ]);
    subjects.extend(ours::of_tasks());
    subjects
}

/// A job whose wake is noted.
struct Job(Probe);

impl Wake for Job {
    fn wake(self: Arc<Self>) {
        self.0.woken();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.woken();
    }
}

impl futures::task::ArcWake for Job {
    fn wake_by_ref(job: &Arc<Self>) {
        job.0.woken();
    }
}

/// In a module of its own: the trait's method has the name of std's.
mod cooked {
    use std::sync::Arc;
    use std::task::Waker;

    use cooked_waker::{IntoWaker, Wake, WakeRef};
    use waker_laws::Probe;

    pub(super) struct Noted(pub(super) Probe);

    impl WakeRef for Noted {
        fn wake_by_ref(&self) {
            self.0.woken();
        }
    }

    impl Wake for Noted {}

    pub(super) fn waker(noted: &Arc<Noted>) -> Waker {
        noted.clone().into_waker()
    }
}

fn closure(probe: &Arc<Probe>) -> Waker {
    let probe = probe.clone();
    waker_fn::waker_fn(move || probe.woken())
}

struct Old(Probe);

impl Old {
    fn on_wake(self: Arc<Self>) {
        self.0.woken();
    }
}

waker_tables_04::derive_arc_unsafe_wakeable!(Old, on_wake);

/// The waker that a future was polled with.
pub type Kept = Arc<Mutex<Option<Waker>>>;

pub type Boxed = Pin<Box<dyn Future<Output = ()> + Send>>;

pub fn waker_of(kept: &Kept) -> Waker {
    kept.lock().expect("no panic under it").clone().expect("polled once")
}

/// Keeps the waker of its first poll outside, notes each later poll as a wake, and is never ready.
pub fn noting(probe: Probe, kept: Kept) -> impl Future<Output = ()> + Send + 'static {
    let mut first = true;
    poll_fn(move |cx: &mut Context<'_>| {
        if std::mem::replace(&mut first, false) {
            *kept.lock().expect("no panic under it") = Some(cx.waker().clone());
        } else {
            probe.woken();
        }
        Poll::Pending
    })
}

type Set = Pin<Box<dyn Stream<Item = ()>>>;

/// One future in a set; the waker is the one that the set polls it with.
fn set(make: fn(Boxed) -> Set) -> Made<(RefCell<Set>, Kept)> {
    // A function has no place for `make`, and each type of set is made by one function: its own.
    MAKERS.lock().expect("no panic under it").push(make);
    match MAKERS.lock().expect("no panic under it").len() {
        1 => set_of::<0>(),
        2 => set_of::<1>(),
        3 => set_of::<2>(),
        _ => set_of::<3>(),
    }
}

static MAKERS: Mutex<Vec<fn(Boxed) -> Set>> = Mutex::new(Vec::new());

fn set_of<const N: usize>() -> Made<(RefCell<Set>, Kept)> {
    Made {
        target: |probe| {
            let kept = Kept::default();
            let make = MAKERS.lock().expect("no panic under it")[N];
            let target = (RefCell::new(make(Box::pin(noting(probe, kept.clone())))), kept);
            poll_set(&target.0);
            target
        },
        waker: |(_, kept)| waker_of(kept),
        settle: |(set, _)| poll_set(set),
        merges: true,
        unpromised: OWNED,
    }
}

fn poll_set(set: &RefCell<Set>) {
    let pending = set.borrow_mut().as_mut().poll_next(&mut Context::from_waker(Waker::noop())).is_pending();
    assert!(pending, "nothing in it ends");
}

/// A task in a queue of the survey's, which cancels it and runs what is left at its end.
pub struct Queued<R: Runs> {
    handle: Option<Box<dyn std::any::Any>>,
    queue: Receiver<R>,
    kept: Kept,
}

impl<R: Runs> Drop for Queued<R> {
    fn drop(&mut self) {
        drop(self.handle.take());
        self.queue.try_iter().for_each(Runs::run_it);
    }
}

pub type Spawned<R> = (Receiver<R>, Box<dyn std::any::Any>);

pub trait Runs: Sized + 'static {
    fn spawn(future: Boxed) -> Spawned<Self>;
    fn run_it(self);
}

impl Runs for async_task::Runnable {
    fn spawn(future: Boxed) -> Spawned<Self> {
        let (sender, queue) = channel();
        let (runnable, task) = async_task::spawn(future, move |runnable| drop(sender.send(runnable)));
        runnable.schedule();
        (queue, Box::new(task))
    }

    fn run_it(self) {
        self.run();
    }
}

impl Runs for lightproc::prelude::LightProc {
    fn spawn(future: Boxed) -> Spawned<Self> {
        struct Cancel(lightproc::prelude::ProcHandle<()>);

        impl Drop for Cancel {
            fn drop(&mut self) {
                self.0.cancel();
            }
        }

        let (sender, queue) = channel();
        let sender = Mutex::new(sender);
        let schedule = move |process| drop(sender.lock().expect("no panic under it").send(process));
        let (process, handle) = Self::build(future, schedule, lightproc::prelude::ProcStack::default());
        process.schedule();
        (queue, Box::new(Cancel(handle)))
    }

    fn run_it(self) {
        self.run();
    }
}

pub fn queued<R: Runs>() -> Made<Queued<R>> {
    fn turn<R: Runs>(target: &Queued<R>) {
        target.queue.try_iter().for_each(Runs::run_it);
    }

    Made {
        target: |probe| {
            let kept = Kept::default();
            let (queue, handle) = R::spawn(Box::pin(noting(probe, kept.clone())));
            let target = Queued { handle: Some(handle), queue, kept };
            turn(&target);
            target
        },
        waker: |target| waker_of(&target.kept),
        settle: turn,
        merges: true,
        unpromised: OWNED,
    }
}

/// A task of an executor that is leaked; it is cancelled and runs its last at the target's end.
struct Ticked {
    executor: &'static async_executor::LocalExecutor<'static>,
    task: Option<async_executor::Task<()>>,
    kept: Kept,
}

impl Drop for Ticked {
    fn drop(&mut self) {
        drop(self.task.take());
        while self.executor.try_tick() {}
    }
}

fn turns(runtime: &tokio::runtime::Runtime) {
    runtime.block_on(async {
        for _ in 0..2 {
            tokio::task::yield_now().await;
        }
    });
}
