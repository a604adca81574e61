//! The engine of every owner: a task's address beside one word that leads to its table.

#[cfg(feature = "alloc")]
use alloc::boxed::Box;
use core::any::Any;
use core::fmt;
use core::marker::PhantomData;
use core::mem::{self, ManuallyDrop};
#[cfg(feature = "alloc")]
use core::pin::Pin;
use core::ptr::NonNull;
use core::task::Poll;

use super::pair::UnsafeWakeablePtr;
use super::table::{TaskVTable, UnsafeWakeableVTable};

/// What the second word of an owner points to.
///
/// # Safety
///
/// The functions always return the same. `calls` are the functions of `table`, which ask for nothing beyond the rules
/// of
/// `UnsafeWakeableTask`; where `closed` is none they touch no task at all, and `table` is a closed one. `closed` is of
/// the same task type and the same kind of memory.
pub(crate) unsafe trait Word: 'static {
    /// The three functions, at a fixed offset: a poll is one load and one indirect call.
    fn calls(&'static self) -> &'static UnsafeWakeableVTable;

    /// The whole table.
    fn table(&'static self) -> &'static TaskVTable;

    /// The word of the same task once it is closed; none if this is that word.
    fn closed(&'static self) -> Option<&'static Self>;
}

// SAFETY: invariants 1, 2 and 4 of `TaskVTable`.
unsafe impl Word for TaskVTable {
    #[inline]
    fn calls(&'static self) -> &'static UnsafeWakeableVTable {
        self.raw()
    }

    #[inline]
    fn table(&'static self) -> &'static TaskVTable {
        self
    }

    #[inline]
    fn closed(&'static self) -> Option<&'static Self> {
        self.twin()
    }
}

/// Owns one task. Two words, with a niche.
///
/// # Invariants
///
/// 1. `data` is a task of `word`'s type in `word`'s kind of memory, and this value is its only owner: until it is
///    dropped or taken apart nothing else calls the task's functions, and nothing moves or frees it. A task that is not
///    `Unpin` has not moved since its first call. One that is not `Send` is owned on the thread that made it.
/// 2. Once the shutdown function of the task has begun, `word` is a closed one.
pub(crate) struct Erased<W: Word> {
    data: NonNull<()>,
    word: &'static W,
    /// As little as is true of any task: neither `Send` nor `Sync` nor unwind safe.
    task: PhantomData<*mut dyn Any>,
}

impl<W: Word> Erased<W> {
    /// # Safety
    ///
    /// Invariants 1 and 2 hold of the two from now on.
    pub(crate) unsafe fn new(data: NonNull<()>, word: &'static W) -> Self {
        Self { data, word, task: PhantomData }
    }

    /// Takes the task out of its box.
    ///
    /// # Safety
    ///
    /// `word` is of boxes of `T`, and open.
    #[cfg(feature = "alloc")]
    pub(crate) unsafe fn from_box<T: 'static>(task: Box<T>, word: &'static W) -> Self {
        // SAFETY: `Box::into_raw` never gives null.
        let data = unsafe { NonNull::new_unchecked(Box::into_raw(task)) };
        // SAFETY: the box owned the task alone, and the caller matched the word.
        unsafe { Self::new(data.cast(), word) }
    }

    pub(crate) fn poll(&mut self) -> Poll<()> {
        // SAFETY: what the task's `poll` asks: invariant 1 with `&mut self`, and `Drop` or `unbox` after this; a closed
        // word does not reach the task; an owner that is `Send` was made of a `Send` task.
        unsafe { (self.word.calls().poll_fn)(self.data.as_ptr()) }
    }

    pub(crate) fn wake(&self) {
        // SAFETY: what the task's `wake` asks: as in `poll`; `&self` excludes `poll` and `close`, and since no owner is
        // `Sync`, wakes come from one thread at a time.
        unsafe { (self.word.calls().wake_fn)(self.data.as_ptr()) }
    }

    /// The word changes first, so a hook that panics has run, and nothing reaches the task after it.
    pub(crate) fn close(&mut self) {
        if let Some(closed) = self.word.closed() {
            let open = mem::replace(&mut self.word, closed);
            // SAFETY: what the shutdown function asks: as in `poll`, and from now on the word is a closed one.
            unsafe { (open.calls().drop_fn)(self.data.as_ptr()) }
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.word.closed().is_none()
    }

    pub(crate) fn word(&self) -> &'static W {
        self.word
    }

    /// The task in its box again; `self` if it is closed, of another type, or in no box.
    #[cfg(feature = "alloc")]
    pub(crate) fn downcast<T: Unpin + 'static>(self) -> Result<Box<T>, Self> {
        self.unbox()
    }

    /// The same, pinned: what a task that is not `Unpin` may become.
    #[cfg(feature = "alloc")]
    pub(crate) fn downcast_pinned<T: 'static>(self) -> Result<Pin<Box<T>>, Self> {
        self.unbox().map(Box::into_pin)
    }

    /// A task that is not `Unpin` is still pinned by its calls: its callers see to that.
    #[cfg(feature = "alloc")]
    fn unbox<T: 'static>(self) -> Result<Box<T>, Self> {
        if self.is_closed() || !self.word.table().boxes::<T>() {
            return Err(self);
        }
        let (data, _) = self.into_parts();
        // SAFETY: the task is a `T` out of a box (invariant 3 of `TaskVTable`), open, and no longer owned here.
        Ok(unsafe { Box::from_raw(data.cast::<T>().as_ptr()) })
    }

    /// Gives up ownership.
    pub(crate) fn into_parts(self) -> (NonNull<()>, &'static W) {
        let this = ManuallyDrop::new(self);
        (this.data, this.word)
    }

    pub(crate) fn as_unsafe_ptr(&mut self) -> Option<UnsafeWakeablePtr> {
        (!self.is_closed()).then(|| UnsafeWakeablePtr { data: self.data.as_ptr(), vtable: self.word.table().raw() })
    }
}

impl<W: Word> Drop for Erased<W> {
    fn drop(&mut self) {
        // SAFETY: invariant 1; the owner is being dropped, so nobody uses the task again. Invariant 2: where the
        // shutdown function has begun, the table is a closed one.
        unsafe { self.word.table().destroy(self.data.as_ptr()) }
    }
}

impl<W: Word> fmt::Debug for Erased<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task")
            .field("type", &self.word.table().type_name())
            .field("data", &self.data)
            .field("closed", &self.is_closed())
            .finish()
    }
}
