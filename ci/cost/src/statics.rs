//! The hot paths of static tasks.

use std::cell::Cell;
use std::hint::black_box;
use std::task::Waker;

use waker_tables::{Ran, Run, Runnable, Schedule, StaticTask};

use crate::shared::{Never, Steps};

thread_local! {
    static NEXT: Cell<Option<Runnable<Slot>>> = const { Cell::new(None) };
}

/// Header data of eight bytes, whose hook keeps the one runnable that there is.
pub struct Slot(usize);

impl Schedule for Slot {
    #[inline]
    fn schedule(&self, runnable: Runnable<Self>) {
        black_box(self.0);
        NEXT.set(Some(runnable));
    }
}

static TASK: StaticTask<Slot, Steps> = StaticTask::new(Slot(8));
static IDLE: StaticTask<Slot, usize> = StaticTask::new(Slot(8));

#[unsafe(no_mangle)]
pub fn cost_static_spawn(steps: u32) -> Runnable<Slot> {
    TASK.claim().expect("it is free").spawn(|| Steps(steps))
}

/// A task that wakes itself `steps` times, to its end.
pub fn finish(steps: u32) {
    let mut runnable = black_box(cost_static_spawn(steps));
    while let Run::Woken(again) = runnable.run_once() {
        runnable = black_box(again);
    }
}

/// Claims the idle task's place, once, and answers with its waker.
#[must_use]
pub fn idle() -> Waker {
    struct KeepsWaker<'a>(&'a Cell<Option<Waker>>);

    impl Future for KeepsWaker<'_> {
        type Output = ();

        fn poll(self: std::pin::Pin<&mut Self>, context: &mut std::task::Context<'_>) -> std::task::Poll<()> {
            self.0.set(Some(context.waker().clone()));
            std::task::Poll::Ready(())
        }
    }

    let kept: &'static Cell<Option<Waker>> = Box::leak(Box::default());
    // SAFETY: it is run at once.
    let runnable = unsafe { IDLE.claim().expect("it is free").spawn_unchecked(|| KeepsWaker(kept)) };
    assert_eq!(runnable.run(), Ran::Complete);
    assert_eq!(IDLE.claim().expect("it is over").spawn(|| Never).run(), Ran::Pending);
    kept.take().expect("it was polled")
}

/// Wakes the idle task and runs it.
pub fn wake_and_run(waker: &Waker) {
    waker.wake_by_ref();
    NEXT.take().expect("it was scheduled").run();
}
