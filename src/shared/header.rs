//! What every handle of a shared task reaches: the header, one count of it, and the one table of its wakers.

use core::any::TypeId;
use core::fmt;
use core::mem::ManuallyDrop;
use core::ptr::NonNull;

use super::state::{Fate, State, Wake};
use crate::waker::table::{Slot, WakeSlot};
use crate::{Free, WakerPointer, WakerVTable};

/// A task, whatever its header data and body. From allocation to free it is this one pointer, which covers the whole
/// allocation; fields are reached by raw projections from it.
pub(super) type Ptr = NonNull<Head>;

/// The two words that all tasks begin with.
#[repr(C)]
pub(super) struct Head {
    pub(super) table: &'static Table,
    pub(super) state: State,
}

/// How each task begins: [`Head`], then the scheduler's own data.
#[repr(C)]
pub(super) struct Front<H> {
    pub(super) head: Head,
    pub(super) data: H,
}

/// What the handles of a task cannot know of it: its types, and where and in which memory its body stands.
///
/// The functions take the task's own pointer, alive.
pub(super) struct Table {
    /// The type of the header data, whose identity this is. (That of a table is nobody's: it is a promoted constant.)
    pub(super) header_type: fn() -> TypeId,
    /// The name of the future's type, for people.
    pub(super) name: fn() -> &'static str,
    /// Whether the hook's `&self` has an end, so that a count has to be held through its call.
    pub(super) hook_borrows: bool,
    /// Hands a new runnable to the hook. Takes the runnable's count; if `hook_borrows`, another one is held.
    pub(super) schedule: unsafe fn(Ptr),
    /// Runs the runnable whose count it takes: polls the body once, or drops it. Gives the count back in `Woken` and
    /// `Foreign`. The second argument is the home of the caller.
    pub(super) run: unsafe fn(Ptr, usize) -> Ran,
    /// Moves the output to where the second argument points. Called once, on a joined task that has one.
    pub(super) fetch: unsafe fn(Ptr, *mut ()),
    /// Drops the header data and frees the memory. The body and the output are gone, and so is every count.
    pub(super) free: unsafe fn(Ptr),
    /// Drops the header data and leaves the rest: the body is alive, at home elsewhere, and every count is gone.
    pub(super) leave: unsafe fn(Ptr),
}

/// What a table's `run` answers.
pub(super) enum Ran {
    Pending,
    Woken,
    Complete,
    /// Nothing was run: the body is at home elsewhere.
    Foreign,
}

/// The state word of `task`.
///
/// # Safety
///
/// A count is held for `'a`. (The word is all atomic, so that a reference to it may see the last count given up.)
#[inline]
pub(super) unsafe fn state<'a>(task: Ptr) -> &'a State {
    // SAFETY: the caller's count keeps the header alive.
    let state = unsafe { &raw const (*task.as_ptr()).state };
    // SAFETY: as above; the field is only ever used by shared reference.
    unsafe { &*state }
}

/// The table of `task`.
///
/// # Safety
///
/// A count is held.
#[inline]
pub(super) unsafe fn table(task: Ptr) -> &'static Table {
    // SAFETY: the caller's count keeps the header alive, and the field never changes.
    unsafe { (*task.as_ptr()).table }
}

/// The scheduler's data in the header of `task`.
///
/// # Safety
///
/// The data is an `H`, and a count is held for `'a`; if `H` has neither size nor destructor, it was held once.
#[inline]
pub(super) unsafe fn data<'a, H>(task: Ptr) -> &'a H {
    // SAFETY: every task begins as a `Front` of its header data.
    let data = unsafe { &raw const (*task.cast::<Front<H>>().as_ptr()).data };
    // SAFETY: the field is only ever used by shared reference, and lives while a count is held.
    unsafe { &*data }
}

/// Gives up the caller's count.
///
/// # Safety
///
/// The caller has a count, which is not used again.
#[inline]
pub(super) unsafe fn release(task: Ptr) {
    // SAFETY: the count is the caller's, and given up by this very call.
    if unsafe { state(task) }.release() {
        // SAFETY: it was the last one.
        unsafe { last_of_many(task) }
    }
}

/// [`last`], out of line.
///
/// # Safety
///
/// As for `last`.
#[cold]
unsafe fn last_of_many(task: Ptr) {
    // SAFETY: the caller's promise.
    unsafe { last(task) }
}

/// Ends a task of which nobody has a handle any more: frees it, or has its scheduler drop the body first.
///
/// # Safety
///
/// The caller's count is the only one, or was; it is not used again.
#[inline]
pub(super) unsafe fn last(task: Ptr) {
    // SAFETY: nobody else can reach the task, so nobody else frees it.
    let table = unsafe { table(task) };
    // SAFETY: as above.
    match unsafe { state(task) }.last() {
        // SAFETY: as above, and the body is gone.
        Fate::Free => unsafe { (table.free)(task) },
        // SAFETY: `last` made the two counts.
        Fate::Schedule => unsafe { schedule_orphan(task) },
        // SAFETY: as above, and the body stays.
        Fate::Leak => unsafe { (table.leave)(task) },
    }
}

/// # Safety
///
/// The caller has two counts, which are not used again.
#[cold]
unsafe fn schedule_orphan(task: Ptr) {
    // SAFETY: one of the two.
    let kept = unsafe { AnyTask::from_ptr(task) };
    // SAFETY: the other one is the runnable's; the first is held through the call, also if it unwinds.
    unsafe { (kept.table().schedule)(task) };
    drop(kept);
}

