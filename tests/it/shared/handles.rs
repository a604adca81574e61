//! What handles tell and do, beside waking and joining.

use std::future::{pending, poll_fn, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, RawWaker, RawWakerVTable, Wake, Waker};
use std::thread;

use waker_tables::{AnyTask, CatchUnwind, Home, JoinError, Ran, Run, Task, TaskRef, WakerPointer as _};

#[test]
fn a_cancel_says_whether_it_was_the_one() {
    let (runnable, handle) = Task::new(pending::<()>(), ()).hook(|(), _| {}).spawn();
    let task = runnable.task();
    assert!(!task.is_cancelled());
    assert!(task.cancel());
    assert!(task.is_cancelled() && !task.is_complete());
    assert!(!task.cancel() && !handle.cancel());
    assert_eq!(runnable.run(), Ran::Complete);
    assert!(task.is_cancelled() && task.is_complete() && !task.cancel());

    let (runnable, handle) = Task::new(ready(1), ()).hook(|(), _| {}).spawn();
    runnable.run();
    assert!(!handle.cancel() && !handle.task().is_cancelled());
}

#[test]
fn a_local_task_that_was_abandoned_is_not_cancelled_anew() {
    static KEPT: std::sync::Mutex<Vec<TaskRef<()>>> = std::sync::Mutex::new(Vec::new());
    let home = Home::new();
    let (runnable, handle) = Task::new(pending::<()>(), ()).at(&home).hook(|(), _| {}).spawn();
    let task = handle.task();
    drop(runnable);
    assert!(task.is_cancelled() && !task.is_complete() && !task.cancel());
    // The hook dropped what that cancel gave it; the body leaks with its home, as documented.
    KEPT.lock().unwrap().push(task);
    drop(handle);
}

#[test]
fn a_state_is_that_of_its_moment() {
    let (runnable, mut handle) = Task::new(
        poll_fn(|context| {
            let state = TaskRef::<&str>::from_waker(context.waker()).expect("its own").state();
            assert!(state.is_running() && !state.is_scheduled() && !state.is_complete());
            context.waker().wake_by_ref();
            let state = TaskRef::<&str>::from_waker(context.waker()).expect("its own").state();
            assert!(!state.is_running() && state.is_scheduled());
            Poll::Ready(())
        }),
        "header",
    )
    .hook(|_, _| {})
    .spawn();
    let task = handle.task();
    let state = task.state();
    assert!(state.is_scheduled() && !state.is_running() && !state.is_complete() && !state.is_cancelled());
    assert_eq!(state.handles(), 3);
    assert!(matches!(runnable.run_once(), Run::Complete));
    assert!(state.is_scheduled(), "a plain value");
    let state = task.state();
    assert!(state.is_complete() && !state.is_scheduled() && !state.is_running());
    assert_eq!(state.handles(), 2);
    assert!(format!("{state:?}").contains("complete"));
    assert_eq!(handle.try_take(), Some(Ok(())));
}

#[test]
fn an_output_can_be_taken_without_waiting() {
    let (runnable, mut handle) = Task::new(ready(5), ()).hook(|(), _| {}).spawn();
    assert_eq!((handle.is_finished(), handle.try_take()), (false, None));
    runnable.run();
    assert!(handle.is_finished());
    assert_eq!(handle.try_take(), Some(Ok(5)));
    let again = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| handle.try_take()));
    assert!(again.is_err());

    let (runnable, mut handle) = Task::new(ready(5), ()).hook(|(), _| {}).spawn();
    drop(runnable);
    assert_eq!([handle.try_take(), handle.try_take()], [Some(Err(JoinError::Cancelled)); 2]);
}

#[test]
fn a_handle_forgets_and_finds_the_type_of_its_header() {
    let kept = Arc::new(std::sync::Mutex::new(None));
    let hook = {
        let kept = kept.clone();
        move |_: &u8, runnable| *kept.lock().unwrap() = Some(runnable)
    };
    let (runnable, handle) = Task::new(pending::<()>(), 7_u8).hook(hook).spawn();
    let before = handle.task().state().handles();
    let any: AnyTask = handle.task().into_any();
    assert!(any.type_name().contains("Pending"));
    let any = any.downcast::<u16>().expect_err("of another type");
    let task = any.clone().downcast::<u8>().expect("of this type");
    assert_eq!(*task.header(), 7);
    let waker = any.to_waker();
    assert!(waker.will_wake(&task.to_waker()));
    let found = AnyTask::any_from_waker(&waker).expect("a shared task's").downcast::<u8>().expect("of this type");
    assert!(found.ptr_eq(&task));
    let (other, _handle) = Task::new(pending::<()>(), 7_u8).hook(|_: &u8, _| ()).spawn();
    assert!(!other.task().ptr_eq(&task) && !other.task().into_any().ptr_eq(&any));
    assert!(AnyTask::any_from_waker(Waker::noop()).is_none());
    let word = any.clone().into_raw();
    assert_eq!(any.as_raw(), word);
    // SAFETY: the word is one's own, of this type.
    drop(unsafe { AnyTask::from_raw(word) });
    assert_eq!(runnable.run(), Ran::Pending);
    any.wake_by_ref();
    assert!(any.state().is_scheduled());
    assert!(any.cancel() && any.state().is_cancelled());
    drop((any, task, found, waker));
    assert_eq!(handle.task().state().handles(), before, "the runnable that the hook has, and the handles");
    drop(kept.lock().unwrap().take());
}

