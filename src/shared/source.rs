//! Where the future of a task is from.

use core::future::Future;
use core::marker::PhantomData;

/// What a [`Task`](crate::Task) has its future from: [`Given`], or a closure in [`Made`] or [`Borrowing`].
pub trait Source<H>: IsSource<H> {
    /// The future.
    type Future: Future;

    /// Writes the future to `to`.
    ///
    /// # Safety
    ///
    /// `to` may be written, and is for this future. `data` is the header data that it may borrow, which lives until the body
    /// is gone, or leaks.
    #[doc(hidden)]
    unsafe fn write(self, data: *const H, to: *mut Self::Future);
}

/// The future of a task, moved into it.
#[derive(Debug, Clone, Copy)]
pub struct Given<F>(pub(super) F);

/// What makes the future of a task where it stays.
#[derive(Debug, Clone, Copy)]
pub struct Made<M>(pub(super) M);

/// What makes the future of a task of a reference to its header data.
#[derive(Debug, Clone, Copy)]
pub struct Borrowing<'a, M>(pub(super) M, pub(super) PhantomData<&'a ()>);

#[allow(unnameable_types, reason = "it seals the public trait")]
pub trait IsSource<H> {}

impl<H, F> IsSource<H> for Given<F> {}
impl<H, M> IsSource<H> for Made<M> {}
impl<H, M> IsSource<H> for Borrowing<'_, M> {}

impl<H, F: Future> Source<H> for Given<F> {
    type Future = F;

    unsafe fn write(self, _data: *const H, to: *mut F) {
        // SAFETY: the caller's promise.
        unsafe { to.write(self.0) }
    }
}

impl<H, F: Future, M: FnOnce() -> F> Source<H> for Made<M> {
    type Future = F;

    unsafe fn write(self, _data: *const H, to: *mut F) {
        // SAFETY: the caller's promise.
        unsafe { to.write((self.0)()) }
    }
}

impl<'a, H: 'a, F: Future + 'a, M: FnOnce(&'a H) -> F> Source<H> for Borrowing<'a, M> {
    type Future = F;

    unsafe fn write(self, data: *const H, to: *mut F) {
        // SAFETY: the field is only ever used by shared reference, and lives for as long as the body; that `'a` is no
        // longer, is promised where this was made.
        let data = unsafe { &*data };
        // SAFETY: the caller's promise.
        unsafe { to.write((self.0)(data)) }
    }
}
