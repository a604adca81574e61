//! A whole task, and the functions that know all of its types.

#[cfg(feature = "alloc")]
use alloc::boxed::Box;
use core::any::{TypeId, type_name};
use core::future::Future;
use core::mem::{ManuallyDrop, needs_drop};
use core::ptr::NonNull;

use super::body::Body;
use super::header::{self, Head, Ptr, Ran, Table};
use super::joiner::Join;
use super::place::Place;
use super::state::State;
use crate::sync;

/// A task: the header, the joiner's slot if it is joined, and the body.
///
/// # Invariants
///
/// 1. `stage` holds the future until the state is complete, and then the output while the state says so. It is touched
///    by whoever began a poll, and the output by whoever the state gives it to: one at a time.
/// 2. `joiner` is touched by the join handle, and while it is lent by whoever ends the body.
/// 3. The future is not moved after the first poll, and dropped where it stands.
#[repr(C)]
pub(super) struct Cell<H, J, P, F: Future>
where
    J: Join<F::Output>,
{
    head: Head,
    data: H,
    joiner: J,
    place: P,
    pub(super) stage: sync::Cell<Stage<F, J::Kept>>,
}

/// Both begin where it does.
#[repr(C)]
pub(super) union Stage<F, O> {
    /// While the future is being made.
    empty: (),
    future: ManuallyDrop<F>,
    output: ManuallyDrop<O>,
}

/// Whether anybody can tell that a `T` is gone: a type of no size still has an end if it has a destructor, which may end
/// what its existence stands for.
pub(super) const fn has_end<T>() -> bool {
    size_of::<T>() > 0 || needs_drop::<T>()
}

/// How the memory of a cell is given back.
pub(super) trait Memory<C> {
    /// Drops the header data and gives the memory back, also if that drop unwinds.
    ///
    /// # Safety
    ///
    /// `cell` came from this kind of memory, its body is gone, and nobody uses it again.
    unsafe fn free(cell: NonNull<C>);
}

#[cfg(feature = "alloc")]
pub(super) struct InBox;

#[cfg(feature = "alloc")]
impl<C> Memory<C> for InBox {
    unsafe fn free(cell: NonNull<C>) {
        // SAFETY: the cell was given out by `Box::into_raw`. The box drops the header data alone: the rest of a cell
        // has no destructor.
        drop(unsafe { Box::from_raw(cell.as_ptr()) });
    }
}

impl<H, J, P, F> Cell<H, J, P, F>
where
    H: 'static,
    J: Join<F::Output>,
    P: Place<H>,
    F: Future,
{
    /// A scheduled task in memory `M`.
    #[inline]
    pub(super) fn new<M: Memory<Self>>(future: F, data: H, place: P) -> Self {
        Self {
            head: Head { table: const { &Self::table::<M>() }, state: State::new(J::JOINED) },
            data,
            joiner: J::new(),
            place,
            stage: sync::Cell::new(Stage { future: ManuallyDrop::new(future) }),
        }
    }

    /// Allocates a scheduled task and makes its future there, of a reference to the header data. Its counts are the
    /// caller's.
    ///
    /// # Safety
    ///
    /// `'a` ends before the header data does: at the earliest when the body is gone.
    #[cfg(feature = "alloc")]
    #[inline]
    pub(super) unsafe fn boxed_in_place<'a>(data: H, place: P, make: impl FnOnce(&'a H) -> F) -> Ptr {
        /// Frees the cell if `make` unwinds.
        struct Empty<C>(NonNull<C>);

        impl<C> Drop for Empty<C> {
            fn drop(&mut self) {
                // SAFETY: the cell is this call's alone, has no body, and was given out by `Box::into_raw`.
                unsafe { InBox::free(self.0) }
            }
        }

        let cell = Box::into_raw(Box::new(Self {
            head: Head { table: const { &Self::table::<InBox>() }, state: State::new(J::JOINED) },
            data,
            joiner: J::new(),
            place,
            stage: sync::Cell::new(Stage { empty: () }),
        }));
        // SAFETY: `Box::into_raw` never gives null.
        let empty = Empty(unsafe { NonNull::new_unchecked(cell) });
        // SAFETY: the field is only ever used by shared reference, and lives for `'a`: the caller's promise.
        let data = unsafe { &(*cell).data };
        let future = make(data);
        // SAFETY: nobody else knows the cell yet.
        let stage = unsafe { &(*cell).stage };
        // SAFETY: as above; both parts of a stage begin where it does.
        stage.with_mut(|stage| unsafe { stage.cast::<F>().write(future) });
        ManuallyDrop::new(empty).0.cast()
    }

    /// Allocates a scheduled task. Its counts are the caller's.
    #[cfg(feature = "alloc")]
    #[inline]
    pub(super) fn boxed(future: F, data: H, place: P) -> Ptr {
        let cell = Box::into_raw(Box::new(Self::new::<InBox>(future, data, place)));
        // SAFETY: `Box::into_raw` never gives null.
        unsafe { NonNull::new_unchecked(cell) }.cast()
    }

    const fn table<M: Memory<Self>>() -> Table {
        Table {
            header_type: TypeId::of::<H>,
            name: type_name::<F>,
            hook_borrows: has_end::<H>() || P::BORROWS,
            schedule: Self::schedule,
            run: Self::run::<M>,
            fetch: Self::fetch,
            free: Self::free::<M>,
            leave: Self::leave,
        }
    }

    /// [`Table::schedule`].
    unsafe fn schedule(task: Ptr) {
        // SAFETY: the runnable's count keeps the cell alive.
        let place = unsafe { &raw const (*task.cast::<Self>().as_ptr()).place };
        // SAFETY: the caller's promise.
        unsafe { P::schedule(place, task) }
    }

    /// [`Table::run`].
    unsafe fn run<M: Memory<Self>>(task: Ptr, home: usize) -> Ran {
        let cell = task.cast::<Self>();
        // SAFETY: the caller's count keeps the cell alive, and the field never changes.
        let place = unsafe { &(*cell.as_ptr()).place };
        if !place.is_at(home) {
            return Ran::Foreign;
        }
        // SAFETY: the count is the caller's.
        let polls = unsafe { header::state(task) }.begin();
        // SAFETY: a poll has begun, with the caller's count.
        let body = unsafe { Body::<H, J, P, F, M>::new(cell) };
        if polls { body.poll() } else { body.cancel() }
    }

    /// [`Table::fetch`].
    unsafe fn fetch(task: Ptr, to: *mut ()) {
        // SAFETY: the caller's count keeps the cell alive.
        let stage = unsafe { &(*task.cast::<Self>().as_ptr()).stage };
        // SAFETY: the stage holds the output, which is the caller's (invariant 1).
        let output = stage.with_mut(|stage| unsafe { stage.cast::<J::Kept>().read() });
        // SAFETY: the caller's memory is for this output.
        unsafe { to.cast::<J::Kept>().write(output) }
    }

    /// [`Table::leave`].
    unsafe fn leave(task: Ptr) {
        // SAFETY: the cell is alive.
        let data = unsafe { &raw mut (*task.cast::<Self>().as_ptr()).data };
        // SAFETY: nobody has a handle, and nobody will: the data is not used again.
        unsafe { data.drop_in_place() }
    }

    /// [`Table::free`].
    unsafe fn free<M: Memory<Self>>(task: Ptr) {
        // SAFETY: the caller's promise, and `M` is the memory that the table was made for.
        unsafe { M::free(task.cast()) }
    }
}
