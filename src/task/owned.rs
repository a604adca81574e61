//! Owners of one task each.

#[cfg(feature = "alloc")]
use alloc::boxed::Box;
use core::fmt;
#[cfg(feature = "alloc")]
use core::pin::Pin;
use core::ptr::NonNull;
use core::task::Poll;

#[cfg(feature = "alloc")]
use super::contract::{UnsafeWakeableTask, WakeableTask};
use super::erased::{Erased, Word};
use super::pair::UnsafeWakeablePtr;
use super::table::TaskVTable;

/// Owns a task of any type that is `Send`. Two words, `Option` of it too; `Send`, not `Sync`.
///
/// Costs: no memory but the box that the task came in. A poll is one load and one indirect call, without a
/// conditional branch. Dropping the owner is one indirect call, which closes the task (unless it is closed already),
/// runs the destructor and frees the box, each once, also where one of them panics.
///
/// After [`close`](Self::close) nothing calls the task any more: `poll` returns `Ready`, `wake` does nothing,
/// `downcast` gives the owner back, `as_unsafe_ptr` returns `None`.
///
/// # Examples
///
/// ```
/// use std::task::Poll;
/// use waker_tables::{OwnedTask, WakeableTask};
///
/// struct Parse(usize);
/// struct Merge(Vec<u8>);
///
/// impl WakeableTask for Parse {
///     fn poll(&mut self) -> Poll<()> {
///         self.0 += 1;
///         Poll::Pending
///     }
/// }
/// impl WakeableTask for Merge {
///     fn poll(&mut self) -> Poll<()> {
///         self.0.sort_unstable();
///         Poll::Ready(())
///     }
/// }
///
/// let mut ready = 0;
/// for task in &mut [OwnedTask::new(Box::new(Parse(0))), OwnedTask::new(Box::new(Merge(vec![3, 1, 2])))] {
///     ready += usize::from(task.poll().is_ready());
/// }
/// assert_eq!(ready, 1);
/// ```
pub struct OwnedTask(Erased<TaskVTable>);

#[expect(
    clippy::non_send_fields_in_send_ty,
    reason = "the engine is shared with the owner of local tasks; the constructors ask for `Send`"
)]
// SAFETY: every constructor asks for `T: Send` (`from_raw` for a task that was made so), and the owner is the
// only way to the task.
unsafe impl Send for OwnedTask {}

/// Owns a task that may be `!Send`. As [`OwnedTask`], but it stays on its thread.
pub struct LocalOwnedTask(Erased<TaskVTable>);

/// What `into_raw` of an owner returns: its two words, to be stored anywhere and given to `from_raw`.
///
/// Opaque, so that a closed task is still closed afterwards. Dropping it leaks the task.
#[derive(Debug)]
#[must_use = "dropping it leaks the task"]
pub struct RawTask {
    data: NonNull<()>,
    word: NonNull<()>,
}

/// The methods that all owners share, over their engine in field 0.
macro_rules! owner_methods {
    () => {
        /// Polls the task; `Ready` also once it is closed. Costs: one load, one indirect call.
        #[inline]
        pub fn poll(&mut self) -> Poll<()> {
            self.0.poll()
        }

        /// Calls the task's `wake`, between polls; does nothing once it is closed. Costs: one load, one indirect call.
        ///
        /// This is not a waker: only the owner can call it. A task that waits keeps a `Waker` that it was given when it
        /// was made.
        #[inline]
        pub fn wake(&self) {
            self.0.wake();
        }

        /// Calls the task's shutdown function, once: `close`, or `drop_in_place` of the `unsafe` contract. Later calls
        /// do nothing. The destructor runs when the owner is dropped.
        pub fn close(&mut self) {
            self.0.close();
        }

        /// Whether [`close`](Self::close) has been called.
        #[must_use]
        pub fn is_closed(&self) -> bool {
            self.0.is_closed()
        }

        /// Whether the task is a `T`. Costs: one indirect call.
        #[must_use]
        pub fn is<T: 'static>(&self) -> bool {
            self.0.word().table().is::<T>()
        }

        /// The name of the task's type, for diagnostics.
        #[must_use]
        pub fn type_name(&self) -> &'static str {
            self.0.word().table().type_name()
        }

        /// The task, if it is a `T` in a box and not closed. Its shutdown function is not called.
        ///
        /// # Errors
        ///
        /// Gives the owner back otherwise.
        #[cfg(feature = "alloc")]
        pub fn downcast<T: Unpin + 'static>(self) -> Result<Box<T>, Self> {
            self.0.downcast().map_err(Self)
        }

        /// [`downcast`](Self::downcast) for a task that must not move.
        ///
        /// # Errors
        ///
        /// Gives the owner back, where `downcast` would.
        #[cfg(feature = "alloc")]
        pub fn downcast_pinned<T: 'static>(self) -> Result<Pin<Box<T>>, Self> {
            self.0.downcast_pinned().map_err(Self)
        }

        /// The bare pair of a task that is not closed.
        ///
        /// It is good until the owner is used again. `drop_in_place` must not be called through it, ever, since the
        /// owner would run the shutdown function again.
        #[must_use]
        pub fn as_unsafe_ptr(&mut self) -> Option<UnsafeWakeablePtr> {
            self.0.as_unsafe_ptr()
        }

        /// Gives up ownership; [`from_raw`](Self::from_raw) takes it back.
        pub fn into_raw(self) -> RawTask {
            RawTask::of(self.0)
        }

        /// Takes ownership again; a closed task is still closed.
        ///
        /// # Safety
        ///
        /// `raw` came from this type's [`into_raw`](Self::into_raw). Since then nobody has run the task's shutdown
        /// route or destructor, moved it or freed it, and from now on the owner alone uses it, as before. A task that
        /// is not `Send` comes back on the thread it left.
        pub unsafe fn from_raw(raw: RawTask) -> Self {
            // SAFETY: the caller's words are this owner's.
            Self(unsafe { raw.into_erased() })
        }
    };
}
#[cfg(all(feature = "registry", feature = "alloc", target_has_atomic = "ptr"))]
pub(crate) use owner_methods;

