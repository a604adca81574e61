//! What owners and tables answer.

use std::alloc::Layout;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::thread;

use waker_tables::{OwnedTask, TaskVTable, UnsafeWakeablePtr, UnsafeWakeableVTable, WakeableTask};

#[derive(Debug)]
struct Count(u32);

impl WakeableTask for Count {
    fn poll(&mut self) -> Poll<()> {
        self.0 += 1;
        if self.0 == 3 { Poll::Ready(()) } else { Poll::Pending }
    }
}

struct Nothing;

impl WakeableTask for Nothing {
    fn poll(&mut self) -> Poll<()> {
        Poll::Ready(())
    }
}

static TABLES: [TaskVTable; 2] = [TaskVTable::of::<Count>(), TaskVTable::of::<Nothing>()];
static RAW: [&UnsafeWakeableVTable; 2] = [TABLES[0].raw(), TABLES[1].raw()];

#[test]
fn tables_know_their_type() {
    assert!(TABLES[0].is::<Count>() && TABLES[1].is::<Nothing>());
    assert!(!TABLES[0].is::<Nothing>() && !TABLES[1].is::<u32>());
    assert_eq!(TABLES[0].layout(), Layout::new::<Count>());
    assert!(TABLES[0].type_name().ends_with("Count"));
    assert!(format!("{:?}", TABLES[0]).contains("Count"));
    assert!(!std::ptr::eq(RAW[0], RAW[1]));
}

#[test]
fn a_task_can_be_polled_after_ready_and_taken_back() {
    let mut task = OwnedTask::new(Box::new(Count(0)));
    let answers: Vec<_> = (0..4).map(|_| task.poll().is_ready()).collect();
    assert_eq!(answers, [false, false, true, false]);
    assert!(task.is::<Count>() && !task.is::<Nothing>() && task.type_name().ends_with("Count"));
    assert_eq!(task.downcast::<Count>().expect("it is one").0, 4);
}

#[test]
fn a_task_without_size_is_a_task() {
    let mut task = OwnedTask::new(Box::new(Nothing));
    assert!(task.poll().is_ready());
    task.wake();
    task.close();
    assert!(task.is_closed());
}

#[test]
fn a_task_of_great_alignment_is_where_its_type_wants_it() {
    #[repr(align(4096))]
    #[derive(Debug)]
    struct Aligned(u8);
    impl WakeableTask for Aligned {
        fn poll(&mut self) -> Poll<()> {
            assert_eq!((&raw const *self).addr() % 4096, 0);
            self.0 += 1;
            Poll::Ready(())
        }
    }
    let mut task = OwnedTask::new(Box::new(Aligned(0)));
    assert!(task.poll().is_ready());
    assert_eq!(task.downcast::<Aligned>().expect("it is one").0, 1);
}

#[test]
fn an_owner_goes_to_other_threads_and_is_dropped_there() {
    struct Shared(Arc<AtomicUsize>);
    impl WakeableTask for Shared {
        fn poll(&mut self) -> Poll<()> {
            self.0.fetch_add(1, Ordering::Relaxed);
            Poll::Pending
        }
    }
    let polls = Arc::new(AtomicUsize::new(0));
    let mut task = OwnedTask::new(Box::new(Shared(polls.clone())));
    for _ in 0..3 {
        task = thread::spawn(move || {
            let _ = task.poll();
            task
        })
        .join()
        .expect("a poll does not panic");
    }
    thread::spawn(move || drop(task)).join().expect("a drop does not panic");
    assert_eq!((polls.load(Ordering::Relaxed), Arc::strong_count(&polls)), (3, 1));
}

#[test]
fn a_wake_may_come_while_the_task_wakes() {
    struct Nested(Arc<AtomicUsize>, Option<OwnedTask>);
    impl WakeableTask for Nested {
        fn poll(&mut self) -> Poll<()> {
            self.1.as_mut().map_or(Poll::Ready(()), OwnedTask::poll)
        }
        fn wake(&self) {
            self.0.fetch_add(1, Ordering::Relaxed);
            self.1.iter().for_each(OwnedTask::wake);
        }
        fn close(&mut self) {
            self.1.iter_mut().for_each(OwnedTask::close);
        }
    }
    let wakes = Arc::new(AtomicUsize::new(0));
    let inner = OwnedTask::new(Box::new(Nested(wakes.clone(), None)));
    let mut outer = OwnedTask::new(Box::new(Nested(wakes.clone(), Some(inner))));
    outer.wake();
    assert!(outer.poll().is_ready());
    assert_eq!(wakes.load(Ordering::Relaxed), 2);
    outer.close();
    drop(outer);
    assert_eq!(Arc::strong_count(&wakes), 1);
}

#[test]
fn tasks_that_begin_with_a_header_share_its_table() {
    #[repr(C)]
    struct WithHeader {
        header: Count,
        rest: [u64; 4],
    }
    let mut task = WithHeader { header: Count(0), rest: [7; 4] };
    let mut pair = UnsafeWakeablePtr { data: (&raw mut task).cast(), vtable: &TABLES[0] };
    // SAFETY: a `repr(C)` struct that begins with a `Count`, used by nobody else.
    assert!(unsafe { pair.poll() }.is_pending());
    // SAFETY: as above; nothing is freed by it.
    unsafe { pair.drop_in_place() };
    assert_eq!((task.header.0, task.rest), (1, [7; 4]));
}

#[test]
fn a_table_by_hand_serves_the_bare_pair() {
    static BY_HAND: UnsafeWakeableVTable = UnsafeWakeableVTable {
        poll_fn: |task| {
            // SAFETY: the test's pairs lead to numbers.
            unsafe { *task.cast::<u32>() += 1 };
            Poll::Pending
        },
        wake_fn: |_| {},
        drop_fn: |_| {},
    };
    let mut number = 0_u32;
    let mut pair = UnsafeWakeablePtr { data: (&raw mut number).cast(), vtable: &BY_HAND };
    // SAFETY: a number.
    assert!(unsafe { pair.poll() }.is_pending());
    assert_eq!(number, 1);
}
