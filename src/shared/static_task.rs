//! Places in statics whose tasks come and go.

use core::alloc::Layout;
use core::cell::UnsafeCell;
use core::fmt;
use core::future::Future;
use core::mem::{self, ManuallyDrop, MaybeUninit, offset_of};
use core::ptr::NonNull;
use core::task::RawWakerVTable;

use super::cell::Cell;
use super::header::{self, Front, Ptr, Table};
use super::home::Home;
use super::hook::ByHeader;
use super::joined::Detached;
use super::kind::{Anywhere, AtHome, Kind};
use super::member::IsMember;
use super::memory::ReleaseTask;
use super::runnable::{LocalRunnable, Runnable};
use super::schedule::Schedule;
use super::state::{CANCELLED, NEVER, State};
use super::static_ref::{STATIC_WAKERS, StaticHead, StaticTable};
use super::task_place::check;
use super::trace::Label;
use crate::sync::{self, const_fn};

/// A place for one detached task at a time, whose header data lives for ever: for a `static`; no allocator, and wakers that
/// count nothing.
///
/// [`claim`](Self::claim) it, and spawn in it, as often as the task before is over:
///
/// ```text
///   free ──(1) claim──► claimed ──(2) spawn──► scheduled ──(3) run──► running ──► idle ──(4) wake──► scheduled
///    ▲                     │                       │                     │
///    └─────────────────────┴──(5) dropped──────────┴──(6) ready, panicked, cancelled
/// ```
///
/// | step | the word | other code that runs |
/// |---|---|---|
/// | (1) | a compare-and-swap, from a place that is free: so two runnables of one place never exist | none |
/// | (2) | unchanged: a wake finds that there is a runnable | what makes the future |
/// | (3), (4) | as of every task, but that a wake neither takes nor gives up a count of its own | the future; the hook |
/// | (5), (6) | the last use of the place is the change that frees it | destructors of future and output, before |
///
/// **Wakers** are two words that are copied; to clone or drop one does nothing. One that was kept from a task that is over
/// wakes the task that stands here now: a spurious wake, which every future allows. If none does, the wake does nothing,
/// but for a [hint](Schedule::woken_while_free). So no waker keeps the place, nor is a task [`Lost`](crate::Ran::Lost): one that nobody
/// wakes stays.
///
/// **Handles.** A [`StaticRef`](crate::StaticRef) is as free, and names the place. A [`TaskRef`](crate::TaskRef), from
/// [`Runnable::task`], names the task: as long as there is one, or a waker made of it, no other task comes to stand here, so that it
/// cancels that one or none. Dropped last, it frees the place, and nothing else: it does not cancel.
///
/// **Kinds.** `K` says whether the tasks run [`Anywhere`] or are [`AtHome`]. Runnables are those of all tasks. One of a task
/// at home that is dropped elsewhere leaves it idle and cancelled, with the place taken, until a wake calls the hook again and a run at home
/// drops the body. Where the home is gone, or a runnable is forgotten, the place stays taken for good.
///
/// **Memory.** Two words, the header data, one word if it is at home, and `B`: the type of the future, or of any other that is
/// large enough. [`static_task!`](crate::static_task) declares a place for an `async fn`, whose future's type has no name. A
/// place whose header data is all zero takes no room in the program's image.
///
/// # Panics
///
/// | a panic in | what holds after |
/// |---|---|
/// | what makes the future | the place is free |
/// | the poll | the body is dropped, the place free; then it leaves `run` |
/// | the destructor of the future or of the output | the place is free |
/// | the future's destructor, after a panic of the poll | the process aborts |
/// | the hook | what it did with the runnable holds; later wakes work |
/// | a hint | the wake is done; it leaves `wake` |
///
/// # Examples
///
/// ```
/// use std::future::{Ready, ready};
/// use waker_tables::{Linked, Queue, Ran, Runnable, Schedule, StaticTask};
///
/// struct InQueue;
///
/// static QUEUE: Queue<InQueue> = Queue::new();
///
/// impl Schedule<waker_tables::Anywhere, Linked<Self>> for InQueue {
///     fn schedule(&self, runnable: Runnable<Linked<Self>>) {
///         let _ = QUEUE.push(runnable);
///     }
/// }
///
/// static TASK: StaticTask<Linked<InQueue>, Ready<()>> = StaticTask::new(Linked::new(InQueue));
///
/// for _ in 0..2 {
///     let claim = TASK.claim().expect("the task before is over");
///     claim.spawn(|| ready(())).schedule();
///     assert!(TASK.claim().is_none());
///     assert_eq!(QUEUE.taker().unwrap().pop().unwrap().run(), Ran::Complete);
/// }
/// ```
///
/// A pool is an array: `static POOL: [StaticTask<…>; 4] = [const { StaticTask::new(…) }; 4];`, and
/// `POOL.iter().find_map(StaticTask::claim)`.
///
/// The idea is that of `embassy`'s tasks, as is the hint.
#[repr(transparent)]
pub struct StaticTask<H: 'static, B, K = Anywhere> {
    memory: UnsafeCell<Memory<H, B, K>>,
}

