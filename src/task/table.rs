//! The tables of functions behind erased tasks.

#[cfg(feature = "alloc")]
use alloc::boxed::Box;
use core::alloc::Layout;
use core::any::{TypeId, type_name};
use core::fmt;
use core::marker::PhantomData;
use core::ops::Deref;
use core::ptr;
use core::task::Poll;

use super::contract::{UnsafeWakeableTask, WakeableTask};

/// The three functions that a hot loop needs of a task's table. Three words, in every version of this crate.
///
/// Written by hand it serves the bare pair [`UnsafeWakeablePtr`](crate::UnsafeWakeablePtr) only; owners and
/// registries take a [`TaskVTable`], which begins with these three and knows its type.
///
/// Each function takes a pointer to the task and asks its caller for the promise of the method of
/// [`UnsafeWakeableTask`](UnsafeWakeableTask#safety) that it stands for.
#[repr(C)]
pub struct UnsafeWakeableVTable {
    /// Polls the task.
    pub poll_fn: unsafe fn(*mut ()) -> Poll<()>,
    /// Calls the task's `wake`.
    pub wake_fn: unsafe fn(*const ()),
    /// Calls the task's shutdown function; the destructor is still to be run by whoever owns the task.
    pub drop_fn: unsafe fn(*mut ()),
}

impl fmt::Debug for UnsafeWakeableVTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnsafeWakeableVTable").field("address", &ptr::from_ref(self)).finish_non_exhaustive()
    }
}

/// Frees the memory of a task that is not in a box: a slot of a slab, a ring, an arena.
///
/// # Safety
///
/// `release` is called at most once for each owner made by [`OwnedTask::from_parts`](crate::OwnedTask::from_parts)
/// over a table that names this type: when the owner is dropped (never if it is forgotten), after the task's destructor
/// has run or panicked, on any thread that the owner has reached. It must then be sound, and must not unwind. It may
/// not read the value; the memory is its own from the beginning of the call, and may be used again before it ends.
pub unsafe trait Release<T> {
    /// Frees the memory that held a `T`.
    ///
    /// # Safety
    ///
    /// `task` is the pointer that the owner was made from. The value is gone, and from now on the owner and its table
    /// do not touch the memory.
    unsafe fn release(task: *mut T);
}

/// The table of one task type: the three functions that a poll needs, then what an owner needs once.
///
/// It has no type parameter, so tables of all types fit into one array; it holds the [`TypeId`] of its task type
/// instead, which every owner checks. No check compares the addresses of tables or functions.
///
/// # Invariants
///
/// 1. All functions take a pointer to the one type that `type_id` names.
/// 2. `calls` and `destroy` ask for nothing beyond the rules of [`UnsafeWakeableTask`](UnsafeWakeableTask#safety), now
///    and later.
/// 3. `boxed` means that `destroy` frees what `Box::<T>::into_raw` gave, and nothing else does.
/// 4. `twin` is the table of the same task once closed: same type and memory, and three functions that do not touch
///    the task. A table without a twin is one. `destroy` runs the shutdown function first, but not that of a twin.
#[repr(C)]
pub struct TaskVTable {
    calls: UnsafeWakeableVTable,
    destroy: unsafe fn(*mut ()),
    twin: Option<&'static Self>,
    type_id: fn() -> TypeId,
    type_name: fn() -> &'static str,
    layout: Layout,
    boxed: bool,
    /// Made by `of`, so of the same functions as each other one for its type.
    by_of: bool,
}

