//! A task that is not `Unpin` stays where its first call found it, until its destructor has run: in every owner.

use std::cell::RefCell;
use std::marker::PhantomPinned;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::ptr::NonNull;
use std::task::Poll;

use waker_tables::{
    LocalOwnedTask, Release, TaskVTable, UnsafeWakeablePtr, UnsafeWakeableTask, derive_unsafe_wakeable_vtable,
};

thread_local! {
    /// Where tasks are that have been called and not destroyed: what an intrusive list of them would reach.
    static LINKED: RefCell<Vec<*const Linked>> = const { RefCell::new(Vec::new()) };
}

/// Links itself at its first call and unlinks itself in its destructor. It reads itself through the link.
#[derive(Debug)]
struct Linked {
    number: u32,
    called: bool,
    _pinned: PhantomPinned,
}

impl Linked {
    const fn new(number: u32) -> Self {
        Self { number, called: false, _pinned: PhantomPinned }
    }

    fn link(&mut self) {
        if !self.called {
            self.called = true;
            LINKED.with_borrow_mut(|linked| linked.push(self));
        }
        self.check();
    }

    /// Whether it is where its link leads.
    fn check(&self) {
        let here = &raw const *self;
        assert!(!self.called || LINKED.with_borrow(|linked| linked.contains(&here)), "{} has moved", self.number);
    }
}

impl Drop for Linked {
    fn drop(&mut self) {
        self.check();
        LINKED.with_borrow_mut(|linked| linked.retain(|&linked| linked != &raw const *self));
    }
}

// SAFETY: safe functions, which look only whether the task has moved.
unsafe impl UnsafeWakeableTask for Linked {
    unsafe fn poll(&mut self) -> Poll<()> {
        self.link();
        Poll::Pending
    }
    unsafe fn wake(&self) {
        self.check();
    }
    unsafe fn drop_in_place(&mut self) {
        self.link();
    }
}

derive_unsafe_wakeable_vtable!(Linked, BOXED);
static RELEASED: TaskVTable = TaskVTable::of_released_unsafe::<Linked, Boxes>();

/// Memory of boxes that hold no task; overwritten before it goes back, which every link that is left would show.
struct Boxes;

// SAFETY: every task over `RELEASED` stands in memory of a box.
unsafe impl Release<Linked> for Boxes {
    unsafe fn release(task: *mut Linked) {
        LINKED
            .with_borrow(|linked| assert!(!linked.contains(&task.cast_const()), "released before it was destroyed"));
        // SAFETY: memory of a `Box<MaybeUninit<Linked>>`.
        let mut memory = unsafe { Box::from_raw(task.cast::<MaybeUninit<Linked>>()) };
        *memory = MaybeUninit::uninit();
    }
}

/// An owner made each way there is.
fn owners() -> [LocalOwnedTask; 3] {
    let task = NonNull::from(Box::leak(Box::new(Linked::new(3))));
    [
        LocalOwnedTask::new_unsafe(Box::new(Linked::new(1))),
        LocalOwnedTask::with_table(Box::new(Linked::new(2)), &BOXED).expect("its own table"),
        // SAFETY: a live task in memory of a box, which nobody has called, and of which nobody else knows.
        unsafe { LocalOwnedTask::from_parts(task, &RELEASED) },
    ]
}

fn linked() -> usize {
    LINKED.with_borrow(Vec::len)
}

#[test]
fn a_task_that_must_not_move_stays_while_its_owner_moves() {
    for end in [LocalOwnedTask::close, |_: &mut LocalOwnedTask| ()] {
        for mut task in owners() {
            assert!(task.poll().is_pending());
            let mut moved = vec![task];
            moved.reserve(100);
            let raw = moved.remove(0).into_raw();
            // SAFETY: given up by an owner of this type the line before.
            let mut task = Box::new(unsafe { LocalOwnedTask::from_raw(raw) });
            task.wake();
            assert!(task.poll().is_pending());
            end(&mut task);
            assert_eq!(linked(), 1, "it is alive");
            drop(task);
            assert_eq!(linked(), 0);
        }
    }
}

#[test]
fn a_task_that_must_not_move_comes_back_pinned() {
    let [first, second, released] = owners();
    for mut task in [first, second] {
        assert!(task.poll().is_pending());
        let back: Pin<Box<Linked>> = task.downcast_pinned().expect("it is open and in a box");
        back.check();
        assert_eq!(linked(), 1);
        drop(back);
        assert_eq!(linked(), 0);
    }
    assert!(released.downcast_pinned::<Linked>().is_err());
}

/// What the `unsafe` caller of a pair promises for later, an owner keeps: as long as the task stays where it is.
#[test]
fn a_task_called_through_a_pair_may_get_an_owner_where_it_stands() {
    let task = NonNull::from(Box::leak(Box::new(Linked::new(1))));
    let mut pair = UnsafeWakeablePtr { data: task.as_ptr().cast(), vtable: &RELEASED };
    // SAFETY: a live task of the table's type, which is not moved any more.
    assert!(unsafe { pair.poll() }.is_pending());
    // SAFETY: it stands in memory of a box, has not been moved or shut down, and the pair is not used again.
    let mut task = unsafe { LocalOwnedTask::from_parts(task, &RELEASED) };
    assert!(task.poll().is_pending());
    assert_eq!(linked(), 1);
    drop(task);
    assert_eq!(linked(), 0);
}
