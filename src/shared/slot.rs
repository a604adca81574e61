//! Tasks in memory of one's own.

use core::cell::UnsafeCell;
use core::error::Error;
use core::fmt;
use core::future::Future;
use core::mem::MaybeUninit;
use core::ptr::{self, NonNull};

use super::cell::{Cell, Memory};
use super::header::Ptr;
use super::home::{Home, LocalRunnable, ScheduleLocal};
use super::join::JoinHandle;
use super::joiner::{Join, Joiner};
use super::place::{Anywhere, AtHome, Place};
use super::runnable::{Runnable, Schedule};
use crate::sync::{AtomicUsize, Ordering};

/// Memory for one task at a time with header data `H` and future `F`, for a `static`; no allocator.
///
/// It is free again when every handle and waker of its last task is gone; a forgotten one keeps it busy for good, and
/// nothing dangles. The header data is dropped by whoever drops the last handle, which may be an interrupt's waker.
///
/// The type of an `async fn`'s future has no name on stable Rust: for those [`task_slot!`](crate::task_slot) declares a
/// [`TaskMemory`](crate::TaskMemory) of the right size.
///
/// # Examples
///
/// ```
/// use std::future::{Ready, ready};
/// use waker_tables::{Run, Runnable, Schedule, TaskSlot};
///
/// struct Inline;
/// impl Schedule for Inline {
///     fn schedule(&self, mut runnable: Runnable<Self>) {
///         while let Run::Woken(again) = runnable.run() {
///             runnable = again;
///         }
///     }
/// }
///
/// static SLOT: TaskSlot<Inline, Ready<u8>> = TaskSlot::new();
///
/// let runnable = SLOT.spawn_detached(ready(1), Inline).unwrap();
/// let busy = SLOT.spawn_detached(ready(2), Inline).unwrap_err();
/// runnable.schedule();
/// SLOT.spawn_detached(busy.future, busy.header).unwrap().schedule();
/// ```
#[repr(C)]
pub struct TaskSlot<H, F: Future> {
    memory: UnsafeCell<MaybeUninit<Cell<H, Joiner, AtHome, F>>>,
    busy: AtomicUsize,
}

/// The slot is in use; here is what was to go into it.
pub struct Busy<F, H> {
    /// The future.
    pub future: F,
    /// The header data.
    pub header: H,
}

impl<F, H> fmt::Display for Busy<F, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the slot is in use: a handle or waker of its last task is still there")
    }
}

impl<F, H> fmt::Debug for Busy<F, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Busy").finish_non_exhaustive()
    }
}

impl<F, H> Error for Busy<F, H> {}

/// A place for one cell, and the flag that says whether there is one.
///
/// # Safety
///
/// The place begins where `self` does and has `SIZE` bytes at `ALIGN` alignment. It and the flag are inside cells, so
/// that a pointer made of `&'static self` may write them. Nothing but this trait's functions uses the two.
pub(super) unsafe trait Room: 'static {
    const SIZE: usize;
    const ALIGN: usize;

    /// 0 while the place is free.
    fn busy(&self) -> &AtomicUsize;

    /// Makes a scheduled task here. Its counts are the caller's.
    fn fill<H, J, P, F>(&'static self, future: F, header: H, place: P) -> Result<Ptr, Busy<F, H>>
    where
        Self: Sized,
        H: 'static,
        J: Join<F::Output>,
        P: Place<H>,
        F: Future,
    {
        const {
            assert!(
                size_of::<Cell<H, J, P, F>>() <= Self::SIZE && align_of::<Cell<H, J, P, F>>() <= Self::ALIGN,
                "the task is too large for this slot: name its function and the type of its header in `task_slot!`"
            );
        }
        if self.busy().compare_exchange(0, 1, Ordering::Acquire, Ordering::Relaxed).is_err() {
            return Err(Busy { future, header });
        }
        let cell = NonNull::from(self).cast::<Cell<H, J, P, F>>();
        // SAFETY: large enough, aligned, inside a cell, and this call's alone, since it set the flag.
        unsafe { cell.write(Cell::new::<Self>(future, header, place)) };
        Ok(cell.cast())
    }
}

/// The memory of a room is given back by clearing its flag.
impl<R: Room, H, J, P, F> Memory<Cell<H, J, P, F>> for R
where
    J: Join<F::Output>,
    F: Future,
{
    unsafe fn free(cell: NonNull<Cell<H, J, P, F>>) {
        struct Clear<R: Room>(NonNull<R>);

        impl<R: Room> Drop for Clear<R> {
            fn drop(&mut self) {
                // SAFETY: the cell stood at the beginning of a room in a static, with whose pointer it was made.
                unsafe { self.0.as_ref() }.busy().store(0, Ordering::Release);
            }
        }

        let _clear = Clear::<R>(cell.cast());
        // SAFETY: nobody uses the cell again. This drops the header data alone: the rest has no destructor.
        unsafe { ptr::drop_in_place(cell.as_ptr()) }
    }
}

// SAFETY: a `TaskSlot` begins with the place for a cell with both types and a joiner; other cells are checked against
// the two numbers; both fields are cells, and used here alone.
unsafe impl<H: 'static, F: Future + 'static> Room for TaskSlot<H, F> {
    const SIZE: usize = size_of::<Cell<H, Joiner, AtHome, F>>();
    const ALIGN: usize = align_of::<Self>();

