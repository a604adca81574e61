//! Each hook and each destructor runs as often as it should, on every path of every owner, with panics in each.

use std::cell::Cell;
use std::marker::PhantomPinned;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;
use std::rc::Rc;
use std::task::Poll;

use waker_tables::{LocalOwnedTask, Release, TaskVTable, UnsafeWakeableTask, WakeableTask};

/// How often each function of a task ran; a second destructor, close or release panics.
#[derive(Default, Debug)]
pub struct Log {
    polls: Cell<u32>,
    wakes: Cell<u32>,
    closes: Cell<u32>,
    drops: Cell<u32>,
    releases: Cell<u32>,
}

impl Log {
    fn counts(&self) -> [u32; 5] {
        [&self.polls, &self.wakes, &self.closes, &self.drops, &self.releases].map(Cell::get)
    }
}

fn count(cell: &Cell<u32>) {
    cell.set(cell.get() + 1);
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum PanicsIn {
    Nothing,
    Poll,
    Wake,
    Close,
    Drop,
    CloseAndDrop,
}

#[derive(Debug)]
struct Probe {
    log: Rc<Log>,
    panics_in: PanicsIn,
    _pinned: PhantomPinned,
}

impl Probe {
    fn at(&self, place: PanicsIn) {
        assert!(self.panics_in != place, "{place:?}");
    }
}

impl WakeableTask for Probe {
    fn poll(&mut self) -> Poll<()> {
        count(&self.log.polls);
        self.at(PanicsIn::Poll);
        Poll::Pending
    }

    fn wake(&self) {
        count(&self.log.wakes);
        self.at(PanicsIn::Wake);
    }

    fn close(&mut self) {
        count(&self.log.closes);
        self.at(PanicsIn::Close);
        self.at(PanicsIn::CloseAndDrop);
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        count(&self.log.drops);
        self.at(PanicsIn::Drop);
        assert!(self.panics_in != PanicsIn::CloseAndDrop || std::thread::panicking(), "both");
    }
}

/// The same task, by the `unsafe` trait.
#[derive(Debug)]
struct UnsafeProbe(Probe);

// SAFETY: safe functions.
unsafe impl UnsafeWakeableTask for UnsafeProbe {
    unsafe fn poll(&mut self) -> Poll<()> {
        self.0.poll()
    }
    unsafe fn wake(&self) {
        self.0.wake();
    }
    unsafe fn drop_in_place(&mut self) {
        self.0.close();
    }
}

/// Takes back boxes of a probe's size.
struct Arena;

// SAFETY: every task over `released` stands in memory of a box of its own.
unsafe impl Release<Probe> for Arena {
    unsafe fn release(task: *mut Probe) {
        LAST.with(|log| count(&log.take().expect("set before the owner was made").releases));
        // SAFETY: memory of a `Box<MaybeUninit<Probe>>`.
        drop(unsafe { Box::from_raw(task.cast::<std::mem::MaybeUninit<Probe>>()) });
    }
}

thread_local! {
    static LAST: Cell<Option<Rc<Log>>> = const { Cell::new(None) };
}

type Make = fn(Rc<Log>, PanicsIn) -> LocalOwnedTask;

/// One owner for each way to make one, and whether its memory is released by the test.
fn makers() -> [(&'static str, Make, u32); 4] {
    const fn probe(log: Rc<Log>, panics_in: PanicsIn) -> Probe {
        Probe { log, panics_in, _pinned: PhantomPinned }
    }
    static TABLE: TaskVTable = TaskVTable::of::<Probe>();
    static RELEASED: TaskVTable = TaskVTable::of_released::<Probe, Arena>();
    [
        ("new", |log, panics_in| LocalOwnedTask::new(Box::new(probe(log, panics_in))), 0),
        ("new_unsafe", |log, panics_in| LocalOwnedTask::new_unsafe(Box::new(UnsafeProbe(probe(log, panics_in)))), 0),
        (
            "with_table",
            |log, panics_in| {
                LocalOwnedTask::with_table(Box::new(probe(log, panics_in)), &TABLE).expect("its own table")
            },
            0,
        ),
        (
            "from_parts",
            |log, panics_in| {
                LAST.with(|last| last.set(Some(log.clone())));
                let task = Box::into_raw(Box::new(probe(log, panics_in)));
                let task = NonNull::new(task).expect("a box is never null");
                // SAFETY: a live probe in memory of a box, used by nobody else.
                unsafe { LocalOwnedTask::from_parts(task, &RELEASED) }
            },
            1,
        ),
    ]
}

fn panics(run: impl FnOnce()) -> bool {
    catch_unwind(AssertUnwindSafe(run)).is_err()
}

#[test]
fn dropping_an_owner_closes_once_destroys_once_and_frees_once() {
    for (name, make, releases) in makers() {
        let log = Rc::new(Log::default());
        let mut task = make(log.clone(), PanicsIn::Nothing);
        assert!(task.poll().is_pending());
        task.wake();
        assert_eq!(log.counts(), [1, 1, 0, 0, 0], "{name}");
        drop(task);
        assert_eq!(log.counts(), [1, 1, 1, 1, releases], "{name}");
        assert_eq!(Rc::strong_count(&log), 1, "{name}");
    }
}

#[test]
fn a_closed_task_is_out_of_reach_and_its_destructor_still_runs() {
    for (name, make, releases) in makers() {
        let log = Rc::new(Log::default());
        let mut task = make(log.clone(), PanicsIn::Nothing);
        task.close();
        task.close();
        assert!(task.is_closed() && task.poll().is_ready() && task.as_unsafe_ptr().is_none(), "{name}");
        task.wake();
        let task = task.downcast_pinned::<Probe>().expect_err("it is closed");
        let task = task.downcast_pinned::<UnsafeProbe>().expect_err("it is closed");
        // SAFETY: the words were given up by the same type, on this thread.
        let mut task = unsafe { LocalOwnedTask::from_raw(task.into_raw()) };
        task.close();
        assert!(task.is_closed() && task.poll().is_ready(), "{name}: `into_raw` keeps that it is closed");
        assert_eq!(log.counts(), [0, 0, 1, 0, 0], "{name}");
        drop(task);
        assert_eq!(log.counts(), [0, 0, 1, 1, releases], "{name}");
    }
}

#[test]
fn a_panic_in_poll_or_wake_leaves_the_owner_usable() {
    for (name, make, releases) in makers() {
        for (panics_in, polls, wakes) in [(PanicsIn::Poll, 2, 1), (PanicsIn::Wake, 1, 2)] {
            let log = Rc::new(Log::default());
            let mut task = make(log.clone(), panics_in);
            assert_eq!(panics(|| assert!(task.poll().is_pending())), panics_in == PanicsIn::Poll, "{name}");
            assert_eq!(panics(|| task.wake()), panics_in == PanicsIn::Wake, "{name}");
            assert!(
                panics(|| if polls == 2 { assert!(task.poll().is_pending()) } else { task.wake() }),
                "{name}: it can be called again"
            );
            drop(task);
            assert_eq!(log.counts(), [polls, wakes, 1, 1, releases], "{name}");
        }
    }
}

#[test]
fn a_panic_in_close_counts_as_closed() {
    for (name, make, releases) in makers() {
        let log = Rc::new(Log::default());
        let mut task = make(log.clone(), PanicsIn::Close);
        assert!(panics(|| task.close()), "{name}");
        assert!(task.is_closed() && task.poll().is_ready(), "{name}");
        drop(task);
        assert_eq!(log.counts(), [0, 0, 1, 1, releases], "{name}: the hook does not run again");

        let log = Rc::new(Log::default());
        let task = make(log.clone(), PanicsIn::Close);
        assert!(panics(|| drop(task)), "{name}");
        assert_eq!(log.counts(), [0, 0, 1, 1, releases], "{name}: in the owner's drop");
        assert_eq!(Rc::strong_count(&log), 1, "{name}");
    }
}

#[test]
fn a_panic_in_the_destructor_frees_the_memory() {
    for (name, make, releases) in makers() {
        let log = Rc::new(Log::default());
        let task = make(log.clone(), PanicsIn::Drop);
        assert!(panics(|| drop(task)), "{name}");
        assert_eq!(log.counts(), [0, 0, 1, 1, releases], "{name}");
        assert_eq!(Rc::strong_count(&log), 1, "{name}: the fields are dropped");

        let log = Rc::new(Log::default());
        let mut task = make(log.clone(), PanicsIn::CloseAndDrop);
        assert!(panics(|| task.close()), "{name}");
        assert!(panics(|| drop(task)), "{name}");
        assert_eq!(log.counts(), [0, 0, 1, 1, releases], "{name}: after a close that panicked");
    }
}

#[test]
fn downcast_gives_the_task_back_untouched() {
    for (name, make, releases) in makers() {
        let log = Rc::new(Log::default());
        let mut task = make(log.clone(), PanicsIn::Nothing);
        assert!(task.poll().is_pending());
        let task = task.downcast::<u8>().expect_err("it is no number");
        match task.downcast_pinned::<Probe>() {
            Ok(probe) => {
                assert_eq!(log.counts(), [1, 0, 0, 0, 0], "{name}");
                drop(probe);
                assert_eq!(log.counts(), [1, 0, 0, 1, 0], "{name}: its destructor, and no hook");
            }
            Err(task) => {
                assert_ne!(name, "new");
                let is_unsafe = task.is::<UnsafeProbe>();
                drop(task.downcast_pinned::<UnsafeProbe>());
                let closes = u32::from(!is_unsafe || name == "with_table");
                assert_eq!(log.counts(), [1, 0, closes, 1, releases], "{name}");
            }
        }
        assert_eq!(Rc::strong_count(&log), 1, "{name}");
    }
}

#[test]
fn raw_words_own_the_task_until_they_come_back() {
    for (name, make, releases) in makers() {
        let log = Rc::new(Log::default());
        let raw = make(log.clone(), PanicsIn::Nothing).into_raw();
        assert_eq!(log.counts(), [0, 0, 0, 0, 0], "{name}");
        // SAFETY: the words were given up by the same type, on this thread.
        let mut task = unsafe { LocalOwnedTask::from_raw(raw) };
        assert!(task.poll().is_pending());
        drop(task);
        assert_eq!(log.counts(), [1, 0, 1, 1, releases], "{name}");
    }
}

#[test]
fn a_box_of_another_type_or_another_memory_comes_back() {
    static SLAB: TaskVTable = TaskVTable::of_released::<Probe, Arena>();
    static OTHER: TaskVTable = TaskVTable::of_unsafe::<UnsafeProbe>();
    for table in [&SLAB, &OTHER] {
        let log = Rc::new(Log::default());
        let probe = Probe { log: log.clone(), panics_in: PanicsIn::Nothing, _pinned: PhantomPinned };
        let back = LocalOwnedTask::with_table(Box::new(probe), table).expect_err("not its table");
        assert_eq!(log.counts(), [0; 5]);
        drop(back);
        assert_eq!(log.counts(), [0, 0, 0, 1, 0]);
    }
}

#[test]
fn the_bare_pair_runs_the_same_functions_and_frees_nothing() {
    for (name, make, releases) in makers() {
        let log = Rc::new(Log::default());
        let mut task = make(log.clone(), PanicsIn::Nothing);
        let mut pair = task.as_unsafe_ptr().expect("it is open");
        // SAFETY: the owner keeps the task alive and is not used meanwhile.
        assert!(unsafe { pair.poll() }.is_pending());
        // SAFETY: as above.
        unsafe { pair.wake() };
        assert!(task.poll().is_pending());
        drop(task);
        assert_eq!(log.counts(), [2, 1, 1, 1, releases], "{name}");
    }
}

/// The test runs itself again in a process of its own, which does not come back.
#[cfg(all(unix, not(miri)))]
#[test]
fn a_hook_and_a_destructor_that_both_panic_in_a_drop_abort() {
    use std::os::unix::process::ExitStatusExt;

    struct Worst;
    impl WakeableTask for Worst {
        fn poll(&mut self) -> Poll<()> {
            Poll::Ready(())
        }
        fn close(&mut self) {
            panic!("the hook");
        }
    }
    impl Drop for Worst {
        fn drop(&mut self) {
            panic!("the destructor");
        }
    }

    if std::env::var_os("DROP_THE_WORST").is_some() {
        drop(LocalOwnedTask::new(Box::new(Worst)));
        return;
    }
    let test = "task_drops::a_hook_and_a_destructor_that_both_panic_in_a_drop_abort";
    let child = std::process::Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", test])
        .env("DROP_THE_WORST", "1")
        .output()
        .expect("it starts");
    let (abort, trap) = (6, 4);
    assert!([Some(abort), Some(trap)].contains(&child.status.signal()), "{:?}", child.status);
}
