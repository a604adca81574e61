//! Handles and wakers of places in statics, which count nothing.

use core::any::TypeId;
use core::fmt;
use core::marker::PhantomData;
use core::mem::{ManuallyDrop, offset_of};
use core::ptr::{self, NonNull};
#[cfg(target_has_atomic = "ptr")]
use core::sync::atomic::{AtomicPtr, Ordering};
use core::task::Waker;

#[cfg(not(target_has_atomic = "ptr"))]
use portable_atomic::{AtomicPtr, Ordering};

use super::header::{self, Head, Ptr, Table};
use super::state::{Found, State, TaskState};
use super::trace::{self, Op};
use crate::waker::table::{Slot, WakeSlot};
use crate::waker::{Free, WakerPointer, WakerVTable};

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

/// A place in a static that had a task once. It lives for ever.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Place(Ptr);

// SAFETY: what it reaches is the header, whose data is `Send` and `Sync`: that is asked where tasks are made.
unsafe impl Send for Place {}
// SAFETY: as above.
unsafe impl Sync for Place {}

impl Place {
    #[inline]
    fn state(self) -> &'static State {
        // SAFETY: it lives for ever.
        unsafe { header::state(self.0) }
    }

    fn table(self) -> &'static StaticTable {
        // SAFETY: a place begins with a `StaticHead`, and lives for ever.
        let table = unsafe { &(*self.0.cast::<StaticHead>().as_ptr()).table };
        // SAFETY: there was a spawn (invariant 1).
        unsafe { &*table.load(Ordering::Relaxed) }
    }

    #[inline]
    fn tell(self, op: Op) {
        self.state().trace().tell(op);
    }

    #[inline]
    fn wake(self) {
        match self.state().wake_place() {
            // SAFETY: the runnable's count was added. The header lives for ever, so that none is held through the call.
            Found::Idle => unsafe { header::schedule(self.0) },
            Found::Scheduled => {}
            // SAFETY: the table is this place's.
            Found::Running => unsafe { (self.table().hint)(self.0, false) },
            // SAFETY: as above.
            Found::Free => unsafe { (self.table().hint)(self.0, true) },
        }
    }
}

/// What a waker of a place is: nothing but the place, of which its subscriber hears.
pub(super) struct Awake(Place);

impl Drop for Awake {
    #[inline]
    fn drop(&mut self) {
        self.0.tell(trace::DROP);
    }
}

// SAFETY: rule 1, 2, 4: the word is the pointer, and there is nothing to own. Rule 3: `clone_raw` gives the word back. Rule
// 5: a place lives for ever. Rule 6: the target is nothing. Rule 7: none of these runs other code, but for a subscriber's,
// before anything is done.
unsafe impl WakerPointer for Awake {
    type Target = ();
    type Kind = Free;

    #[inline]
    fn into_raw(self) -> *const () {
        ManuallyDrop::new(self).as_raw()
    }

    #[inline]
    fn as_raw(&self) -> *const () {
        self.0.0.as_ptr().cast_const().cast()
    }

    #[inline]
    unsafe fn from_raw(raw: *const ()) -> Self {
        // SAFETY: a raw word is a place's pointer, which is not null.
        Self(Place(unsafe { NonNull::new_unchecked(raw.cast_mut()) }.cast()))
    }

    #[inline]
    unsafe fn clone_raw(raw: *const ()) -> *const () {
        // SAFETY: the caller's promise.
        ManuallyDrop::new(unsafe { Self::from_raw(raw) }).0.tell(trace::CLONE);
        raw
    }

    #[inline]
    unsafe fn as_ref<'a>(_raw: *const ()) -> &'a () {
        &()
    }
}

/// The table of the wakers of all static tasks. One, and not generic, as that of the others.
pub(super) static STATIC_WAKERS: WakerVTable<Awake> = WakerVTable::for_slot::<StaticWakers>(&STATIC_WAKERS);

pub(super) struct StaticWakers;

impl Slot for StaticWakers {
    type Pointer = Awake;

    #[inline]
    fn table() -> &'static WakerVTable<Awake> {
        &STATIC_WAKERS
    }
}

impl WakeSlot for StaticWakers {
    #[inline]
    fn wake(waker: Awake) {
        let Awake(place) = *ManuallyDrop::new(waker);
        place.tell(trace::WAKE);
        place.wake();
    }

    #[inline]
    fn wake_by_ref(&Awake(place): &Awake) {
        place.tell(trace::WAKE_BY_REF);
        place.wake();
    }
}

/// A handle of the place of a [static task](crate::StaticTask) with the header data `H`: `Copy`, and it counts nothing. One
/// word, with a niche.
///
/// It is what a waker of a static task is made of, and names the place, not the task: what it wakes is the task that stands
/// there now. A handle of one task is a [`TaskRef`](crate::TaskRef) from [`Runnable::task`](crate::Runnable::task).
pub struct StaticRef<H: 'static> {
    place: Place,
    header: PhantomData<fn(H) -> H>,
}

impl<H: 'static> StaticRef<H> {
    /// The place of the static task behind `waker`, if it is a static task's and its header data is an `H`.
    ///
    /// Costs: two address comparisons and one indirect call. What recovery sees and does not see stands at
    /// [`WakerVTable`](crate::WakerVTable#recovery). A waker that was made of a [`TaskRef`](crate::TaskRef) is a counted one,
    /// and not seen.
    #[must_use]
    pub fn from_waker(waker: &Waker) -> Option<Self> {
        if !STATIC_WAKERS.matches(waker) {
            return None;
        }
        // SAFETY: the word of a waker over this table is a place's pointer.
        let Awake(place) = *ManuallyDrop::new(unsafe { Awake::from_raw(waker.data()) });
        let is_of = (place.table().table.header_type)() == TypeId::of::<H>();
        is_of.then_some(Self { place, header: PhantomData })
    }

    /// The scheduler's data in the header, which is the place's.
    #[inline]
    #[must_use]
    pub fn header(self) -> &'static H {
        // SAFETY: the data is an `H`, and lives for ever.
        unsafe { header::data(self.place.0) }
    }

    /// Asks for a poll of the task that stands here, if one does.
    ///
    /// Costs: one locked instruction, none if the place is free; two indirect calls where the task is idle, one for a
    /// [hint](crate::Schedule::woken_while_running).
    #[inline]
    pub fn wake(self) {
        self.place.tell(trace::WAKE_BY_REF);
        self.place.wake();
    }

    /// A waker of the place. Costs: two words are written.
    #[inline]
    #[must_use]
    pub fn to_waker(self) -> Waker {
        self.place.tell(trace::CLONE);
        STATIC_WAKERS.waker(Awake(self.place))
    }

    /// What is known now of the task that stands here; complete if none does.
    #[inline]
    #[must_use]
    pub fn state(self) -> TaskState {
        self.place.state().snapshot()
    }
}

impl<H: 'static> Clone for StaticRef<H> {
    #[inline]
    fn clone(&self) -> Self {
        *self
    }
}

impl<H: 'static> Copy for StaticRef<H> {}

/// Whether the two are handles of one place.
impl<H: 'static> PartialEq for StaticRef<H> {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        self.place == other.place
    }
}

impl<H: 'static> Eq for StaticRef<H> {}

impl<H: fmt::Debug + 'static> fmt::Debug for StaticRef<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StaticRef")
            .field("address", &self.place.0)
            .field("state", &self.state())
            .field("header", self.header())
            .finish()
    }
}
