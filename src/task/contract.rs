//! What a type promises to be polled through a table.

use core::task::Poll;

/// A task that is polled by hand.
///
/// Its owner calls [`close`](Self::close) once, when the owner is closed or dropped, and then runs the destructor. A
/// type whose functions have to be `unsafe` implements [`UnsafeWakeableTask`] instead.
///
/// # Examples
///
/// ```
/// use std::task::Poll;
/// use waker_tables::{OwnedTask, WakeableTask};
///
/// struct CountDown(u32);
///
/// impl WakeableTask for CountDown {
///     fn poll(&mut self) -> Poll<()> {
///         self.0 -= 1;
///         if self.0 == 0 { Poll::Ready(()) } else { Poll::Pending }
///     }
/// }
///
/// let mut task = OwnedTask::new(Box::new(CountDown(2)));
/// assert!(task.poll().is_pending());
/// assert!(task.poll().is_ready());
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no task",
    label = "it does not implement `WakeableTask`",
    note = "a type with `UnsafeWakeableTask` goes through the functions for it: `OwnedTask::new_unsafe`, \
            `TaskVTable::of_unsafe`, `derive_unsafe_wakeable_vtable!`"
)]
pub trait WakeableTask {
    /// Makes progress; `Ready` when there is nothing left to do. May be called again after `Ready`.
    fn poll(&mut self) -> Poll<()>;

    /// Called by the owner between polls, when it likes. This is not a waker: nobody but the owner can call it.
    fn wake(&self) {}

    /// The shutdown function: called once, and after it nothing but the destructor.
    fn close(&mut self) {}
}

/// A task that is polled by hand, with the contract that its callers rely on.
///
/// **`drop_in_place` is a shutdown function and leaves `self` valid for its destructor, which the owner runs.**
/// Safe names for it are `close`. This implementation is wrong:
///
/// ```
/// # use std::task::Poll;
/// # use waker_tables::UnsafeWakeableTask;
/// struct Wrong(String);
///
/// unsafe impl UnsafeWakeableTask for Wrong {
/// #   unsafe fn poll(&mut self) -> Poll<()> { Poll::Ready(()) }
/// #   unsafe fn wake(&self) {}
///     // ...
///     unsafe fn drop_in_place(&mut self) {
///         unsafe { std::ptr::drop_in_place(self) } // the owner drops the string a second time
///     }
/// }
/// ```
///
/// It compiles, it was right with version 0.1 of this crate, where nothing else ran the destructor, and it is a
/// double drop now, reached from safe calls. The right one frees what the task holds and leaves `self` valid:
///
/// ```
/// # use std::task::Poll;
/// # use waker_tables::UnsafeWakeableTask;
/// struct Right(String);
///
/// // SAFETY: plain functions that keep `self` valid in any order and number.
/// unsafe impl UnsafeWakeableTask for Right {
/// #   unsafe fn poll(&mut self) -> Poll<()> { Poll::Ready(()) }
/// #   unsafe fn wake(&self) {}
///     // ...
///     unsafe fn drop_in_place(&mut self) {
///         self.0.clear();
///     }
/// }
/// ```
///
/// A type that needs no `unsafe` inside implements [`WakeableTask`] instead. There is no blanket implementation
/// between the two, because then `poll` would be ambiguous; a type's table is made from one or the other.
///
/// # Safety
///
/// The contract is the same for all types, since a caller through a table does not know the type. The three functions
/// must be sound **in any order and number**, also after `Ready`, after a call that panicked, and with `wake` inside
/// `wake`, for callers who keep five rules:
///
/// 1. `self` is live. Unless `Self: Unpin` it is pinned by the first call: from then on it stays where it is, and its
///    memory is not used for anything else, until its destructor has run.
/// 2. While `poll` or `drop_in_place` runs, nothing else uses the value.
/// 3. While `wake` runs, nothing else uses the value but other `wake`s.
/// 4. Once `drop_in_place` has begun, nothing is done with the value but to run its destructor.
/// 5. Unless `Self: Send`, all calls and the destructor come from the thread that made the value; unless
///    `Self: Sync`, `wake`s of different threads do not overlap.
///
/// An implementor may ask for nothing more ("poll only on my executor's thread" is more). That is what lets an
/// owner offer safe methods.
///
/// A caller promises for the future as well, and for safe code to come. Whoever polls a task that is not `Unpin` in one
/// box, moves it into another, and gives that to the safe [`OwnedTask::new_unsafe`](crate::OwnedTask::new_unsafe), has
/// broken rule 1 with the first poll. An owner keeps its task from such moves, and so does [`Pin`](core::pin::Pin).
///
/// A future inside a task stands in a box, or in an `UnsafeCell` of a task that is not `Unpin`: `wake(&self)`
/// makes a shared reference to the whole task, which may not cover a future between two polls.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no task of the `unsafe` contract",
    label = "it does not implement `UnsafeWakeableTask`",
    note = "a type with the safe `WakeableTask` goes through `OwnedTask::new` and `TaskVTable::of`"
)]
pub unsafe trait UnsafeWakeableTask {
    /// Makes progress; `Ready` when there is nothing left to do.
    ///
    /// # Safety
    ///
    /// Of the [trait's rules](Self#safety) 2 and 4 hold throughout this call, 1 and 5 from now on until the destructor
    /// has run.
    unsafe fn poll(&mut self) -> Poll<()>;

    /// Called by the owner, when it likes. This is not a waker: it may not overlap `poll`.
    ///
    /// # Safety
    ///
    /// Of the [trait's rules](Self#safety) 3 and 4 hold throughout this call, 1 and 5 from now on until the destructor
    /// has run.
    unsafe fn wake(&self);

    /// The shutdown function. Leaves `self` valid for its destructor.
    ///
    /// # Safety
    ///
    /// Of the [trait's rules](Self#safety) 2 holds throughout this call, 1, 4 and 5 from now on until the destructor
    /// has run.
    unsafe fn drop_in_place(&mut self);
}
