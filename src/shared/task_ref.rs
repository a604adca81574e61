//! A counted handle of a task, which is also what its wakers are.

use core::any::Any;
use core::fmt;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::ptr::NonNull;
use core::task::{RawWaker, Waker};

use super::header::{self, Held, Ptr, Table};
use super::state::{State, TaskState, Wake};
use super::trace::{self, Op};
use crate::waker::table::{Slot, WakeSlot};
use crate::waker::{Free, WakerPointer, WakerRef, WakerVTable};

/// A handle of a task with the header data `H`: wakes it, cancels it, reads its header. One word, with a niche.
///
/// It is what a waker of the task owns: [`to_waker`](Self::to_waker) and [`from_waker`](TaskRef::from_waker) go to and fro.
/// It never reaches the body. Cloning it costs one locked instruction, as does dropping it; the last one to go cancels a
/// task that is still alive, as [the table](crate::shared#who-owns-what) says.
///
/// # Invariants
///
/// 1. A value has one count of `task`, whose header data is an `H`, if that is a type with a size. It is `Send` and `Sync`: that
///    is asked where tasks are made.
pub struct TaskRef<H: ?Sized + 'static> {
    task: Ptr,
    header: PhantomData<fn() -> *mut H>,
}

/// A [`TaskRef`] whose header data may be of any type: for lists of tasks of several schedulers.
pub type AnyTask = TaskRef<dyn Any>;

// SAFETY: invariant 1: the header may be used and dropped on any thread; the state word is atomic.
unsafe impl<H: ?Sized + 'static> Send for TaskRef<H> {}
// SAFETY: as above.
unsafe impl<H: ?Sized + 'static> Sync for TaskRef<H> {}

