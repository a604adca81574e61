//! A whole task, as it stands in memory.

use core::alloc::Layout;
use core::future::Future;
use core::marker::PhantomData;
use core::mem::{ManuallyDrop, needs_drop};
use core::ptr::{self, NonNull};

use super::header::{Head, Table};
use super::joined::Join;
use super::member::Member;
use super::memory::ReleaseTask;
use super::state::State;
use crate::sync;

/// A task: the header, the joiner's slot if it is joined, what its kind, hook and list need, and the body.
///
/// # Invariants
///
/// 1. `stage` holds the future until the state is complete, and then the output while the state says so. It is touched
///    by whoever began a poll, and the output by whoever the state gives it to: one at a time.
/// 2. `joiner` is touched by the join handle, and while it is lent by whoever ends the body.
/// 3. The future is not moved after the first poll, and dropped where it stands.
#[repr(C)]
pub(super) struct Cell<H, J, K, S, L, F>
where
    J: Join,
    L: Member<H>,
    F: Future,
{
    head: Head,
    data: H,
    joiner: J::Slot,
    pub(super) kind: K,
    hook: S,
    list: L,
    node: L::Node,
    stage: sync::Cell<Stage<F, J::Kept<F::Output>>>,
}

/// Both begin where it does.
#[repr(C)]
pub(super) union Stage<F, O> {
    /// While the future is being made.
    empty: (),
    future: ManuallyDrop<F>,
    output: ManuallyDrop<O>,
}

/// Whether a `T` must outlive the calls that borrow it: also one of no size, if it has a destructor, which may end what its
/// existence stands for.
pub(super) const fn must_outlive_calls<T>() -> bool {
    size_of::<T>() > 0 || needs_drop::<T>()
}

/// Writes fields of a cell that is the caller's alone.
macro_rules! put {
    ($cell:ident, $($field:ident = $value:expr),*) => {$(
        // SAFETY: a projection into the caller's memory.
        let field = unsafe { &raw mut (*$cell.as_ptr()).$field };
        // SAFETY: the caller's promise.
        unsafe { field.write($value) };
    )*};
}

impl<H, J, K, S, L, F> Cell<H, J, K, S, L, F>
where
    J: Join,
    L: Member<H>,
    F: Future,
{
    /// Writes a scheduled task without a body.
    ///
    /// # Safety
    ///
    /// The memory is large enough and aligned for it, and the caller's alone.
    pub(super) unsafe fn write(cell: NonNull<Self>, table: &'static Table, data: H, kind: K, hook: S, list: L) {
        let node = L::node(cell.cast());
        let head = Head { table, state: State::new(J::JOINED) };
        // SAFETY: the caller's promise.
        unsafe { Self::renew(cell, kind) };
        // Field by field: a whole cell, with room for its future, would go over the stack in a debug build.
        put!(cell, head = head, data = data, joiner = J::slot(), hook = hook, list = list, node = node);
    }

    /// Writes what one task after the other brings into a cell: its kind, and no body yet.
    ///
    /// # Safety
    ///
    /// As for `write`, but that the header, hook and list may be in use.
    pub(super) unsafe fn renew(cell: NonNull<Self>, kind: K) {
        put!(cell, kind = kind);
        #[cfg(loom)]
        put!(cell, stage = sync::Cell::new(Stage { empty: () }));
    }

    /// The body's place.
    ///
    /// # Safety
    ///
    /// The cell is alive for `'a`.
    pub(super) unsafe fn stage<'a>(cell: NonNull<Self>) -> &'a sync::Cell<Stage<F, J::Kept<F::Output>>> {
        // SAFETY: the caller's promise; the field is only ever used by shared reference.
        unsafe { &(*cell.as_ptr()).stage }
    }

    /// The header data.
    pub(super) fn data(cell: NonNull<Self>) -> *mut H {
        // SAFETY: a projection, which reads nothing.
        unsafe { &raw mut (*cell.as_ptr()).data }
    }

    /// The hook.
    pub(super) fn hook(cell: NonNull<Self>) -> *const S {
        // SAFETY: a projection, which reads nothing.
        unsafe { &raw const (*cell.as_ptr()).hook }
    }

    /// Puts the task on its list, if it has one.
    ///
    /// # Safety
    ///
    /// The task is whole, and a count is held.
    pub(super) unsafe fn enter(cell: NonNull<Self>) {
        // SAFETY: the cell is alive.
        let list = unsafe { &(*cell.as_ptr()).list };
        // SAFETY: a projection.
        let node = unsafe { &raw const (*cell.as_ptr()).node };
        // SAFETY: the node is this task's, and `leave` is called before its end is published.
        unsafe { list.enter(node, cell.cast()) }
    }

    /// Takes the task off its list, if it has one.
    ///
    /// # Safety
    ///
    /// The cell is alive, and this is called once, after `enter`.
    pub(super) unsafe fn leave(cell: NonNull<Self>) {
        // SAFETY: the cell is alive.
        let list = unsafe { &(*cell.as_ptr()).list };
        // SAFETY: a projection.
        let node = unsafe { &raw const (*cell.as_ptr()).node };
        // SAFETY: the caller's promise.
        unsafe { list.leave(node) }
    }

    /// Drops header data, hook and list of a task whose body is alive, and leaks the rest.
    ///
    /// # Safety
    ///
    /// Nobody has a handle, nobody will, and the task is off its list.
    pub(super) unsafe fn drop_header(cell: NonNull<Self>) {
        // SAFETY: neither is used again. They are moved out, so that they go also where the data's destructor unwinds.
        let _hook = unsafe { Self::hook(cell).read() };
        // SAFETY: a projection.
        let list = unsafe { &raw const (*cell.as_ptr()).list };
        // SAFETY: as for the hook.
        let _list = unsafe { list.read() };
        // SAFETY: the data is not used again.
        unsafe { Self::data(cell).drop_in_place() };
    }

    /// Drops header data, hook and list, and gives the memory back.
    ///
    /// # Safety
    ///
    /// The memory is `R`, the body is gone or was never made, and nobody uses the cell again.
    pub(super) unsafe fn free<R: ReleaseTask>(cell: NonNull<Self>) {
        /// Also where the destructor of the header data unwinds.
        struct Back<C, R: ReleaseTask>(NonNull<C>, PhantomData<R>);

        impl<C, R: ReleaseTask> Drop for Back<C, R> {
            fn drop(&mut self) {
                // SAFETY: nobody uses the cell again, and `R` is its memory.
                unsafe { R::release(self.0.cast(), Layout::new::<C>()) }
            }
        }

        let _back = Back::<Self, R>(cell, PhantomData);
        // SAFETY: the caller's promise. This drops header data, hook and list: the rest has no destructor.
        unsafe { ptr::drop_in_place(cell.as_ptr()) }
    }
}