impl TaskVTable {
    /// The table of a task in a box.
    ///
    /// Without the feature `alloc` there are no boxes: the table then serves the bare pair, and an owner made over it
    /// by `from_parts` neither destroys nor frees its task.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::task::Poll;
    /// use waker_tables::{TaskVTable, WakeableTask};
    ///
    /// struct Parse;
    /// struct Merge;
    /// # impl WakeableTask for Parse { fn poll(&mut self) -> Poll<()> { Poll::Ready(()) } }
    /// # impl WakeableTask for Merge { fn poll(&mut self) -> Poll<()> { Poll::Ready(()) } }
    ///
    /// static STAGES: [TaskVTable; 2] = [TaskVTable::of::<Parse>(), TaskVTable::of::<Merge>()];
    /// assert!(STAGES[1].is::<Merge>());
    /// ```
    #[must_use]
    pub const fn of<T: WakeableTask + 'static>() -> Self {
        Self { by_of: true, ..Self::open::<T, Checked<T>, InBox>() }
    }

    /// The table of a task in a box, for a type with the `unsafe` contract.
    #[must_use]
    pub const fn of_unsafe<T: UnsafeWakeableTask + 'static>() -> Self {
        Self::open::<T, T, InBox>()
    }

    /// The table of a task whose memory `R` frees.
    ///
    /// Owners over it come only from [`OwnedTask::from_parts`](crate::OwnedTask::from_parts). Their `downcast` gives
    /// the owner back, since there is no box.
    #[must_use]
    pub const fn of_released<T: WakeableTask + 'static, R: Release<T> + 'static>() -> Self {
        Self::open::<T, Checked<T>, Given<R>>()
    }

    /// [`of_released`](Self::of_released) for a type with the `unsafe` contract.
    #[must_use]
    pub const fn of_released_unsafe<T: UnsafeWakeableTask + 'static, R: Release<T> + 'static>() -> Self {
        Self::open::<T, T, Given<R>>()
    }

    /// Whether this is a table of `T`.
    ///
    /// Costs: one indirect call.
    #[must_use]
    pub fn is<T: 'static>(&self) -> bool {
        (self.type_id)() == TypeId::of::<T>()
    }

    /// The name of the task type, for diagnostics.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        (self.type_name)()
    }

    /// Size and alignment of the task type.
    #[must_use]
    pub const fn layout(&self) -> Layout {
        self.layout
    }

    /// The three functions alone, also in constants. Inside functions `&NAME` coerces to the same reference.
    #[inline]
    #[must_use]
    pub const fn raw(&'static self) -> &'static UnsafeWakeableVTable {
        &self.calls
    }

    /// Whether an owner over this table holds a `Box<T>`.
    #[cfg_attr(not(feature = "alloc"), expect(dead_code, reason = "without `alloc` there are no boxes"))]
    pub(crate) fn boxes<T: 'static>(&self) -> bool {
        self.boxed && self.is::<T>()
    }

    /// The type of the tasks that an owner over this table holds in boxes.
    #[cfg(all(feature = "registry", feature = "alloc", target_has_atomic = "ptr"))]
    pub(crate) fn boxed_type(&self) -> Option<TypeId> {
        self.boxed.then(|| (self.type_id)())
    }

    /// Whether nothing tells the two apart: they are one, or `of` made both for one type.
    #[cfg(all(feature = "registry", feature = "alloc", target_has_atomic = "ptr"))]
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        ptr::eq(self, other) || self.by_of && other.by_of && (self.type_id)() == (other.type_id)()
    }

    /// The table of the same task once it is closed; none if this is that table.
    #[inline]
    pub(crate) const fn twin(&self) -> Option<&'static Self> {
        self.twin
    }

    /// Runs the shutdown function unless this is a closed table, then the destructor, and frees the memory; each also
    /// where the one before it unwinds. One call, since most tasks have nothing to do in either.
    ///
    /// # Safety
    ///
    /// `task` is a task of this table's type in this table's kind of memory, and nobody uses it again. Nobody has run
    /// its shutdown function, unless this is a closed table.
    #[inline]
    pub(crate) unsafe fn destroy(&self, task: *mut ()) {
        // SAFETY: the caller's promise is what `destroy` asks for.
        unsafe { (self.destroy)(task) }
    }

    /// `C` is `T` itself or a transparent wrapper of it.
    const fn open<T: 'static, C: UnsafeWakeableTask, M: Memory<T> + 'static>() -> Self {
        let calls = UnsafeWakeableVTable { poll_fn: poll::<C>, wake_fn: wake::<C>, drop_fn: drop_in_place::<C> };
        Self::build::<T, M>(calls, close_and_destroy::<T, C, M>, Some(&<(T, M)>::CLOSED))
    }

    const fn build<T: 'static, M: Memory<T>>(
        calls: UnsafeWakeableVTable,
        destroy: unsafe fn(*mut ()),
        twin: Option<&'static Self>,
    ) -> Self {
        Self {
            calls,
            destroy,
            twin,
            type_id: TypeId::of::<T>,
            type_name: type_name::<T>,
            layout: Layout::new::<T>(),
            boxed: M::BOXED,
            by_of: false,
        }
    }
}

impl Deref for TaskVTable {
    type Target = UnsafeWakeableVTable;

    #[inline]
    fn deref(&self) -> &UnsafeWakeableVTable {
        &self.calls
    }
}

impl fmt::Debug for TaskVTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskVTable")
            .field("type", &self.type_name())
            .field("address", &ptr::from_ref(self))
            .finish_non_exhaustive()
    }
}

/// The twin as an associated constant of type and memory: a constant expression, so a reference to it is
/// `&'static` (a run-time value would be E0716).
trait Closed {
    const CLOSED: TaskVTable;
}

impl<T: 'static, M: Memory<T> + 'static> Closed for (T, M) {
    const CLOSED: TaskVTable = TaskVTable::build::<T, M>(
        UnsafeWakeableVTable { poll_fn: closed_poll, wake_fn: closed_wake, drop_fn: closed_drop },
        destroy::<T, M>,
        None,
    );
}