    fn busy(&self) -> &AtomicUsize {
        &self.busy
    }
}

// SAFETY: what is inside is reached through tasks alone, whose header data is `Send + Sync` and whose body is `Send` or
// stays at home: `spawn` and its like ask for that. The flag is atomic.
unsafe impl<H, F: Future> Sync for TaskSlot<H, F> {}
/// What both kinds of slot have. Future and header are parameters of the one type, and of the other's methods.
macro_rules! slot_methods {
    ({ $($aligned:tt)* } $(<$body:ident, $data:ident>)?) => {
        /// A free slot.
        #[cfg(not(loom))]
        #[must_use]
        pub const fn new() -> Self {
            Self { memory: UnsafeCell::new(MaybeUninit::uninit()), busy: AtomicUsize::new(0), $($aligned)* }
        }

        /// A free slot.
        #[cfg(loom)]
        #[must_use]
        pub fn new() -> Self {
            Self { memory: UnsafeCell::new(MaybeUninit::uninit()), busy: AtomicUsize::new(0), $($aligned)* }
        }

        /// Whether a task would fit in now.
        #[must_use]
        pub fn is_free(&self) -> bool {
            self.busy.load(Ordering::Acquire) == 0
        }

        /// Makes a task here, scheduled, with a join handle.
        ///
        /// Costs: one locked instruction; no allocation.
        ///
        /// # Errors
        ///
        /// Gives both values back while a handle or waker of the last task is there.
        pub fn spawn$(<$body, $data>)?(
            &'static self,
            future: F,
            header: H,
        ) -> Result<(Runnable<H>, JoinHandle<F::Output, H>), Busy<F, H>>
        where
            F: Future + Send + 'static,
            F::Output: Send + 'static,
            H: Schedule,
        {
            let task = self.fill::<H, Joiner, Anywhere, F>(future, header, Anywhere)?;
            // SAFETY: a new joined task has a count for each of the two; the data is an `H`, body and output are `Send`.
            let runnable = unsafe { Runnable::from_ptr(task) };
            // SAFETY: as above.
            Ok((runnable, unsafe { JoinHandle::from_ptr(task) }))
        }

        /// Makes a task here, scheduled, whose output nobody waits for.
        ///
        /// Costs: one locked instruction; no allocation.
        ///
        /// # Errors
        ///
        /// Gives both values back while a handle or waker of the last task is there.
        pub fn spawn_detached$(<$body, $data>)?(
            &'static self,
            future: F,
            header: H,
        ) -> Result<Runnable<H>, Busy<F, H>>
        where
            F: Future + Send + 'static,
            H: Schedule,
        {
            let task = self.fill::<H, (), Anywhere, F>(future, header, Anywhere)?;
            // SAFETY: a new detached task has a count for its runnable; the data is an `H`, and the body is `Send`.
            Ok(unsafe { Runnable::from_ptr(task) })
        }

        /// Makes a task here, scheduled, at home in `home`, whose output nobody waits for.
        ///
        /// Costs: one locked instruction; no allocation.
        ///
        /// # Errors
        ///
        /// Gives both values back while a handle or waker of the last task is there.
        pub fn spawn_local_detached$(<$body, $data>)?(
            &'static self,
            home: &Home,
            future: F,
            header: H,
        ) -> Result<LocalRunnable<H>, Busy<F, H>>
        where
            F: Future + 'static,
            H: ScheduleLocal,
        {
            let task = self.fill::<H, (), AtHome, F>(future, header, home.place())?;
            // SAFETY: a new detached task has a count for its runnable; the data is an `H`, and its hook takes this kind.
            Ok(unsafe { LocalRunnable::from_ptr(task) })
        }

        /// Makes a task here, scheduled, at home in `home`, with a join handle.
        ///
        /// Costs: one locked instruction; no allocation.
        ///
        /// # Errors
        ///
        /// Gives both values back while a handle or waker of the last task is there.
        pub fn spawn_local$(<$body, $data>)?(
            &'static self,
            home: &Home,
            future: F,
            header: H,
        ) -> Result<(LocalRunnable<H>, JoinHandle<F::Output, H>), Busy<F, H>>
        where
            F: Future + 'static,
            H: ScheduleLocal,
        {
            let task = self.fill::<H, Joiner, AtHome, F>(future, header, home.place())?;
            // SAFETY: a new joined task has a count for each of the two; the data is an `H`, and its hook takes this kind.
            let runnable = unsafe { LocalRunnable::from_ptr(task) };
            // SAFETY: as above.
            Ok((runnable, unsafe { JoinHandle::from_ptr(task) }))
        }
    };
}
pub(super) use slot_methods;

impl<H: 'static, F: Future + 'static> TaskSlot<H, F> {
    slot_methods!({});
}

impl<H: 'static, F: Future + 'static> Default for TaskSlot<H, F> {
    fn default() -> Self {
        Self::new()
    }
}

impl<H: 'static, F: Future + 'static> fmt::Debug for TaskSlot<H, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskSlot").field("free", &self.is_free()).finish_non_exhaustive()
    }
}