#[test]
fn the_payload_of_a_panic_reaches_the_joiner() {
    /// Panics when it is polled, and when it is dropped.
    struct Twice;
    impl Future for Twice {
        type Output = ();
        fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
            std::panic::panic_any("first")
        }
    }
    impl Drop for Twice {
        fn drop(&mut self) {
            std::panic::panic_any("second")
        }
    }
    let alive = Arc::new(());
    let held = alive.clone();
    let body = CatchUnwind::new(async move {
        let alive = held;
        assert_eq!(Arc::strong_count(&alive), 2);
        std::panic::panic_any(42_u8)
    });
    let (runnable, mut handle) = Task::new(body, ()).hook(|(), _| {}).spawn();
    assert_eq!(runnable.run(), Ran::Complete);
    assert_eq!(Arc::strong_count(&alive), 1, "the future was dropped where it panicked");
    let payload = handle.try_take().unwrap().unwrap().map(|(): ()| ()).unwrap_err();
    assert_eq!(payload.downcast_ref::<u8>(), Some(&42));

    let (runnable, mut handle) = Task::new(CatchUnwind::new(Twice), ()).hook(|(), _| {}).spawn();
    assert_eq!(runnable.run(), Ran::Complete);
    assert_eq!(handle.try_take().unwrap().unwrap().unwrap_err().downcast_ref::<&str>(), Some(&"first"));

    let (runnable, mut handle) = Task::new(CatchUnwind::new(ready(3)), ()).hook(|(), _| {}).spawn();
    runnable.run();
    assert_eq!(handle.try_take().unwrap().unwrap().unwrap(), 3);
}

#[test]
fn a_home_knows_its_thread() {
    let home = Home::new();
    let here = home.thread();
    assert!(here.is_current());
    assert_eq!(here, Home::new().thread());
    thread::scope(|scope| {
        scope.spawn(move || {
            assert!(!here.is_current());
            assert_ne!(here, Home::new().thread());
        });
    });
}

#[test]
fn a_panic_at_home_is_caught_there() {
    let home = Home::new();
    let body = async { std::panic::panic_any("on purpose") };
    let (runnable, mut handle) = Task::new(body, ()).at(&home).hook(|(), _| {}).spawn();
    let runnable = thread::scope(|scope| {
        scope.spawn(move || Home::new().run_catching(runnable).expect_err("it is at home elsewhere")).join().unwrap()
    });
    let payload = home.run_catching(runnable).expect("it is at home here").expect_err("it panics");
    assert_eq!(payload.downcast_ref::<&str>(), Some(&"on purpose"));
    assert_eq!(handle.try_take().map(|output: Result<(), _>| output), Some(Err(JoinError::Panicked)));
}

#[test]
fn a_run_hands_a_woken_task_to_its_hook() {
    let queue = Arc::new(std::sync::Mutex::new(Vec::new()));
    let hook = {
        let queue = queue.clone();
        move |(): &(), runnable| queue.lock().unwrap().push(runnable)
    };
    let mut polls = 0;
    let body = poll_fn(move |context| {
        polls += 1;
        context.waker().wake_by_ref();
        if polls == 3 { Poll::Ready(()) } else { Poll::Pending }
    });
    let runnable = Task::new(body, ()).hook(hook).detached().spawn();
    assert_eq!(runnable.run(), Ran::Woken);
    let next = || queue.lock().unwrap().pop().expect("the hook has it");
    assert_eq!(next().run(), Ran::Woken);
    assert_eq!(next().run(), Ran::Complete);
    assert!(queue.lock().unwrap().is_empty());
}

#[test]
fn the_waker_that_a_joiner_was_polled_with_last_is_woken() {
    struct Count(AtomicUsize);
    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    let counts = [0; 3].map(|none| Arc::new(Count(AtomicUsize::new(none))));
    let (runnable, mut handle) = Task::new(ready(5), ()).hook(|(), _| {}).spawn();
    for at in [0, 1, 2, 1] {
        let joiner = Waker::from(counts[at].clone());
        assert!(Pin::new(&mut handle).poll(&mut Context::from_waker(&joiner)).is_pending());
    }
    runnable.run();
    assert_eq!(counts.each_ref().map(|count| count.0.load(Ordering::Relaxed)), [0, 1, 0]);
    assert!(counts.iter().all(|count| Arc::strong_count(count) == 1), "a joiner's waker is left");
}

#[test]
fn a_joiner_that_waits_already_is_not_cloned_again() {
    static CLONES: AtomicUsize = AtomicUsize::new(0);
    static TABLE: RawWakerVTable = RawWakerVTable::new(
        |data| {
            CLONES.fetch_add(1, Ordering::Relaxed);
            RawWaker::new(data, &TABLE)
        },
        |_| (),
        |_| (),
        |_| (),
    );
    // SAFETY: the functions take any word.
    let joiner = unsafe { Waker::new(std::ptr::null(), &TABLE) };
    let (runnable, mut handle) = Task::new(ready(5), ()).hook(|(), _| {}).spawn();
    for _ in 0..3 {
        assert!(Pin::new(&mut handle).poll(&mut Context::from_waker(&joiner)).is_pending());
        assert_eq!(CLONES.load(Ordering::Relaxed), 1);
    }
    drop(runnable);
}
