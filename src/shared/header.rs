//! What every handle of a shared task reaches: the two words that all tasks begin with.

use core::any::TypeId;
use core::fmt;
use core::mem::ManuallyDrop;
use core::ptr::NonNull;

use super::state::{Fate, State};

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
    /// The count at which its holder has the task to itself: `ALONE`, or `NEVER` if the task was put on a list.
    pub(super) only: usize,
    /// Whether the hook's `&self` must outlive its call, so that a count has to be held through that.
    pub(super) hook_borrows: bool,
    /// Hands a new runnable to the hook. Takes the runnable's count; if `hook_borrows`, another one is held.
    pub(super) schedule: unsafe fn(Ptr),
    /// Runs the runnable whose count it takes: polls the body once, or drops it. Gives the count back with `Woken`, and
    /// where nothing was run, because the body is not at home where the second argument says.
    pub(super) run: unsafe fn(Ptr, usize) -> Option<Ran>,
    /// Moves the output to where the second argument points. Called once, on a joined task that has one.
    pub(super) fetch: unsafe fn(Ptr, *mut ()),
    /// Drops the header data and frees the memory. The body and the output are gone, and so is every count.
    pub(super) free: unsafe fn(Ptr),
    /// Drops the header data and leaves the rest: the body is alive, must not be dropped here, and every count is gone.
    pub(super) leak: unsafe fn(Ptr),
}

/// What became of a task that was run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ran {
    /// It waits: the next wake calls the hook.
    Pending,
    /// It was woken while it ran, and was handed to its hook.
    Woken,
    /// It waited, and nothing was left that could wake it: its body was dropped. Most often a future that answers
    /// `Pending` without having kept a waker.
    Lost,
    /// It is over: it finished, or was cancelled.
    Complete,
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
        Fate::Leak => unsafe { (table.leak)(task) },
    }
}

/// # Safety
///
/// The caller has two counts, which are not used again.
#[cold]
unsafe fn schedule_orphan(task: Ptr) {
    // SAFETY: one of the two.
    let held = unsafe { Held::new(task) };
    // SAFETY: the other one is the runnable's; the first is held through the call.
    unsafe { schedule(task) };
    held.release();
}

/// Hands a runnable to the hook.
///
/// # Safety
///
/// The caller gives up the runnable's count, and another one is held if the hook borrows.
#[inline]
pub(super) unsafe fn schedule(task: Ptr) {
    // SAFETY: the caller's count.
    let table = unsafe { table(task) };
    // SAFETY: the caller's promise.
    unsafe { (table.schedule)(task) }
}

/// A count that is held through a call of the hook.
///
/// Dropped, because the hook unwinds, it is given up without asking the hook again: a body that nobody can reach then
/// leaks. (It is at home elsewhere, or was run meanwhile and kept no waker: it is not dropped here, since an `unsafe` spawn may
/// have promised its thread for runnables alone.)
pub(super) struct Held(Ptr);

impl Held {
    /// # Safety
    ///
    /// The caller has a count of `task`, which moves into the result.
    #[inline]
    pub(super) const unsafe fn new(task: Ptr) -> Self {
        Self(task)
    }

    pub(super) const fn as_ptr(&self) -> Ptr {
        self.0
    }

    /// Gives up the count after the call.
    #[inline]
    pub(super) fn release(self) {
        let task = ManuallyDrop::new(self).0;
        // SAFETY: the count was `self`'s.
        unsafe { release(task) }
    }
}

impl Drop for Held {
    #[cold]
    #[inline(never)]
    fn drop(&mut self) {
        // SAFETY: the count is `self`'s.
        let state = unsafe { state(self.0) };
        if state.release() {
            // SAFETY: it was the last one.
            let table = unsafe { table(self.0) };
            let end = if state.is_complete() { table.free } else { table.leak };
            // SAFETY: as above; the body is gone, or else stays.
            unsafe { end(self.0) }
        }
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
    let state = unsafe { state(task) }.snapshot();
    // SAFETY: the caller's promise.
    let table = unsafe { table(task) };
    let mut f = f.debug_struct(name);
    f.field("address", &task).field("type", &(table.name)()).field("state", &state);
    more(&mut f);
    f.finish()
}