impl<H: ?Sized + 'static> TaskRef<H> {
    /// A handle that owns a count.
    ///
    /// # Safety
    ///
    /// The caller has a count of `task`, which moves into the result. The header data is an `H`, if that is a type with a size.
    pub(super) unsafe fn from_ptr(task: Ptr) -> Self {
        // SAFETY: the caller's count, which leaks where a subscriber panics.
        let task = unsafe { Self::lent(task) };
        task.tell(trace::CLONE);
        ManuallyDrop::into_inner(task)
    }

    /// A handle without a count of its own: it is never dropped.
    ///
    /// # Safety
    ///
    /// A count of `task` is held for as long as the result is used. The header data is as for `from_ptr`.
    pub(super) const unsafe fn lent(task: Ptr) -> ManuallyDrop<Self> {
        ManuallyDrop::new(Self { task, header: PhantomData })
    }

    pub(super) const fn as_ptr(&self) -> Ptr {
        self.task
    }

    /// Gives up ownership; the count goes with the pointer.
    fn into_ptr(self) -> Ptr {
        ManuallyDrop::new(self).task
    }

    /// The same count as a handle of another type.
    ///
    /// # Safety
    ///
    /// The header data is a `T`, if that is a type with a size.
    pub(super) unsafe fn cast<T: ?Sized + 'static>(self) -> TaskRef<T> {
        TaskRef { task: self.into_ptr(), header: PhantomData }
    }

    #[inline]
    pub(super) fn word(&self) -> &State {
        // SAFETY: the count is `self`'s.
        unsafe { header::state(self.task) }
    }

    #[inline]
    pub(super) fn table(&self) -> &'static Table {
        // SAFETY: the count is `self`'s.
        unsafe { header::table(self.task) }
    }

    #[inline]
    fn tell(&self, op: Op) {
        self.word().trace().tell(op);
    }

    /// Asks for a poll, and gives up this handle.
    ///
    /// Costs: one locked instruction where the task is scheduled or runs; where it is idle the same, two indirect calls,
    /// and one locked instruction more unless `H` has neither size nor destructor.
    pub fn wake(self) {
        let task = ManuallyDrop::new(self);
        task.tell(trace::WAKE);
        let table = task.table();
        match task.word().wake(table.hook_borrows, table.only) {
            Wake::Schedule if table.hook_borrows => {
                // SAFETY: the count was `self`'s.
                let held = unsafe { Held::new(task.task) };
                // SAFETY: the runnable's count was added, and `held` has one through the call.
                unsafe { (table.schedule)(held.as_ptr()) };
                held.release();
            }
            // SAFETY: the runnable's count was `self`'s, and nothing of the hook's must outlive the call.
            Wake::Schedule => unsafe { (table.schedule)(task.task) },
            Wake::Known => {}
            // SAFETY: the count was `self`'s, and ends here.
            Wake::Complete => unsafe { header::release(task.task) },
        }
    }

    /// Asks for a poll: a task that is idle is handed to the hook, one that runs will be polled again.
    ///
    /// Costs: one locked instruction, none where the task is complete; two indirect calls where it is idle.
    pub fn wake_by_ref(&self) {
        if self.word().trace().is_open() {
            // SAFETY: the count is `self`'s.
            return unsafe { Self::wake_seen(self.task) };
        }
        self.wake_unseen();
    }

    /// Takes a word, so that the way past it needs no place on the stack.
    ///
    /// # Safety
    ///
    /// As for `lent`.
    #[cold]
    unsafe fn wake_seen(task: Ptr) {
        // SAFETY: the caller's promise.
        let task = unsafe { Self::lent(task) };
        task.tell(trace::WAKE_BY_REF);
        task.wake_unseen();
    }

    #[inline]
    fn wake_unseen(&self) {
        if self.word().wake_by_ref() {
            // SAFETY: the runnable's count was added, and `self` holds its own through the call.
            unsafe { header::schedule(self.task) }
        }
    }

    /// A waker of the task. Costs: one locked instruction.
    #[must_use]
    pub fn to_waker(&self) -> Waker {
        self.clone().into()
    }

    /// A waker of the task that borrows this handle's count. Costs: two words are written.
    #[must_use]
    pub fn waker_ref(&self) -> WakerRef<'_> {
        let raw = RawWaker::new(self.task.as_ptr().cast_const().cast(), &WAKERS);
        // SAFETY: the functions are for this word, whose count is lent by `self`.
        unsafe { WakerRef::new(raw) }
    }

    /// Forbids further polls, and hands the task to the hook if it is idle, so that its body is dropped: by the run that
    /// follows, or with the runnable; in here only if the hook does that at once. A task that is being polled is dropped
    /// after that poll, unless the poll was its last.
    ///
    /// The answer is whether this call did it: `false` if the task was cancelled before, or is complete.
    #[allow(clippy::must_use_candidate, reason = "ignoring the answer is right")]
    pub fn cancel(&self) -> bool {
        let (first, idle) = self.word().cancel();
        if idle {
            // SAFETY: as in `wake_by_ref`.
            unsafe { header::schedule(self.task) }
        }
        first
    }

    /// Whether further polls were forbidden; of a complete task: whether that is how it ended.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.state().is_cancelled()
    }

    /// What is known of the task now.
    #[must_use]
    pub fn state(&self) -> TaskState {
        self.word().snapshot()
    }

    /// Whether the body is gone.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.word().is_complete()
    }

    /// The name of the future's type, for people.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        (self.table().name)()
    }

    /// The task's [name](crate::Task::name), if it was given one.
    #[cfg(feature = "tracing")]
    #[must_use]
    pub fn name(&self) -> Option<&'static str> {
        // SAFETY: the count is `self`'s.
        unsafe { self.word().trace().label() }.0
    }

    /// Where the task was made.
    #[cfg(feature = "tracing")]
    #[must_use]
    pub fn location(&self) -> &'static core::panic::Location<'static> {
        // SAFETY: the count is `self`'s.
        unsafe { self.word().trace().label() }.1
    }

    /// Whether the two are handles of one task.
    #[must_use]
    pub fn ptr_eq(&self, other: &Self) -> bool {
        self.task == other.task
    }
}