/// The constructors that differ by their bound alone.
macro_rules! constructors {
    ($owner:ident $(, $bound:ident)?) => {
        impl $owner {
            /// Owns `task`. Costs: none; the box is kept.
            #[cfg(feature = "alloc")]
            #[must_use]
            pub fn new<T: WakeableTask $(+ $bound)? + 'static>(task: Box<T>) -> Self {
                // SAFETY: the table is of boxes of `T`, and open.
                Self(unsafe { Erased::from_box(task, const { &TaskVTable::of::<T>() }) })
            }

            /// Owns a `task` whose type has the `unsafe` contract. Costs: none; the box is kept.
            ///
            /// Safe also for a task that has been called before, and then moved into this box: whoever called it
            /// promised that it would not be, unless it is `Unpin`.
            #[cfg(feature = "alloc")]
            #[must_use]
            pub fn new_unsafe<T: UnsafeWakeableTask $(+ $bound)? + 'static>(task: Box<T>) -> Self {
                // SAFETY: the table is of boxes of `T`, and open.
                Self(unsafe { Erased::from_box(task, const { &TaskVTable::of_unsafe::<T>() }) })
            }

            /// Owns `task`, over a table that was chosen at run time. Costs: one indirect call for the check.
            ///
            /// # Errors
            ///
            /// Gives the box back if `table` is of another type, or of memory that is no box.
            #[cfg(feature = "alloc")]
            pub fn with_table<T: $($bound +)? 'static>(
                task: Box<T>,
                table: &'static TaskVTable,
            ) -> Result<Self, Box<T>> {
                if !table.boxes::<T>() {
                    return Err(task);
                }
                // SAFETY: just checked; a table that a user can name is an open one.
                Ok(Self(unsafe { Erased::from_box(task, table) }))
            }

            /// Owns a task in memory of your own: a slab, a ring, an arena.
            ///
            /// # Safety
            ///
            /// - `table.is::<T>()`. `task` is live, may be written through, and stands where the table expects it: for
            ///   [`TaskVTable::of_released`] where its `R::release` may give the memory back, for the other tables
            ///   in a `Box<T>`. It covers what `R::release` touches.
            /// - Its shutdown function has not begun, and unless it is `Unpin` it has not moved since its first call.
            ///   If it is not `Send`, this is the thread that made it.
            /// - From now on the owner alone uses, moves or frees it: until the owner is dropped or
            ///   [downcast](Self::downcast), and for ever if it is forgotten.
            #[must_use]
            pub unsafe fn from_parts<T: $($bound +)? 'static>(
                task: NonNull<T>,
                table: &'static TaskVTable,
            ) -> Self {
                debug_assert!(table.is::<T>(), "the table is of {}", table.type_name());
                // SAFETY: the caller's promise.
                Self(unsafe { Erased::new(task.cast(), table) })
            }

            owner_methods!();
        }

        impl fmt::Debug for $owner {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($owner)).field(&self.0).finish()
            }
        }
    };
}

#[cfg(all(feature = "registry", feature = "alloc", target_has_atomic = "ptr"))]
impl OwnedTask {
    pub(crate) fn into_erased(self) -> Erased<TaskVTable> {
        self.0
    }
}

constructors!(OwnedTask, Send);
constructors!(LocalOwnedTask);

impl RawTask {
    pub(crate) fn of<W: Word>(task: Erased<W>) -> Self {
        let (data, word) = task.into_parts();
        Self { data, word: NonNull::from(word).cast() }
    }

    /// # Safety
    ///
    /// The words came from an `Erased<W>`, and nobody owns the task.
    pub(crate) unsafe fn into_erased<W: Word>(self) -> Erased<W> {
        // SAFETY: the word was a `&'static W`.
        let word = unsafe { self.word.cast::<W>().as_ref() };
        // SAFETY: the two words of one owner, which gave it up.
        unsafe { Erased::new(self.data, word) }
    }
}
