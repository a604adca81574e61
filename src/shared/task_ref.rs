//! A counted handle of a task, which is also what its wakers are.

use core::any::{Any, TypeId};
use core::fmt;
use core::marker::PhantomData;
use core::ptr::NonNull;
use core::task::Waker;

use super::handle::{Handle, WAKERS};
use super::header::{self, Ptr};
use super::state::TaskState;
use crate::waker::WakerRef;

/// A handle of a task with the header data `H`: wakes it, cancels it, reads its header. One word, with a niche.
///
/// It is what a waker of the task owns: [`to_waker`](Self::to_waker) and [`from_waker`](TaskRef::from_waker) go to and fro.
/// It never reaches the body. Cloning it costs one locked instruction, as does dropping it; the last one to go cancels a
/// task that is still alive, as [the table](crate::shared#who-owns-what) says.
pub struct TaskRef<H: ?Sized + 'static> {
    task: Handle,
    header: PhantomData<fn() -> *mut H>,
}

/// A [`TaskRef`] whose header data may be of any type: for lists of tasks of several schedulers.
pub type AnyTask = TaskRef<dyn Any>;

impl<H: ?Sized + 'static> TaskRef<H> {
    /// # Safety
    ///
    /// The header data of `task` is an `H`, if that is a type with a size.
    pub(super) unsafe fn new(task: Handle) -> Self {
        Self { task, header: PhantomData }
    }

    /// Asks for a poll, and gives up this handle.
    ///
    /// Costs: one locked instruction where the task is scheduled or runs; where it is idle the same, two indirect calls,
    /// and one locked instruction more unless `H` has neither size nor destructor.
    pub fn wake(self) {
        self.task.wake();
    }

    /// Asks for a poll: a task that is idle is handed to the hook, one that runs will be polled again.
    ///
    /// Costs: one locked instruction, none where the task is complete; two indirect calls where it is idle.
    pub fn wake_by_ref(&self) {
        self.task.wake_by_ref();
    }

    /// A waker of the task. Costs: one locked instruction.
    #[must_use]
    pub fn to_waker(&self) -> Waker {
        WAKERS.waker(self.task.clone())
    }

    /// A waker of the task that borrows this handle's count. Costs: two words are written.
    #[must_use]
    pub fn waker_ref(&self) -> WakerRef<'_> {
        WAKERS.waker_ref(&self.task)
    }

    /// Forbids further polls, and hands the task to the hook if it is idle, so that its body is dropped: by the run that
    /// follows, or with the runnable; in here only if the hook does that at once. A task that is being polled is dropped
    /// after that poll, unless the poll was its last.
    ///
    /// The answer is whether this call did it: `false` if the task was cancelled before, or is complete.
    #[allow(clippy::must_use_candidate, reason = "ignoring the answer is right")]
    pub fn cancel(&self) -> bool {
        self.task.cancel()
    }

    /// Whether further polls were forbidden; of a complete task: whether that is how it ended.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.state().is_cancelled()
    }

    /// What is known of the task now.
    #[must_use]
    pub fn state(&self) -> TaskState {
        self.task.state().snapshot()
    }

    /// Whether the body is gone.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.task.state().is_complete()
    }

    /// The name of the future's type, for people.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        (self.task.table().name)()
    }

    /// The task's [name](crate::Task::name), if it was given one.
    #[cfg(feature = "tracing")]
    #[must_use]
    pub fn name(&self) -> Option<&'static str> {
        // SAFETY: the count is `self`'s.
        unsafe { self.task.state().trace().label() }.0
    }

    /// Where the task was made.
    #[cfg(feature = "tracing")]
    #[must_use]
    pub fn location(&self) -> &'static core::panic::Location<'static> {
        // SAFETY: the count is `self`'s.
        unsafe { self.task.state().trace().label() }.1
    }

    /// Whether the two are handles of one task.
    #[must_use]
    pub fn ptr_eq(&self, other: &Self) -> bool {
        self.task.as_ptr() == other.task.as_ptr()
    }
}

