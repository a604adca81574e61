//! What a hook may do with what it gets.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

use waker_tables::*;

use super::world::lock;

/// Drops what it gets, and is there afterwards.
struct Drops {
    calls: Arc<AtomicUsize>,
    gone: Arc<AtomicBool>,
}

impl Drops {
    fn look(&self) {
        assert!(!self.gone.load(Ordering::Relaxed), "the hook's `self` outlives its call");
        self.calls.fetch_add(1, Ordering::Relaxed);
    }
}

impl Schedule for Drops {
    fn schedule(&self, runnable: Runnable<Self>) {
        drop(runnable);
        self.look();
    }
}

impl Drop for Drops {
    fn drop(&mut self) {
        self.gone.store(true, Ordering::Relaxed);
    }
}

type Kept = Arc<Mutex<Option<Waker>>>;

/// Pending for ever; its waker is kept.
fn waits(kept: &Kept) -> impl Future<Output = ()> + Send + use<> {
    let kept = Arc::clone(kept);
    std::future::poll_fn(move |context| {
        *lock(&kept) = Some(context.waker().clone());
        Poll::Pending
    })
}

/// Each way to the hook, with the waker that is the last handle.
const WAYS: [fn(Waker); 4] = [
    Waker::wake,
    |waker| waker.wake_by_ref(),
    |waker| assert!(TaskRef::<Drops>::from_waker(&waker).expect("its own").cancel()),
    drop,
];

#[test]
fn a_hook_outlives_the_runnable_that_it_drops() {
    for way in WAYS {
        let (kept, calls, gone) = (Kept::default(), Arc::default(), Arc::default());
        let header = Drops { calls: Arc::clone(&calls), gone: Arc::clone(&gone) };
        assert!(matches!(spawn_detached(waits(&kept), header).run_once(), Run::Pending));
        let waker = lock(&kept).take().expect("it was polled");
        way(waker);
        assert_eq!(calls.load(Ordering::Relaxed), 1, "once");
        assert!(gone.load(Ordering::Relaxed), "with the last handle");
    }
}

#[test]
fn a_hook_outlives_the_runnable_that_was_scheduled_by_hand() {
    let (calls, gone) = (Arc::default(), Arc::default());
    let header = Drops { calls: Arc::clone(&calls), gone: Arc::clone(&gone) };
    spawn_detached(async {}, header).schedule();
    assert_eq!(calls.load(Ordering::Relaxed), 1);
    assert!(gone.load(Ordering::Relaxed));
}

/// Data without a destructor, beside which others would be allocated where its memory was free.
struct Plain(u64);

impl Schedule for Plain {
    fn schedule(&self, runnable: Runnable<Self>) {
        drop(runnable);
        let after: Vec<_> = (0..256).map(|at| vec![0xA5_u8; 8 * (at % 32 + 1)]).collect();
        assert_eq!(self.0, 7, "the hook's `self` outlives its call");
        drop(std::hint::black_box(after));
    }
}

#[test]
fn a_hook_without_a_destructor_outlives_the_runnable_that_it_drops() {
    spawn_detached(async {}, Plain(7)).schedule();
    for way in [Waker::wake, drop] {
        let kept = Kept::default();
        assert!(matches!(spawn_detached(waits(&kept), Plain(7)).run_once(), Run::Pending));
        let waker = lock(&kept).take().expect("it was polled");
        way(waker);
    }
}

/// A hook of the task's own, over header data of no size: what it captured is there as long.
#[test]
fn a_hook_of_the_tasks_own_outlives_the_runnable_that_it_drops() {
    for way in [Waker::wake, |waker: Waker| waker.wake_by_ref(), drop] {
        let (kept, calls, gone) = (Kept::default(), Arc::default(), Arc::default());
        let captured = Drops { calls: Arc::clone(&calls), gone: Arc::clone(&gone) };
        let (runnable, handle) = Task::new(waits(&kept), ())
            .hook(move |(): &(), runnable| {
                drop(runnable);
                captured.look();
            })
            .spawn();
        drop(handle);
        assert!(matches!(runnable.run_once(), Run::Pending));
        let waker = lock(&kept).take().expect("it was polled");
        way(waker);
        assert_eq!(calls.load(Ordering::Relaxed), 1, "once");
        assert!(gone.load(Ordering::Relaxed), "the hook goes with the header");
    }
}

