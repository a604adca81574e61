//! Handles and wakers of places in statics, which count nothing.

use core::any::TypeId;
use core::fmt;
use core::marker::PhantomData;
use core::mem::offset_of;
use core::ptr::{self, NonNull};
#[cfg(target_has_atomic = "ptr")]
use core::sync::atomic::{AtomicPtr, Ordering};
use core::task::{RawWaker, RawWakerVTable, Waker};

#[cfg(not(target_has_atomic = "ptr"))]
use portable_atomic::{AtomicPtr, Ordering};

use super::header::{self, Head, Ptr, Table};
use super::state::{Found, State, TaskState};
use super::trace::{self, Op};

/// A [`Head`] of a place in a static: all zero until its first task.
///
/// # Invariants
///
/// 1. `table` is null until the first spawn, which comes before the first handle and waker. From then on it is the last
///    task's, changed by a spawn alone. Who has a right to a task or a count of it, or has just got one by a wake, may read it
///    as a `Head`'s: a spawn does not come before that is given up. Others read it as an atomic, and use what is the same in
///    all tables of the place: the header's type and its hints.
#[repr(C)]
pub(super) struct StaticHead {
    // Not loom's, since it is read as a reference, too; a table orders nothing.
    table: AtomicPtr<StaticTable>,
    pub(super) state: State,
}

impl StaticHead {
    pub(super) const fn new(state: State) -> Self {
        Self { table: AtomicPtr::new(ptr::null_mut()), state }
    }

    /// For a claim's spawn.
    #[inline]
    pub(super) fn set_table(&self, table: &'static StaticTable) {
        self.table.store(ptr::from_ref(table).cast_mut(), Ordering::Relaxed);
    }
}

const _: () = assert!(
    size_of::<StaticHead>() == size_of::<Head>()
        && align_of::<StaticHead>() == align_of::<Head>()
        && offset_of!(StaticHead, state) == offset_of!(Head, state),
    "it is read as a `Head`"
);

/// The table of a task in a static. It begins as that of any other.
#[repr(C)]
pub(super) struct StaticTable {
    pub(super) table: Table,
    /// Calls one of the header's hints, `woken_while_free` if the second argument says so.
    pub(super) hint: unsafe fn(Ptr, bool),
}

/// The table of the wakers of all static tasks. One, and not generic, as that of the others; and a plain one, since there is
/// nothing to count: no constant, which could be merged with it, has functions of this file.
pub(super) static STATIC_WAKERS: RawWakerVTable = RawWakerVTable::new(
    |place| {
        // SAFETY: the word of a waker over this table.
        unsafe { told(place, trace::CLONE) };
        RawWaker::new(place, &STATIC_WAKERS)
    },
    // SAFETY: as above.
    |place| unsafe { wake_raw(place, trace::WAKE) },
    // SAFETY: as above.
    |place| unsafe { wake_raw(place, trace::WAKE_BY_REF) },
    |place| {
        // SAFETY: as above.
        unsafe { told(place, trace::DROP) };
    },
);

/// # Safety
///
/// `place` is the word of a waker over [`STATIC_WAKERS`].
unsafe fn wake_raw(place: *const (), op: Op) {
    // SAFETY: the caller's promise.
    let place = unsafe { told(place, op) };
    // SAFETY: a waker was made by a poll, or of a `StaticRef`.
    unsafe { wake(place) }
}

/// The place of a waker with which something is about to be done, which its subscriber hears.
///
/// # Safety
///
/// As for [`wake_raw`].
unsafe fn told(place: *const (), op: Op) -> Ptr {
    // SAFETY: it is a place's pointer, which is not null.
    let place = unsafe { NonNull::new_unchecked(place.cast_mut()) }.cast();
    // SAFETY: a place lives for ever.
    unsafe { header::state(place) }.trace().tell(op);
    place
}

/// Asks for a poll of the task that stands in `place`.
///
/// # Safety
///
/// `place` is that of a static task, and had one once.
unsafe fn wake(place: Ptr) {
    // SAFETY: a place lives for ever.
    let free = match unsafe { header::state(place) }.wake_place() {
        // SAFETY: the runnable's count was added. The header lives for ever, so that none is held through the call.
        Found::Idle => return unsafe { header::schedule(place) },
        Found::Scheduled => return,
        Found::Running => false,
        Found::Free => true,
    };
    // SAFETY: the caller's promise.
    let table = unsafe { table(place) };
    // SAFETY: the table is this place's.
    unsafe { (table.hint)(place, free) }
}