/// What a [`Cell`] is laid over, so that it may begin in a constant.
#[repr(C)]
struct Memory<H, B, K> {
    head: StaticHead,
    data: H,
    kind: MaybeUninit<K>,
    body: MaybeUninit<sync::Cell<B>>,
}

// SAFETY: the data is `Sync`. The rest is atomic, or reached by one at a time, who has a claim or a right to the body; that
// is `Send` or stays at home, or else the caller of an `unsafe` spawn sees to it.
unsafe impl<H: Sync + 'static, B, K> Sync for StaticTask<H, B, K> {}

/// A task that stands in a [`StaticTask`].
type InStaticCell<H, K, F> = Cell<H, Detached, K, ByHeader, InStatic, F>;

/// What makes a task a static one: it is on no list, its wakers count nothing, and no holder of a count is ever alone.
pub(super) struct InStatic;

impl<H> IsMember<H> for InStatic {
    const ONLY: usize = NEVER;
    const WAKERS: &'static RawWakerVTable = &STATIC_WAKERS;
    type Node = ();

    fn node(_task: NonNull<()>) {}
}

// SAFETY: there is nothing to give back, and nobody does: the place has a count that is never given up.
unsafe impl ReleaseTask for InStatic {
    unsafe fn release(_memory: NonNull<u8>, _layout: Layout) {}
}

impl<H: 'static, B, K> StaticTask<H, B, K> {
    const_fn! {
        /// A free place with the scheduler's data in its header.
        #[must_use]
        pub fn new(header: H) -> Self {
            let head = StaticHead::new(State::unclaimed());
            let (kind, body) = (MaybeUninit::uninit(), MaybeUninit::uninit());
            Self { memory: UnsafeCell::new(Memory { head, data: header, kind, body }) }
        }
    }

    /// The pointer that all handles have, which covers the whole place.
    const fn as_ptr(&self) -> Ptr {
        // SAFETY: a cell's address is not null.
        unsafe { NonNull::new_unchecked(self.memory.get()) }.cast()
    }

    fn state(&self) -> &State {
        // SAFETY: the place begins as a head, and is borrowed.
        let head = unsafe { &*self.as_ptr().cast::<StaticHead>().as_ptr() };
        &head.state
    }

    /// The right to make a task here, if the place is free: there is no task, no claim, and no [`TaskRef`](crate::TaskRef) of the
    /// last one. Costs: one locked instruction, none if it is not.
    #[cfg_attr(feature = "tracing", track_caller)]
    pub fn claim(&'static self) -> Option<StaticClaim<H, B, K>> {
        let label = Label::here();
        // Made only if it is free: dropped, a claim would free the place of another.
        self.state().claim().then(|| StaticClaim { place: self, label })
    }

    /// Whether a claim would succeed now; another thread's may come in between.
    #[must_use]
    pub fn is_free(&self) -> bool {
        self.state().is_free()
    }

    /// The scheduler's data in the header.
    #[must_use]
    pub const fn header(&self) -> &H {
        // SAFETY: a projection.
        let data = unsafe { &raw const (*self.memory.get()).data };
        // SAFETY: the field is only ever used by shared reference.
        unsafe { &*data }
    }
}