/// A hook that runs the task at once: a task that wakes itself comes back by the answer alone, not by the hook again.
#[test]
fn a_hook_may_run_the_task_at_once() {
    struct Inline(Arc<AtomicUsize>);
    impl Schedule for Inline {
        fn schedule(&self, runnable: Runnable<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
            let mut run = runnable.run_once();
            while let Run::Woken(again) = run {
                run = again.run_once();
            }
        }
    }
    let calls = Arc::<AtomicUsize>::default();
    let mut polls = 0;
    let body = std::future::poll_fn(move |context| {
        polls += 1;
        context.waker().wake_by_ref();
        if polls == 5 { Poll::Ready(polls) } else { Poll::Pending }
    });
    let (runnable, handle) = spawn(body, Inline(Arc::clone(&calls)));
    runnable.schedule();
    assert_eq!(futures::executor::block_on(handle), Ok(5));
    assert_eq!(calls.load(Ordering::Relaxed), 1);
    assert_eq!(Arc::strong_count(&calls), 1);
}

/// A hook that makes a handle of each runnable, and runs it.
#[test]
fn a_hook_may_take_handles_of_its_task() {
    struct Keeps(Mutex<Vec<TaskRef<Self>>>);
    impl Schedule for Keeps {
        fn schedule(&self, runnable: Runnable<Self>) {
            lock(&self.0).push(runnable.task());
            drop(runnable.run_once());
        }
    }
    let kept = Kept::default();
    let (runnable, handle) = spawn(waits(&kept), Keeps(Mutex::default()));
    runnable.schedule();
    for _ in 0..2 {
        let waker = lock(&kept).take().expect("it was polled");
        waker.wake();
    }
    let tasks = std::mem::take(&mut *lock(&handle.header().0));
    assert!(tasks.len() == 3 && tasks.iter().all(|task| task.ptr_eq(&handle.task())));
    handle.cancel();
    let last = std::mem::take(&mut *lock(&handle.header().0));
    drop((tasks, last, lock(&kept).take()));
    assert_eq!(futures::executor::block_on(handle), Err(JoinError::Cancelled));
}

/// Header data of no size, whose existence stands for something.
struct Proof;

static PROVEN: AtomicBool = AtomicBool::new(true);

impl Schedule for Proof {
    fn schedule(&self, runnable: Runnable<Self>) {
        drop(runnable);
        assert!(PROVEN.load(Ordering::Relaxed), "the hook's `self` outlives its call");
    }
}

impl Drop for Proof {
    fn drop(&mut self) {
        PROVEN.store(false, Ordering::Relaxed);
    }
}

/// The same of a hook that is a closure.
fn hook_of(proof: Proof) -> impl Fn(&u8, Runnable<u8>) + Send + Sync {
    move |_, runnable| {
        let _proof = &proof;
        drop(runnable);
        assert!(PROVEN.load(Ordering::Relaxed), "the hook outlives its call");
    }
}

#[test]
fn what_has_no_size_outlives_the_hook_too() {
    for way in [Waker::wake, |waker| drop(waker)] {
        for hooked in [false, true] {
            PROVEN.store(true, Ordering::Relaxed);
            let kept = Kept::default();
            if hooked {
                let (runnable, handle) = Task::new(waits(&kept), 0_u8).hook(hook_of(Proof)).spawn();
                assert!(matches!(runnable.run_once(), Run::Pending));
                drop(handle);
            } else {
                assert!(matches!(spawn_detached(waits(&kept), Proof).run_once(), Run::Pending));
            }
            way(lock(&kept).take().expect("it waits"));
            assert!(!PROVEN.load(Ordering::Relaxed), "the last handle is gone");
        }
    }
    PROVEN.store(true, Ordering::Relaxed);
    spawn_detached(async {}, Proof).schedule();
    assert!(!PROVEN.load(Ordering::Relaxed), "dropped by the hook, and freed after it");
}