/// The table of the last task in `place`.
///
/// # Safety
///
/// As for [`wake`].
unsafe fn table(place: Ptr) -> &'static StaticTable {
    // SAFETY: a place begins with a `StaticHead`, and lives for ever.
    let table = unsafe { &(*place.cast::<StaticHead>().as_ptr()).table };
    // SAFETY: there was a spawn (invariant 1).
    unsafe { &*table.load(Ordering::Relaxed) }
}

/// A handle of the place of a [static task](crate::StaticTask) with the header data `H`: `Copy`, and it counts nothing. One
/// word, with a niche.
///
/// It is what a waker of a static task is made of, and names the place, not the task: what it wakes is the task that stands
/// there now. A handle of one task is a [`TaskRef`](crate::TaskRef) from [`Runnable::task`](crate::Runnable::task).
///
/// # Invariant
///
/// `place` is that of a static task with this header data, and had one once. It lives for ever.
pub struct StaticRef<H: 'static> {
    place: Ptr,
    header: PhantomData<fn(H) -> H>,
}

// SAFETY: what it reaches is the header, whose data is `Send` and `Sync`: that is asked where tasks are made.
unsafe impl<H: 'static> Send for StaticRef<H> {}
// SAFETY: as above.
unsafe impl<H: 'static> Sync for StaticRef<H> {}

impl<H: 'static> StaticRef<H> {
    /// The place of the static task behind `waker`, if it is a static task's and its header data is an `H`.
    ///
    /// Costs: one address comparison and one indirect call. What recovery sees and does not see stands at
    /// [`WakerVTable`](crate::WakerVTable#recovery). A waker that was made of a [`TaskRef`](crate::TaskRef) is a counted one,
    /// and not seen.
    #[must_use]
    pub fn from_waker(waker: &Waker) -> Option<Self> {
        if !ptr::eq(waker.vtable(), &raw const STATIC_WAKERS) {
            return None;
        }
        let place = NonNull::new(waker.data().cast_mut())?.cast();
        // SAFETY: it is the word of a waker over this table.
        let header_type = unsafe { table(place) }.table.header_type;
        (header_type() == TypeId::of::<H>()).then_some(Self { place, header: PhantomData })
    }

    /// The scheduler's data in the header, which is the place's.
    #[must_use]
    pub fn header(self) -> &'static H {
        // SAFETY: the data is an `H`, and lives for ever.
        unsafe { header::data(self.place) }
    }

    /// Asks for a poll of the task that stands here, if one does.
    ///
    /// Costs: one locked instruction, none if the place is free; two indirect calls where the task is idle, one for a
    /// [hint](crate::Schedule::woken_while_running).
    pub fn wake(self) {
        // SAFETY: a place lives for ever.
        unsafe { header::state(self.place) }.trace().tell(trace::WAKE_BY_REF);
        // SAFETY: the invariant.
        unsafe { wake(self.place) }
    }

    /// A waker of the place. Costs: two words are written.
    #[must_use]
    pub fn to_waker(self) -> Waker {
        // SAFETY: a place lives for ever.
        unsafe { header::state(self.place) }.trace().tell(trace::CLONE);
        // SAFETY: the functions are for this word, and count nothing.
        unsafe { Waker::new(self.place.as_ptr().cast_const().cast(), &STATIC_WAKERS) }
    }

    /// What is known now of the task that stands here; complete if none does.
    #[must_use]
    pub fn state(self) -> TaskState {
        // SAFETY: the invariant.
        unsafe { header::state(self.place) }.snapshot()
    }
}

impl<H: 'static> Clone for StaticRef<H> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<H: 'static> Copy for StaticRef<H> {}

/// Whether the two are handles of one place.
impl<H: 'static> PartialEq for StaticRef<H> {
    fn eq(&self, other: &Self) -> bool {
        self.place == other.place
    }
}

impl<H: 'static> Eq for StaticRef<H> {}

impl<H: fmt::Debug + 'static> fmt::Debug for StaticRef<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StaticRef")
            .field("address", &self.place)
            .field("state", &self.state())
            .field("header", self.header())
            .finish()
    }
}