impl<H: fmt::Debug + 'static, B, K> fmt::Debug for StaticTask<H, B, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state().snapshot();
        f.debug_struct("StaticTask").field("state", &state).field("header", self.header()).finish_non_exhaustive()
    }
}

/// The right to make one task in a [`StaticTask`], which is taken until then, and free again if this is dropped. One word;
/// with the feature `tracing` also what is told of the task.
#[must_use = "dropped, it leaves the place free"]
pub struct StaticClaim<H: 'static, B: 'static, K: 'static = Anywhere> {
    place: &'static StaticTask<H, B, K>,
    label: Label,
}

impl<H: 'static, B, K> StaticClaim<H, B, K> {
    /// The scheduler's data in the header. Wakers of tasks that are over may reach it at the same time.
    #[must_use]
    pub const fn header(&self) -> &'static H {
        self.place.header()
    }

    /// The task is called `name` by consoles, with the feature `tracing`; without it this does nothing.
    pub fn name(mut self, name: &'static str) -> Self {
        self.label.set_name(name);
        self
    }
}

impl<H: Schedule, B> StaticClaim<H, B> {
    /// Makes the task of the future that `make` makes, in the place, scheduled. The runnable is the caller's to queue, or to
    /// hand to the hook with [`Runnable::schedule`].
    ///
    /// In a release build the future is written where it stays; a debug build has one copy on the stack, what `make` returns.
    /// One that is too large for the place does not compile. It may keep a reference to the header data, which it has from
    /// [`header`](Self::header).
    ///
    /// Costs: no locked instruction, beside the claim's.
    ///
    /// # Panics
    ///
    /// With what `make` panics; the place is free then.
    ///
    /// # Examples
    ///
    /// A future that is not `Send` is refused; a place for tasks at home takes it, by [`spawn_at`](StaticClaim::spawn_at).
    ///
    /// ```compile_fail,E0277
    /// # use waker_tables::{Runnable, Schedule, StaticTask};
    /// # struct Drops;
    /// # impl Schedule for Drops { fn schedule(&self, _: Runnable<Self>) {} }
    /// static TASK: StaticTask<Drops, [usize; 8]> = StaticTask::new(Drops);
    /// let here = std::rc::Rc::new(1);
    /// TASK.claim().unwrap().spawn(|| std::future::ready(here));
    /// ```
    ///
    /// ```
    /// # use waker_tables::{AtHome, Home, LocalRunnable, Schedule, StaticTask};
    /// # struct Drops;
    /// # impl Schedule<AtHome> for Drops { fn schedule(&self, _: LocalRunnable<Self>) {} }
    /// static TASK: StaticTask<Drops, [usize; 8], AtHome> = StaticTask::new(Drops);
    /// let (home, here) = (Home::new(), std::rc::Rc::new(1));
    /// let runnable = TASK.claim().unwrap().spawn_at(&home, || async move { assert_eq!(*here, 1) });
    /// assert!(home.run(runnable).is_ok());
    /// ```
    pub fn spawn<F: Future + Send + 'static>(self, make: impl FnOnce() -> F) -> Runnable<H> {
        const { Self::check::<F>() };
        // SAFETY: it fits, and the body is `Send`.
        unsafe { self.make(Anywhere, make) }
    }

    /// [`spawn`](Self::spawn) for a future that is not `Send`.
    ///
    /// # Safety
    ///
    /// Every [`Runnable`] of the task is run and dropped on one thread, until the body is gone; the wakes of others hand it to the
    /// hook there, which brings it over. That is the thread that calls this, or else the future is `Send` before its first poll. A
    /// hook that drops the runnable elsewhere, because a channel is closed or because it panics, breaks this.
    pub unsafe fn spawn_unchecked<F: Future + 'static>(self, make: impl FnOnce() -> F) -> Runnable<H> {
        const { Self::check::<F>() };
        // SAFETY: it fits, and the caller's promise.
        unsafe { self.make(Anywhere, make) }
    }
}