/// One count of a task: what a waker and a `TaskRef` own.
///
/// # Invariants
///
/// 1. A value has one count. What it reaches is the header, whose data is `Send` and `Sync`: that is asked where tasks
///    are made.
pub(super) struct AnyTask(Ptr);

// SAFETY: invariant 1: the header may be used and dropped on any thread; the state word is atomic.
unsafe impl Send for AnyTask {}
// SAFETY: as above.
unsafe impl Sync for AnyTask {}

impl AnyTask {
    /// # Safety
    ///
    /// The caller has a count of `task`, which moves into the result.
    #[inline]
    pub(super) const unsafe fn from_ptr(task: Ptr) -> Self {
        Self(task)
    }

    #[inline]
    pub(super) const fn as_ptr(&self) -> Ptr {
        self.0
    }

    #[inline]
    pub(super) fn state(&self) -> &State {
        // SAFETY: the count is `self`'s.
        unsafe { state(self.0) }
    }

    #[inline]
    pub(super) fn table(&self) -> &'static Table {
        // SAFETY: the count is `self`'s.
        unsafe { table(self.0) }
    }

    #[inline]
    pub(super) fn wake(self) {
        let table = self.table();
        match self.state().wake(table.hook_borrows) {
            Wake::Schedule if table.hook_borrows => {
                // SAFETY: the runnable's count was added, and `self` holds its own through the call.
                unsafe { (table.schedule)(self.0) };
            }
            Wake::Schedule => {
                let task = self.into_ptr();
                // SAFETY: the runnable's count was `self`'s, and nothing of the hook's has an end.
                unsafe { (table.schedule)(task) };
            }
            Wake::Known => {
                self.into_ptr();
            }
            Wake::Complete => {}
        }
    }

    #[inline]
    pub(super) fn wake_by_ref(&self) {
        if self.state().wake_by_ref() {
            self.schedule();
        }
    }

    pub(super) fn cancel(&self) {
        if self.state().cancel() {
            self.schedule();
        }
    }

    /// Hands a runnable, whose count was just added, to the hook.
    #[inline]
    fn schedule(&self) {
        // SAFETY: the runnable's count was added by the caller, and `self` holds its own through the call.
        unsafe { (self.table().schedule)(self.0) }
    }

    /// Gives up ownership; the count goes with the pointer.
    #[inline]
    pub(super) fn into_ptr(self) -> Ptr {
        ManuallyDrop::new(self).0
    }
}

impl Clone for AnyTask {
    #[inline]
    fn clone(&self) -> Self {
        self.state().retain();
        Self(self.0)
    }
}

impl Drop for AnyTask {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: the count is `self`'s, and this is its end.
        unsafe { release(self.0) }
    }
}

// SAFETY: rule 1, 2, 4: the word is the pointer, and a value has one count. Rule 3: `retain` adds one. Rule 5: a count
// keeps the allocation, which is never moved. Rule 6: the target is nothing. Rule 7: none of these runs other code.
unsafe impl WakerPointer for AnyTask {
    type Target = ();
    type Kind = Free;

    #[inline]
    fn into_raw(self) -> *const () {
        self.into_ptr().as_ptr().cast_const().cast()
    }

    #[inline]
    fn as_raw(&self) -> *const () {
        self.0.as_ptr().cast_const().cast()
    }

    #[inline]
    unsafe fn from_raw(raw: *const ()) -> Self {
        // SAFETY: a raw word is a task's pointer, which is not null.
        Self(unsafe { NonNull::new_unchecked(raw.cast_mut()) }.cast())
    }

    #[inline]
    unsafe fn clone_raw(raw: *const ()) -> *const () {
        // SAFETY: a raw word is a task's pointer, which is not null.
        let task = unsafe { NonNull::new_unchecked(raw.cast_mut()) }.cast::<Head>();
        // SAFETY: the caller holds a count.
        unsafe { state(task) }.retain();
        raw
    }

    #[inline]
    unsafe fn as_ref<'a>(_raw: *const ()) -> &'a () {
        &()
    }
}

/// The table of the wakers of all shared tasks. One, and not generic: tables that are generic over the header are
/// promoted constants, two of which may become one, and then a header could be read as another's.
pub(super) static WAKERS: WakerVTable<AnyTask> = WakerVTable::for_slot::<Wakers>(&WAKERS);

pub(super) struct Wakers;

impl Slot for Wakers {
    type Pointer = AnyTask;

    #[inline]
    fn table() -> &'static WakerVTable<AnyTask> {
        &WAKERS
    }
}

impl WakeSlot for Wakers {
    #[inline]
    fn wake(task: AnyTask) {
        task.wake();
    }

    #[inline]
    fn wake_by_ref(task: &AnyTask) {
        task.wake_by_ref();
    }
}

/// Shows what a handle knows of its task; `more` adds what is the handle's own to show.
///
/// # Safety
///
/// A count of `task` is held.
pub(super) unsafe fn debug(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    task: Ptr,
    more: impl FnOnce(&mut fmt::DebugStruct<'_, '_>),
) -> fmt::Result {
    // SAFETY: the caller's promise.
    let state = unsafe { state(task) };
    // SAFETY: the caller's promise.
    let table = unsafe { table(task) };
    let mut f = f.debug_struct(name);
    f.field("address", &task).field("type", &(table.name)()).field("state", state);
    more(&mut f);
    f.finish()
}
