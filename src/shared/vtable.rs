//! The functions that know all the types of a task.

use core::any::{TypeId, type_name};
use core::future::Future;

use super::body::Body;
use super::cell::{Cell, must_outlive_calls};
use super::header::{self, Ptr, Ran, Table};
use super::hook::Hook;
use super::joined::Join;
use super::kind::Kind;
use super::member::Member;
use super::memory::ReleaseTask;

impl<H, J, K, S, L, F> Cell<H, J, K, S, L, F>
where
    H: 'static,
    J: Join,
    K: Kind,
    S: Hook<H, K>,
    L: Member<H>,
    F: Future,
{
    /// The table of tasks of these types in memory that `R` takes back.
    pub(super) const fn table<R: ReleaseTask>() -> Table {
        Table {
            header_type: TypeId::of::<H>,
            name: type_name::<F>,
            only: L::ONLY,
            hook_borrows: must_outlive_calls::<H>() || S::BORROWS,
            schedule: Self::schedule,
            run: Self::run::<R>,
            fetch: Self::fetch,
            free: Self::free_task::<R>,
            leak: Self::leak,
        }
    }

    /// [`Table::schedule`].
    unsafe fn schedule(task: Ptr) {
        // SAFETY: the caller's promise.
        unsafe { S::call(Self::hook(task.cast()), task.cast()) }
    }

    /// [`Table::run`].
    unsafe fn run<R: ReleaseTask>(task: Ptr, home: usize) -> Option<Ran> {
        let cell = task.cast::<Self>();
        // SAFETY: the caller's count keeps the cell alive, and the field never changes.
        if !unsafe { &(*cell.as_ptr()).kind }.is_at(home) {
            return None;
        }
        // SAFETY: the count is the caller's.
        let state = unsafe { header::state(task) };
        let polls = state.begin(L::ONLY);
        // SAFETY: a poll has begun, with the caller's count.
        let body = unsafe { Body::<H, J, K, S, L, F, R>::new(cell) };
        Some(if !polls {
            body.cancel(Ran::Complete)
        } else if cfg!(feature = "tracing") && state.trace().is_open() {
            Self::poll_seen(body)
        } else {
            body.poll::<false>()
        })
    }

    /// Out of line, so that a task of which nobody hears costs nothing but the question.
    #[cold]
    #[inline(never)]
    fn poll_seen<R: ReleaseTask>(body: Body<H, J, K, S, L, F, R>) -> Ran {
        body.poll::<true>()
    }

    /// [`Table::fetch`].
    unsafe fn fetch(task: Ptr, to: *mut ()) {
        // SAFETY: the caller's count keeps the cell alive.
        let stage = unsafe { Self::stage(task.cast()) };
        // SAFETY: the stage holds the output, which is the caller's (invariant 1).
        let output = stage.with_mut(|stage| unsafe { stage.cast::<J::Kept<F::Output>>().read() });
        // SAFETY: the caller's memory is for this output.
        unsafe { to.cast::<J::Kept<F::Output>>().write(output) }
    }

    /// [`Table::leak`].
    unsafe fn leak(task: Ptr) {
        // SAFETY: the body is alive, so that the task is on its list.
        unsafe { Self::leave(task.cast()) };
        // SAFETY: nobody else can reach the task.
        let trace = unsafe { header::state(task) }.trace();
        // SAFETY: as above, so that nobody runs the body any more.
        unsafe { trace.end_after(|| {}) };
        // SAFETY: nobody has a handle, and nobody will: a walk takes none where there is none.
        unsafe { Self::drop_header(task.cast()) }
    }

    /// [`Table::free`].
    unsafe fn free_task<R: ReleaseTask>(task: Ptr) {
        // SAFETY: the caller's promise, and `R` is the memory that the table was made for.
        unsafe { Self::free::<R>(task.cast()) }
    }
}