impl<H: 'static> TaskRef<H> {
    /// The scheduler's data in the task's header.
    ///
    /// No `Deref` does this, since its methods would hide those of `H`.
    #[must_use]
    pub fn header(&self) -> &H {
        // SAFETY: the data is an `H`, and the count is `self`'s.
        unsafe { header::data(self.task) }
    }

    /// The same handle without the type of the header data.
    #[must_use]
    pub fn into_any(self) -> AnyTask {
        // SAFETY: that one says nothing of the data.
        unsafe { self.cast() }
    }
}

impl<H: ?Sized + 'static> Clone for TaskRef<H> {
    #[inline]
    fn clone(&self) -> Self {
        self.tell(trace::CLONE);
        self.word().retain();
        Self { task: self.task, header: PhantomData }
    }
}

impl<H: ?Sized + 'static> Drop for TaskRef<H> {
    #[inline]
    fn drop(&mut self) {
        self.tell(trace::DROP);
        // SAFETY: the count is `self`'s, and this is its end.
        unsafe { header::release(self.task) }
    }
}

/// Costs: two words are written; the count moves.
impl<H: ?Sized + 'static> From<TaskRef<H>> for Waker {
    fn from(task: TaskRef<H>) -> Self {
        // SAFETY: a waker's task may be any.
        WAKERS.waker(unsafe { task.cast() })
    }
}

impl<H: fmt::Debug + 'static> fmt::Debug for TaskRef<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let header = |f: &mut fmt::DebugStruct<'_, '_>| {
            f.field("header", self.header());
        };
        // SAFETY: the count is `self`'s.
        unsafe { header::debug(f, "TaskRef", self.task, header) }
    }
}

impl fmt::Debug for TaskRef<dyn Any> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // SAFETY: the count is `self`'s.
        unsafe { header::debug(f, "AnyTask", self.task, |_| {}) }
    }
}

// SAFETY: rule 1, 2, 4: the word is the pointer, and a value has one count. Rule 3: `retain` adds one. Rule 5: a count
// keeps the allocation, which is never moved. Rule 6: the target is nothing. Rule 7: none of these runs other code, but for a
// subscriber's in `clone_raw`, before the count is added.
unsafe impl WakerPointer for TaskRef<dyn Any> {
    type Target = ();
    type Kind = Free;

    #[inline]
    fn into_raw(self) -> *const () {
        self.into_ptr().as_ptr().cast_const().cast()
    }

    #[inline]
    fn as_raw(&self) -> *const () {
        self.task.as_ptr().cast_const().cast()
    }

    #[inline]
    unsafe fn from_raw(raw: *const ()) -> Self {
        // SAFETY: a raw word is a task's pointer, which is not null.
        let task = unsafe { NonNull::new_unchecked(raw.cast_mut()) }.cast();
        Self { task, header: PhantomData }
    }

    #[inline]
    unsafe fn clone_raw(raw: *const ()) -> *const () {
        // SAFETY: the caller holds a count, which this does not give up.
        let task = ManuallyDrop::new(unsafe { Self::from_raw(raw) });
        (*task).clone().into_raw()
    }

    #[inline]
    unsafe fn as_ref<'a>(_raw: *const ()) -> &'a () {
        &()
    }
}

/// The table of the wakers of all shared tasks. One, and not generic: tables that are generic over the header are
/// promoted constants, two of which may become one, and then a header could be read as another's.
pub(super) static WAKERS: WakerVTable<AnyTask> = WakerVTable::for_slot::<Wakers>(&WAKERS);

pub(super) struct Wakers;

impl Slot for Wakers {
    type Pointer = AnyTask;

    #[inline]
    fn table() -> &'static WakerVTable<AnyTask> {
        &WAKERS
    }
}

impl WakeSlot for Wakers {
    #[inline]
    fn wake(task: AnyTask) {
        task.wake();
    }

    #[inline]
    fn wake_by_ref(task: &AnyTask) {
        task.wake_by_ref();
    }
}
