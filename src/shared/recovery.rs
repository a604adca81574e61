//! From a waker back to its task, and from a task of any header data to one whose type is known.

use core::any::{Any, TypeId};
use core::ptr::NonNull;
use core::task::Waker;

use super::header::{self, Ptr};
use super::task_ref::{TaskRef, WAKERS};

impl<H: 'static> TaskRef<H> {
    /// The task behind `waker`, if `waker` is a shared task's and the task's header data is an `H`.
    ///
    /// Costs: two address comparisons, one indirect call, one locked instruction. What recovery sees and does not see
    /// stands at [`WakerVTable`](crate::WakerVTable#recovery): the outermost waker, of this copy of the crate.
    #[must_use]
    pub fn from_waker(waker: &Waker) -> Option<Self> {
        // SAFETY: the count is lent by the waker; the clone takes one of its own. The data is an `H`.
        Self::behind(waker).map(|task| (*unsafe { Self::lent(task) }).clone())
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
}

impl TaskRef<dyn Any> {
    /// The task behind `waker`, if that is a shared task's. Costs: one address comparison and one locked instruction.
    #[must_use]
    pub fn any_from_waker(waker: &Waker) -> Option<Self> {
        WAKERS.get_pointer(waker)
    }

    /// The same handle with the type of the header data, if it is an `H`; else it is given back.
    ///
    /// # Errors
    ///
    /// The handle, if the header data is of another type.
    pub fn downcast<H: 'static>(self) -> Result<TaskRef<H>, Self> {
        // SAFETY: the count is `self`'s.
        if unsafe { TaskRef::<H>::is_of(self.as_ptr()) } {
            // SAFETY: the data is an `H`.
            Ok(unsafe { self.cast() })
        } else {
            Err(self)
        }
    }
}
