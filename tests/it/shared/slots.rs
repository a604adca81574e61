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

/// Nothing is made for a place that is not free.
#[test]
fn a_slot_is_claimed_before_anything_is_made() {
    for_both!(slot => {
        let (log, body, header) = new();
        assert!(slot.is_free());
        let claim = slot.claim().expect("it is free");
        assert!(!slot.is_free() && slot.claim().is_none());
        drop(claim);
        assert!(slot.is_free(), "nothing was made");
        let claim = slot.claim().expect("it is free again");
        let (runnable, handle) = Task::new(body, header).spawn_in(claim);
        assert!(!slot.is_free() && slot.claim().is_none());
        drop((runnable, handle));
        assert_eq!(log.events(), "bf");
        let (log, body, header) = new();
        let claim = slot.claim().expect("it is free again");
        drop(Task::new(body, header).detached().spawn_in(claim));
        assert_eq!(log.events(), "bf");
        assert!(slot.is_free());
    });
}

#[test]
fn a_pool_has_as_many_tasks_as_places() {
    static POOL: [TaskSlot<Header, Body>; 3] = [const { TaskSlot::new() }; 3];
    static BYTES: [TaskMemory<256, 16>; 3] = [const { TaskMemory::new() }; 3];
    macro_rules! both {
        ($pool:ident) => {{
            let logs = [(); 3].map(|()| {
                let (log, body, header) = new();
                let claim = $pool.iter().find_map(TaskPlace::claim).expect("a place is free");
                (log, Task::new(body, header).detached().spawn_in(claim))
            });
            assert!($pool.iter().find_map(TaskPlace::claim).is_none());
            let [first, (log, second), third] = logs;
            drop(second);
            assert_eq!(log.events(), "bf");
            let claim = $pool.iter().find_map(TaskPlace::claim).expect("one is free again");
            assert!($pool.iter().find_map(TaskPlace::claim).is_none());
            drop((claim, first, third));
            let claims = [
                $pool.iter().find_map(TaskPlace::claim),
                $pool.iter().find_map(TaskPlace::claim),
                $pool.iter().find_map(TaskPlace::claim),
            ];
            assert!(claims.iter().all(Option::is_some) && $pool.iter().find_map(TaskPlace::claim).is_none());
        }};
    }
    both!(POOL);
    both!(BYTES);
}

/// Memory that is somebody else's: it is as large as the task says, and given back once.
#[test]
fn a_task_in_memory_of_ones_own() {
    use std::alloc::Layout;
    use std::ptr::NonNull;
    use std::sync::atomic::{AtomicUsize, Ordering};

    static BACK: AtomicUsize = AtomicUsize::new(0);

    struct InVec;

    // SAFETY: the memory is a vector's.
    unsafe impl ReleaseTask for InVec {
        unsafe fn release(memory: NonNull<u8>, layout: Layout) {
            BACK.fetch_add(1, Ordering::Relaxed);
            // SAFETY: the memory was allocated below, with this layout.
            unsafe { std::alloc::dealloc(memory.as_ptr(), layout) }
        }
    }

    for panicked in [false, true] {
        BACK.store(0, Ordering::Relaxed);
        let (log, body, header) = new();
        let task = Task::init(header, || if panicked { panic!("told to") } else { body });
        let layout = task.layout();
        assert_eq!(layout, task_layout::<Body, Header, Anywhere, Joined>());
        // SAFETY: the layout has a size.
        let memory = NonNull::new(unsafe { std::alloc::alloc(layout) }).expect("memory");
        if panicked {
            // SAFETY: the types are those of a spawn; the memory has the layout, and is given up.
            panics(|| unsafe { task.spawn_unchecked_at::<InVec>(memory) });
            assert_eq!(log.events(), "bf");
        } else {
            // SAFETY: as above.
            let (runnable, handle) = unsafe { task.spawn_unchecked_at::<InVec>(memory) };
            drop(runnable);
            assert_eq!(BACK.load(Ordering::Relaxed), 0);
            drop(handle);
            assert_eq!(log.events(), "bf");
        }
        assert_eq!(BACK.load(Ordering::Relaxed), 1);
    }
}

#[test]
fn a_slot_is_busy_until_the_last_handle_is_gone() {
    for_both!(slot => {
        for last in 0..4 {
            let (log, body, header) = new();
            let (runnable, handle) = Task::new(body, header).spawn_in(slot.claim().expect("it is free"));
            let task = runnable.task();
            *lock(&log.ends) = Ends::Pending;
            assert!(matches!(runnable.run_once(), Run::Pending));
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
        let claim = slot.claim().expect("it is free");
        let runnable = Task::new(body, header).detached().spawn_in(claim);
        let waker = runnable.task().to_waker();
        *lock(&log.ends) = Ends::Ready;
        assert!(matches!(runnable.run_once(), Run::Complete));
        assert_eq!(log.events(), "pbo");
        let kept = waker.clone();
        forget(waker);
        kept.wake();
        assert!(slot.claim().is_none());
    });
}

#[test]
fn a_slot_is_used_again_and_again_from_any_thread() {
    static SLOT: TaskSlot<Header, Body> = TaskSlot::new();
    for _ in 0..if cfg!(miri) { 3 } else { 200 } {
        let (log, body, header) = new();
        *lock(&log.ends) = Ends::Ready;
        let (runnable, handle) = Task::new(body, header).spawn_in(SLOT.claim().expect("it is free"));
        let runner = std::thread::spawn(move || drop(runnable.run_once()));
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
        let threads: Vec<_> = (0..3)
            .map(|number| {
                scope.spawn(move || SLOT.claim().map(|claim| Task::new(ready(number), Number).spawn_in(claim)))
            })
            .collect();
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
        let claim = BLINK.claim().expect("it is free");
        let (runnable, handle) = Task::new(blink(log.clone()), Header(log.clone())).spawn_in(claim);
        let Run::Woken(runnable) = runnable.run_once() else { panic!("it yields") };
        assert!(matches!(runnable.run_once(), Run::Complete));
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
            drop(runnable.run_once());
        }
    }
    let claim = WIDE.claim().expect("it is free");
    let (runnable, handle) = Task::new(wide(Wide([9; 64])), Inline).spawn_in(claim);
    runnable.schedule();
    assert_eq!(futures::executor::block_on(handle), Ok(9));
}