unsafe fn closed_poll(_: *mut ()) -> Poll<()> {
    Poll::Ready(())
}

unsafe fn closed_wake(_: *const ()) {}

unsafe fn closed_drop(_: *mut ()) {}

/// A safe task as an `unsafe` one: a table's three functions are written once, over the `unsafe` contract.
#[repr(transparent)]
struct Checked<T>(T);

// SAFETY: safe functions are sound in any order and number.
unsafe impl<T: WakeableTask> UnsafeWakeableTask for Checked<T> {
    unsafe fn poll(&mut self) -> Poll<()> {
        self.0.poll()
    }

    unsafe fn wake(&self) {
        self.0.wake();
    }

    unsafe fn drop_in_place(&mut self) {
        self.0.close();
    }
}

// The three functions of an open table. Their callers keep the promise of the method of `UnsafeWakeableTask`.

unsafe fn poll<T: UnsafeWakeableTask>(task: *mut ()) -> Poll<()> {
    // SAFETY: rules 1 and 2: a live `T`, exclusively.
    let task = unsafe { &mut *task.cast::<T>() };
    // SAFETY: the caller keeps the method's promise, which is all that the type may ask for.
    unsafe { task.poll() }
}

unsafe fn wake<T: UnsafeWakeableTask>(task: *const ()) {
    // SAFETY: rules 1 and 3: a live `T`, shared at the most.
    let task = unsafe { &*task.cast::<T>() };
    // SAFETY: the caller keeps the method's promise, which is all that the type may ask for.
    unsafe { task.wake() }
}

unsafe fn drop_in_place<T: UnsafeWakeableTask>(task: *mut ()) {
    // SAFETY: rules 1 and 2: a live `T`, exclusively.
    let task = unsafe { &mut *task.cast::<T>() };
    // SAFETY: the caller keeps the method's promise, which is all that the type may ask for.
    unsafe { task.drop_in_place() }
}

/// Where a task stands, and how that memory is given back.
trait Memory<T> {
    const BOXED: bool;

    /// # Safety
    ///
    /// `task` is a `T` in this kind of memory, and nobody uses it again.
    unsafe fn destroy(task: *mut T);
}

struct InBox;

impl<T> Memory<T> for InBox {
    const BOXED: bool = true;

    #[cfg(feature = "alloc")]
    unsafe fn destroy(task: *mut T) {
        // SAFETY: `boxed` owners are made of `Box::into_raw` pointers only; the box frees also on unwind.
        drop(unsafe { Box::from_raw(task) });
    }

    #[cfg(not(feature = "alloc"))]
    unsafe fn destroy(_task: *mut T) {}
}

struct Given<R>(PhantomData<R>);

impl<T, R: Release<T>> Memory<T> for Given<R> {
    const BOXED: bool = false;

    unsafe fn destroy(task: *mut T) {
        /// Gives the memory back when it goes out of scope, so also when the destructor unwinds.
        struct GiveBack<T, R: Release<T>>(*mut T, PhantomData<R>);

        impl<T, R: Release<T>> Drop for GiveBack<T, R> {
            fn drop(&mut self) {
                // SAFETY: the destructor has run or unwound, once, and this is the pointer the owner came from.
                unsafe { R::release(self.0) }
            }
        }

        let memory = GiveBack::<T, R>(task, PhantomData);
        // SAFETY: the caller's `T` is live and nobody uses it again.
        unsafe { ptr::drop_in_place(memory.0) }
    }
}

/// `destroy` without the type of the task.
///
/// # Safety
///
/// As [`Memory::destroy`], for the `T` that `task` points to.
unsafe fn destroy<T, M: Memory<T>>(task: *mut ()) {
    // SAFETY: the caller's promise.
    unsafe { M::destroy(task.cast::<T>()) }
}

/// [`destroy`] after the shutdown function, also where that unwinds.
///
/// # Safety
///
/// As [`Memory::destroy`], and nobody has run the shutdown function. `C` is `T` itself or a transparent wrapper of it.
unsafe fn close_and_destroy<T, C: UnsafeWakeableTask, M: Memory<T>>(task: *mut ()) {
    /// Destroys the task when it goes out of scope.
    struct Destroy<T, M: Memory<T>>(*mut T, PhantomData<M>);

    impl<T, M: Memory<T>> Drop for Destroy<T, M> {
        fn drop(&mut self) {
            // SAFETY: the caller's promise of the outer function; that function is over.
            unsafe { M::destroy(self.0) }
        }
    }

    let rest = Destroy::<T, M>(task.cast(), PhantomData);
    // SAFETY: live and the caller's alone from now on; nobody has run that function, and only the destructor follows.
    unsafe { drop_in_place::<C>(task) }
    drop(rest);
}