impl<H: 'static> TaskRef<H> {
    /// The task behind `waker`, if `waker` is a shared task's and the task's header data is an `H`.
    ///
    /// Costs: two address comparisons, one indirect call, one locked instruction. What recovery sees and does not see
    /// stands at [`WakerVTable`](crate::WakerVTable#recovery): the outermost waker, of this copy of the crate.
    #[must_use]
    pub fn from_waker(waker: &Waker) -> Option<Self> {
        let task = Self::behind(waker)?;
        // SAFETY: the count is lent by the waker; the clone takes one of its own.
        let task = unsafe { Handle::borrowed(task) };
        // SAFETY: the data is an `H`.
        Some(unsafe { Self::new((*task).clone()) })
    }

    /// The header data of the task behind `waker`, if `waker` is a shared task's and the data is an `H`.
    ///
    /// Costs: two address comparisons and one indirect call; no refcount.
    #[must_use]
    pub fn header_behind(waker: &Waker) -> Option<&H> {
        // SAFETY: the data is an `H`; the count is the waker's, which is borrowed for as long as the result.
        Self::behind(waker).map(|task| unsafe { header::data(task) })
    }

    /// The pointer of the task behind `waker`, if its header data is an `H`.
    fn behind(waker: &Waker) -> Option<Ptr> {
        if !WAKERS.matches(waker) {
            return None;
        }
        let task = NonNull::new(waker.data().cast_mut())?.cast();
        // SAFETY: the word of a waker over `WAKERS` is a task's pointer, of which the waker holds a count.
        unsafe { Self::is_of(task) }.then_some(task)
    }

    /// Whether the header data of `task` is an `H`.
    ///
    /// # Safety
    ///
    /// A count is held.
    unsafe fn is_of(task: Ptr) -> bool {
        // SAFETY: the caller's promise.
        let table = unsafe { header::table(task) };
        (table.header_type)() == TypeId::of::<H>()
    }

    /// The scheduler's data in the task's header.
    ///
    /// No `Deref` does this, since its methods would hide those of `H`.
    #[must_use]
    pub fn header(&self) -> &H {
        // SAFETY: the data is an `H`, and the count is `self`'s.
        unsafe { header::data(self.task.as_ptr()) }
    }

    /// The same handle without the type of the header data.
    #[must_use]
    pub fn into_any(self) -> AnyTask {
        TaskRef { task: self.task, header: PhantomData }
    }
}

impl TaskRef<dyn Any> {
    /// The task behind `waker`, if that is a shared task's. Costs: one address comparison and one locked instruction.
    #[must_use]
    pub fn any_from_waker(waker: &Waker) -> Option<Self> {
        WAKERS.get_pointer(waker).map(|task| Self { task, header: PhantomData })
    }

    /// The same handle with the type of the header data, if it is an `H`; else it is given back.
    ///
    /// # Errors
    ///
    /// The handle, if the header data is of another type.
    pub fn downcast<H: 'static>(self) -> Result<TaskRef<H>, Self> {
        // SAFETY: the count is `self`'s.
        if unsafe { TaskRef::<H>::is_of(self.task.as_ptr()) } {
            // SAFETY: the data is an `H`.
            Ok(unsafe { TaskRef::new(self.task) })
        } else {
            Err(self)
        }
    }
}

impl<H: ?Sized + 'static> Clone for TaskRef<H> {
    fn clone(&self) -> Self {
        Self { task: self.task.clone(), header: PhantomData }
    }
}

/// Costs: two words are written; the count moves.
impl<H: ?Sized + 'static> From<TaskRef<H>> for Waker {
    fn from(task: TaskRef<H>) -> Self {
        WAKERS.waker(task.task)
    }
}

impl<H: fmt::Debug + 'static> fmt::Debug for TaskRef<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let header = |f: &mut fmt::DebugStruct<'_, '_>| {
            f.field("header", self.header());
        };
        // SAFETY: the count is `self`'s.
        unsafe { header::debug(f, "TaskRef", self.task.as_ptr(), header) }
    }
}

impl fmt::Debug for TaskRef<dyn Any> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // SAFETY: the count is `self`'s.
        unsafe { header::debug(f, "AnyTask", self.task.as_ptr(), |_| {}) }
    }
}
