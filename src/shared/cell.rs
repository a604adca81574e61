//! A whole task, and the functions that know all of its types.

#[cfg(feature = "alloc")]
use alloc::boxed::Box;
use core::any::{TypeId, type_name};
use core::future::Future;
use core::marker::PhantomData;
use core::mem::{ManuallyDrop, MaybeUninit};
use core::pin::Pin;
use core::ptr::NonNull;
use core::task::{Context, Poll, Waker};

use super::header::{self, AnyTask, Head, Ptr, Ran, Table, WAKERS};
use super::home::{LocalRunnable, ScheduleLocal};
use super::runnable::{Runnable, Schedule};
use super::state::{CANCELLED, Ended, OUTPUT, PANICKED, Pause, State};
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
    stage: sync::Cell<Stage<F, J::Kept>>,
}

/// Both begin where it does.
#[repr(C)]
union Stage<F, O> {
    future: ManuallyDrop<F>,
    output: ManuallyDrop<O>,
}

/// How much of a join handle's needs a task has.
pub(super) trait Join<T> {
    /// What is kept of the output.
    type Kept;
    const JOINED: bool;

    fn new() -> Self;
    fn keep(output: T) -> Self::Kept;
}

/// A task without a join handle: no slot, and the output is dropped at once.
impl<T> Join<T> for () {
    type Kept = ();
    const JOINED: bool = false;

    #[inline]
    fn new() -> Self {}

    #[inline]
    fn keep(output: T) {
        drop(output);
    }
}

/// The slot of the joiner's waker. It holds one while it is lent, and during calls of its owner.
pub(super) struct Joiner(sync::Cell<MaybeUninit<Waker>>);

impl<T> Join<T> for Joiner {
    type Kept = T;
    const JOINED: bool = true;

    #[inline]
    fn new() -> Self {
        Self(sync::Cell::new(MaybeUninit::uninit()))
    }

    #[inline]
    fn keep(output: T) -> T {
        output
    }
}

/// How a joined task with the header data `H` begins.
#[repr(C)]
struct Joined<H> {
    head: Head,
    data: H,
    joiner: Joiner,
}

/// The slot of `task`.
///
/// # Safety
///
/// The task is joined, its header data is an `H`, and a count is held for `'a`.
#[inline]
unsafe fn joiner<'a, H>(task: Ptr) -> &'a sync::Cell<MaybeUninit<Waker>> {
    // SAFETY: every joined task begins as a `Joined` of its header data, and the count keeps it alive.
    unsafe { &(*task.cast::<Joined<H>>().as_ptr()).joiner.0 }
}

/// Puts `waker` into the slot.
///
/// # Safety
///
/// As for [`joiner`], and the slot is the caller's, and empty.
pub(super) unsafe fn put_joiner<H>(task: Ptr, waker: Waker) {
    // SAFETY: the caller's promise.
    let slot = unsafe { joiner::<H>(task) };
    // SAFETY: the slot is the caller's alone.
    slot.with_mut(|slot| unsafe { slot.write(MaybeUninit::new(waker)) });
}

/// Takes the waker out of the slot.
///
/// # Safety
///
/// As for [`joiner`], and the slot is the caller's, and full.
pub(super) unsafe fn take_joiner<H>(task: Ptr) -> Waker {
    // SAFETY: the caller's promise.
    let slot = unsafe { joiner::<H>(task) };
    // SAFETY: the slot is the caller's alone, and empty from here on.
    let waker = slot.with_mut(|slot| unsafe { slot.read() });
    // SAFETY: it was full.
    unsafe { waker.assume_init() }
}

/// Where a body may be polled and dropped, and so which kind of runnable the hook gets.
pub(super) trait Place<H> {
    /// Whether the hook has bytes of its own.
    const BORROWS: bool;

    /// Whether that is where `home` is.
    fn is_at(&self, home: usize) -> bool;

    /// Hands a runnable to the hook.
    ///
    /// # Safety
    ///
    /// As for [`Table::schedule`]; `place` is the task's.
    unsafe fn schedule(place: *const Self, task: Ptr);
}

/// On any thread, or wherever the caller of `spawn_unchecked` sees to; the hook is the header's.
pub(super) struct Anywhere;

impl<H: Schedule> Place<H> for Anywhere {
    const BORROWS: bool = false;

    #[inline]
    fn is_at(&self, _home: usize) -> bool {
        true
    }

    #[inline]
    unsafe fn schedule(_place: *const Self, task: Ptr) {
        // SAFETY: the runnable's count is the caller's to give.
        let runnable = unsafe { Runnable::<H>::from_ptr(task) };
        // SAFETY: the caller holds another count, or there are no bytes.
        unsafe { header::data::<H>(task) }.schedule(runnable);
    }
}

/// As [`Anywhere`], with a hook of its own.
#[cfg(feature = "alloc")]
pub(super) struct Hooked<S>(pub(super) S);

#[cfg(feature = "alloc")]
impl<H: 'static, S: Fn(&H, Runnable<H>)> Place<H> for Hooked<S> {
    const BORROWS: bool = size_of::<S>() > 0;

    #[inline]
    fn is_at(&self, _home: usize) -> bool {
        true
    }

    #[inline]
    unsafe fn schedule(place: *const Self, task: Ptr) {
        // SAFETY: the runnable's count is the caller's to give.
        let runnable = unsafe { Runnable::<H>::from_ptr(task) };
        // SAFETY: the caller holds another count, or there are no bytes.
        let data = unsafe { header::data::<H>(task) };
        // SAFETY: as above; the field is only ever used by shared reference.
        let hook = unsafe { &(*place).0 };
        hook(data, runnable);
    }
}

