//! Tasks in memory of one's own.

use std::future::{Ready, ready};
use std::sync::Arc;

use waker_tables::*;

use super::world::*;

/// The two kinds of memory have the same methods.
macro_rules! for_both {
    ($slot:ident => $test:block) => {{
        static SLOT: TaskSlot<Header, Body> = TaskSlot::new();
        static MEMORY: TaskMemory<256, 16> = TaskMemory::new();
        {
            let $slot = &SLOT;
            $test
        }
        {
            let $slot = &MEMORY;
            $test
        }
    }};
}

fn new() -> (Arc<Log>, Body, Header) {
    let log = Log::new();
    (log.clone(), Body(log.clone()), Header(log))
}

#[test]
fn a_busy_slot_gives_both_values_back() {
    for_both!(slot => {
        let (log, body, header) = new();
        assert!(slot.is_free());
        let (runnable, handle) = slot.spawn(body, header).expect("it is free");
        assert!(!slot.is_free());
        let (second, body, header) = new();
        let busy = slot.spawn(body, header).expect_err("it is in use");
        let busy = slot.spawn_detached(busy.future, busy.header).expect_err("it still is");
        assert_eq!(second.events(), "", "nothing was dropped");
        drop((runnable, handle));
        assert_eq!(log.events(), "bf");
        let runnable = slot.spawn_detached(busy.future, busy.header).expect("it is free again");
        drop(runnable);
        assert_eq!(second.events(), "bf");
        assert!(slot.is_free());
    });
}

#[test]
fn a_slot_is_busy_until_the_last_handle_is_gone() {
    for_both!(slot => {
        for last in 0..4 {
            let (log, body, header) = new();
            let (runnable, handle) = slot.spawn(body, header).expect("it is free");
            let task = runnable.task();
            *lock(&log.ends) = Ends::Pending;
            assert!(matches!(runnable.run(), Run::Pending));
            task.wake_by_ref();
            *lock(&log.ends) = Ends::Ready;
            let runnable = log.pop().expect("woken");
            let mut handles: Vec<Box<dyn FnOnce()>> = vec![
                Box::new(|| drop(runnable)),
                Box::new(|| drop(handle)),
                Box::new(|| drop(task)),
                Box::new(|| drop(log.take_waker())),
            ];
            let last = handles.remove(last);
            for handle in handles {
                handle();
                assert!(!slot.is_free());
            }
            last();
            assert!(slot.is_free());
        }
    });
}

#[test]
fn a_forgotten_waker_keeps_the_slot_busy_and_nothing_dangles() {
    for_both!(slot => {
        let (log, body, header) = new();
        let runnable = slot.spawn_detached(body, header).expect("it is free");
        let waker = runnable.task().to_waker();
        *lock(&log.ends) = Ends::Ready;
        assert!(matches!(runnable.run(), Run::Complete));
        assert_eq!(log.events(), "pbo");
        let kept = waker.clone();
        forget(waker);
        kept.wake();
        let (_, body, header) = new();
        assert!(slot.spawn(body, header).is_err());
    });
}

#[test]
fn a_slot_is_used_again_and_again_from_any_thread() {
    static SLOT: TaskSlot<Header, Body> = TaskSlot::new();
    for _ in 0..if cfg!(miri) { 3 } else { 200 } {
        let (log, body, header) = new();
        *lock(&log.ends) = Ends::Ready;
        let (runnable, handle) = SLOT.spawn(body, header).expect("it is free");
        let runner = std::thread::spawn(move || drop(runnable.run()));
        drop(futures::executor::block_on(handle));
        runner.join().expect("no panic");
        assert!(SLOT.is_free());
        assert_eq!([log.count('p'), log.count('b'), log.count('o'), log.count('f')], [1; 4]);
    }
}

#[test]
fn one_of_many_gets_the_slot() {
    static SLOT: TaskSlot<Number, Ready<usize>> = TaskSlot::new();
    struct Number;
    impl Schedule for Number {
        fn schedule(&self, runnable: Runnable<Self>) {
            drop(runnable);
        }
    }
    let got: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..3).map(|number| scope.spawn(move || SLOT.spawn(ready(number), Number).ok())).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    assert_eq!(got.iter().flatten().count(), 1);
    drop(got);
    assert!(SLOT.is_free());
}

async fn blink(log: Arc<Log>) -> u32 {
    log.note('p');
    let mut yielded = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut yielded, true) {
            return std::task::Poll::Ready(());
        }
        context.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
    log.note('p');
    7
}

task_slot!(static BLINK: blink(Arc<Log>));

#[test]
fn an_async_function_lives_in_a_slot() {
    for _ in 0..2 {
        let log = Log::new();
        let (runnable, handle) = BLINK.spawn(blink(log.clone()), Header(log.clone())).expect("it is free");
        let Run::Woken(runnable) = runnable.run() else { panic!("it yields") };
        assert!(matches!(runnable.run(), Run::Complete));
        assert_eq!(futures::executor::block_on(handle), Ok(7));
        assert_eq!(log.events(), "ppf");
        assert!(BLINK.is_free());
    }
}

#[test]
fn a_slot_holds_what_is_aligned_more_than_a_word() {
    #[repr(align(64))]
    struct Wide([u8; 64]);
    async fn wide(wide: Wide) -> usize {
        ready(()).await;
        (&raw const wide).addr() % 64 + usize::from(wide.0[63])
    }
    task_slot!(static WIDE: wide(Wide));
    struct Inline;
    impl Schedule for Inline {
        fn schedule(&self, runnable: Runnable<Self>) {
            drop(runnable.run());
        }
    }
    let (runnable, handle) = WIDE.spawn(wide(Wide([9; 64])), Inline).expect("it is free");
    runnable.schedule();
    assert_eq!(futures::executor::block_on(handle), Ok(9));
}