impl<H: Schedule<AtHome>, B> StaticClaim<H, B, AtHome> {
    /// Makes a task that is at home in `home`, of the future that `make` makes, in the place, scheduled. As
    /// [`spawn`](StaticClaim::spawn) otherwise, but that the future need not be `Send`.
    ///
    /// # Panics
    ///
    /// With what `make` panics; the place is free then.
    pub fn spawn_at<F: Future + 'static>(self, home: &Home, make: impl FnOnce() -> F) -> LocalRunnable<H> {
        const { Self::check::<F>() };
        // SAFETY: it fits, and the body is at home.
        unsafe { self.make(home.kind(), make) }
    }
}

impl<H: Schedule<K>, B, K: Kind> StaticClaim<H, B, K> {
    /// Refuses a future that does not fit; asked where the caller's line is shown.
    const fn check<F: Future>() {
        assert!(offset_of!(Memory<H, B, K>, data) == offset_of!(Front<H>, data), "a place begins as a task");
        let (size, align) = (size_of::<StaticTask<H, B, K>>(), align_of::<StaticTask<H, B, K>>());
        check(Layout::new::<InStaticCell<H, K, F>>(), size, align);
    }

    /// # Safety
    ///
    /// The place was [checked](Self::check). The body may go where runnables of this kind do, or the caller sees to it.
    unsafe fn make<F: Future + 'static>(mut self, kind: K, make: impl FnOnce() -> F) -> Runnable<H, K> {
        let table: &'static StaticTable = const { &Self::table::<F>() };
        let task = self.place.as_ptr();
        let cell = task.cast::<InStaticCell<H, K, F>>();
        // SAFETY: the place begins with it.
        let head = unsafe { &*task.cast::<StaticHead>().as_ptr() };
        head.set_table(table);
        let label = mem::replace(&mut self.label, Label::here());
        // SAFETY: the place is the claim's.
        unsafe { head.state.trace().open::<F>(label, K::NAME) };
        // SAFETY: the place is large enough, and what is written the claim's alone.
        unsafe { Cell::renew(cell, kind) };
        // SAFETY: the place lives for ever.
        let stage = unsafe { Cell::stage(cell) };
        // SAFETY: the stage is for this future, and the claim's alone. If this unwinds, that is dropped.
        stage.with_mut(|stage| unsafe { stage.cast::<F>().write(make()) });
        let _ = ManuallyDrop::new(self);
        // SAFETY: the claim made a runnable's count of this kind, and its right to the body.
        unsafe { Runnable::from_ptr(task) }
    }

    /// The table of tasks of `F` in places like this.
    const fn table<F: Future>() -> StaticTable {
        /// [`Table::free`] and [`Table::leak`]: no count of a place is the last one.
        unsafe fn never(_task: Ptr) {}

        /// [`StaticTable::hint`].
        unsafe fn hint<H: Schedule<K>, K: Kind>(task: Ptr, free: bool) {
            // SAFETY: the data is an `H`, and lives for ever.
            let data = unsafe { header::data::<H>(task) };
            if free { data.woken_while_free() } else { data.woken_while_running() }
        }

        let table = InStaticCell::<H, K, F>::table::<InStatic>();
        StaticTable { table: Table { hook_borrows: false, free: never, leak: never, ..table }, hint: hint::<H, K> }
    }
}

impl<H: 'static, B, K> Drop for StaticClaim<H, B, K> {
    fn drop(&mut self) {
        // SAFETY: the place is the claim's.
        unsafe { self.place.state().trace().end_after(|| {}) };
        // The answer is that others have counts.
        self.place.state().complete(CANCELLED);
    }
}

impl<H: fmt::Debug + 'static, B, K> fmt::Debug for StaticClaim<H, B, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StaticClaim").field("header", self.header()).finish()
    }
}