/// At the home of this number.
pub(super) struct AtHome(pub(super) usize);

impl<H: ScheduleLocal> Place<H> for AtHome {
    const BORROWS: bool = false;

    #[inline]
    fn is_at(&self, home: usize) -> bool {
        self.0 == home
    }

    #[inline]
    unsafe fn schedule(_place: *const Self, task: Ptr) {
        // SAFETY: the runnable's count is the caller's to give.
        let runnable = unsafe { LocalRunnable::<H>::from_ptr(task) };
        // SAFETY: the caller holds another count, or there are no bytes.
        unsafe { header::data::<H>(task) }.schedule(runnable);
    }
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
            hook_borrows: size_of::<H>() > 0 || P::BORROWS,
            schedule: Self::schedule,
            run: Self::run::<M>,
            fetch: Self::fetch,
            free: Self::free::<M>,
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
        let body = Body::<H, J, P, F, M> { cell, alive: true, result: PANICKED, memory: PhantomData };
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

    /// [`Table::free`].
    unsafe fn free<M: Memory<Self>>(task: Ptr) {
        // SAFETY: the caller's promise, and `M` is the memory that the table was made for.
        unsafe { M::free(task.cast()) }
    }
}

/// A body whose poll has begun, with the count of the runnable that was run. Dropped, it ends the task; if a panic of
/// the body does that, the body is dropped first, and a second panic ends the process.
struct Body<H, J: Join<F::Output>, P, F: Future, M: Memory<Cell<H, J, P, F>>> {
    cell: NonNull<Cell<H, J, P, F>>,
    alive: bool,
    result: usize,
    memory: PhantomData<M>,
}

impl<H, J: Join<F::Output>, P, F: Future, M: Memory<Cell<H, J, P, F>>> Body<H, J, P, F, M> {
    #[inline]
    fn state(&self) -> &State {
        // SAFETY: the count is `self`'s.
        unsafe { header::state(self.cell.cast()) }
    }

    #[inline]
    fn stage(&self) -> &sync::Cell<Stage<F, J::Kept>> {
        // SAFETY: the count is `self`'s, and keeps the cell alive.
        unsafe { &(*self.cell.as_ptr()).stage }
    }

    #[inline]
    fn poll(mut self) -> Ran {
        // SAFETY: the count is lent by `self`, which outlives the result; `ManuallyDrop` never gives it up.
        let task = ManuallyDrop::new(unsafe { AnyTask::from_ptr(self.cell.cast()) });
        let waker = WAKERS.waker_ref(&task);
        let mut context = Context::from_waker(&waker);
        let polled = self.stage().with_mut(|stage| {
            // SAFETY: the stage holds the future, which a poll has exclusively (invariant 1 of the cell).
            let future = unsafe { &mut *stage.cast::<F>() };
            // SAFETY: it is never moved (invariant 3 of the cell).
            unsafe { Pin::new_unchecked(future) }.poll(&mut context)
        });
        let Poll::Ready(output) = polled else {
            return match self.state().pause() {
                Pause::Over => self.cancel(),
                Pause::Woken => self.leave(Ran::Woken),
                Pause::Idle => self.leave(Ran::Pending),
            };
        };
        self.drop_future();
        let kept = J::keep(output);
        if J::JOINED {
            // SAFETY: the future is gone; the stage is this poll's until the task is complete.
            self.stage().with_mut(|stage| unsafe { stage.cast::<J::Kept>().write(kept) });
            self.result = OUTPUT;
        } else {
            self.result = 0;
        }
        Ran::Complete
    }

    /// Drops the future of a task that was cancelled.
    #[inline]
    fn cancel(mut self) -> Ran {
        self.drop_future();
        self.result = CANCELLED;
        Ran::Complete
    }

    /// The poll is over and the task is not.
    #[inline]
    fn leave(self, ran: Ran) -> Ran {
        let _ = ManuallyDrop::new(self);
        ran
    }

    #[inline]
    fn drop_future(&mut self) {
        self.alive = false;
        // SAFETY: the stage holds the future, exclusively, which is not used again.
        self.stage().with_mut(|stage| unsafe { stage.cast::<F>().drop_in_place() });
    }
}

impl<H, J: Join<F::Output>, P, F: Future, M: Memory<Cell<H, J, P, F>>> Drop for Body<H, J, P, F, M> {
    #[inline]
    fn drop(&mut self) {
        if self.alive {
            self.drop_future();
        }
        let task = self.cell.cast::<Head>();
        match self.state().complete(self.result) {
            Ended::Counted => {}
            // SAFETY: the only count was `self`'s, and the body is gone.
            Ended::Last => unsafe { M::free(self.cell) },
            Ended::Joiner => {
                // SAFETY: the count is `self`'s, and ends here.
                let task = unsafe { AnyTask::from_ptr(task) };
                // SAFETY: a joined task with this header data, whose slot was lent.
                unsafe { take_joiner::<H>(task.as_ptr()) }.wake();
            }
            Ended::Output => {
                // SAFETY: the count is `self`'s, and ends here.
                let _task = unsafe { AnyTask::from_ptr(task) };
                // SAFETY: the stage holds an output that nobody else will fetch.
                self.stage().with_mut(|stage| unsafe { stage.cast::<J::Kept>().drop_in_place() });
            }
        }
    }
}
