//! A task before it is spawned.

use core::alloc::Layout;
use core::fmt;
use core::future::Future;
use core::marker::PhantomData;
use core::ptr::NonNull;

use super::cell::Cell;
use super::header::{self, Ptr};
use super::home::Home;
use super::hook::{ByClosure, ByHeader, Hook};
use super::joined::{Detached, Join, Joined};
use super::kind::{Anywhere, AtHome, Kind};
use super::member::{ListPointer, Listed, Member, Unlisted};
#[cfg(feature = "alloc")]
use super::memory::InBox;
use super::memory::ReleaseTask;
use super::runnable::Runnable;
use super::source::{Borrowing, Given, Made, Source};
use super::task_place::{Claim, InPlace, TaskPlace};
use super::trace::Label;

/// A task before it is spawned: a future or what makes it, the header data, and where it is to run, with which hook, on
/// which list.
///
/// [`spawn`](fn@crate::spawn) and [`spawn_detached`](crate::spawn_detached) are short for the most common ones. What is said
/// here is said by types: a task that is not on a list, say, has no code for it.
///
/// ```
/// use std::sync::mpsc;
/// use waker_tables::{Ran, Task};
///
/// let (sender, queue) = mpsc::channel();
/// let (runnable, _handle) = Task::new(async { 6 * 7 }, "a name")
///     .hook(move |_name, runnable| {
///         let _ = sender.send(runnable);
///     })
///     .spawn();
/// runnable.schedule();
/// let runnable = queue.recv().unwrap();
/// assert_eq!(*runnable.header(), "a name");
/// assert_eq!(runnable.run(), Ran::Complete);
/// ```
///
/// | said by | is | else |
/// |---|---|---|
/// | [`detached`](Self::detached) | nobody waits for the output | a join handle |
/// | [`at`](Self::at) | polled and dropped by its [`Home`] alone; the future need not be `Send` | runs anywhere |
/// | [`hook`](Self::hook) | a closure gets the runnables; after `at` | the header's [`Schedule`](crate::Schedule) |
/// | [`list`](Self::list) | on a [`TaskList`](crate::TaskList) while it is alive | on none |
/// | [`name`](Self::name) | what consoles call it | its future's type |
/// | [`init`](Task::init) | a future that is made in the task's own memory | [`new`](Task::new): one that is moved there |
/// | [`spawn_in`](Self::spawn_in), [`spawn_unchecked_at`](Self::spawn_unchecked_at) | in memory of one's own | [`spawn`](Self::spawn): in a box |
#[must_use = "it is nothing until it is spawned"]
pub struct Task<B, H, K: Kind = Anywhere, J = Joined, S = ByHeader, L = Unlisted> {
    source: B,
    header: H,
    kind: K,
    hook: S,
    list: L,
    label: Label,
    joined: PhantomData<fn() -> J>,
    stays: PhantomData<K::Stays>,
}

impl<F: Future, H: 'static> Task<Given<F>, H> {
    /// A task of `future`, with the scheduler's data in its header.
    #[cfg_attr(feature = "tracing", track_caller)]
    pub fn new(future: F, header: H) -> Self {
        Self::from_source(Given(future), header)
    }
}

impl<H: 'static, M> Task<Made<M>, H> {
    /// A task of the future that `make` makes when it is spawned, in the task's memory: so that a large one is not moved
    /// there, over a stack that may be too small.
    ///
    /// In a release build it is written where it stays; a debug build has one copy on the stack, what `make` returns.
    /// Where `make` panics, header and hook are dropped, the memory is free, and nothing was spawned.
    #[cfg_attr(feature = "tracing", track_caller)]
    pub fn init<F: Future>(header: H, make: M) -> Self
    where
        M: FnOnce() -> F,
    {
        Self::from_source(Made(make), header)
    }
}

impl<'a, H: 'static, M> Task<Borrowing<'a, M>, H> {
    /// [`init`](Task::init) for a future that may keep a reference to the header data: what header and body share needs
    /// no `Arc`.
    ///
    /// # Safety
    ///
    /// What the future borrows through `'a` ends with the body: from the spawn on, and for as long as the process runs,
    /// it does not come out of the task with the output, nor by any other way. Where the body leaks, the header data goes
    /// with the last handle all the same, so that nothing outside may use such a borrow in what the body has pinned. (It is no
    /// borrow in the sense of [`spawn_unchecked`](Self::spawn_unchecked).)
    #[cfg_attr(feature = "tracing", track_caller)]
    pub unsafe fn init_borrowing<F: Future + 'a>(header: H, make: M) -> Self
    where
        M: FnOnce(&'a H) -> F,
    {
        Self::from_source(Borrowing(make, PhantomData), header)
    }
}

impl<B, H: 'static> Task<B, H> {
    #[cfg_attr(feature = "tracing", track_caller)]
    fn from_source(source: B, header: H) -> Self {
        Self {
            source,
            header,
            kind: Anywhere,
            hook: ByHeader,
            list: Unlisted,
            label: Label::here(),
            joined: PhantomData,
            stays: PhantomData,
        }
    }
}

impl<B, H: 'static, K: Kind, S, L> Task<B, H, K, Joined, S, L> {
    /// Nobody waits for the output, which is dropped at once: two words less.
    pub fn detached(self) -> Task<B, H, K, Detached, S, L> {
        let Self { source, header, kind, hook, list, label, .. } = self;
        Task { source, header, kind, hook, list, label, joined: PhantomData, stays: PhantomData }
    }
}

impl<B, H: 'static, J, L> Task<B, H, Anywhere, J, ByHeader, L> {
    /// The task is at home in `home`: polled and dropped there alone. One word more.
    pub fn at(self, home: &Home) -> Task<B, H, AtHome, J, ByHeader, L> {
        let Self { source, header, hook, list, label, joined, .. } = self;
        Task { source, header, kind: home.kind(), hook, list, label, joined, stays: PhantomData }
    }
}

impl<B, H: 'static, K: Kind, J, L> Task<B, H, K, J, ByHeader, L> {
    /// `hook` gets the runnables, as [`Schedule::schedule`](crate::Schedule::schedule) would: any closure, capturing or not.
    ///
    /// For header data that does not know its scheduler, and for schedulers that are captured. It stands in the task, and is
    /// dropped with the header.
    pub fn hook<S: Fn(&H, Runnable<H, K>)>(self, hook: S) -> Task<B, H, K, J, ByClosure<S>, L> {
        let Self { source, header, kind, list, label, joined, .. } = self;
        Task { source, header, kind, hook: ByClosure(hook), list, label, joined, stays: PhantomData }
    }
}

impl<B, H: 'static, K: Kind, J, S> Task<B, H, K, J, S, Unlisted> {
    /// The task is on `list`, a `&'static TaskList` or an `Arc` of one, until its body is gone.
    pub fn list<R: ListPointer<H>>(self, list: R) -> Task<B, H, K, J, S, Listed<R>> {
        let Self { source, header, kind, hook, label, joined, .. } = self;
        Task { source, header, kind, hook, list: Listed(list), label, joined, stays: PhantomData }
    }
}

impl<B, H: 'static, K: Kind, J, S, L> Task<B, H, K, J, S, L> {
    /// The task is called `name` by consoles, with the feature `tracing`; without it this does nothing.
    ///
    /// Else it is called by the name of its future's type.
    #[inline]
    pub fn name(mut self, name: &'static str) -> Self {
        self.label.set_name(name);
        self
    }

    /// The task's span is `span`, for a runtime that says other things of its tasks than this crate does. A
    /// [disabled](tracing::Span::none) one is not told of, nor is its task.
    ///
    /// A console takes one that is called `runtime.spawn`, and has no parent, for a task.
    #[cfg(feature = "tracing")]
    #[inline]
    pub fn span(mut self, span: tracing::Span) -> Self {
        self.label.span = Some(span);
        self
    }
}

/// A task whose types are all that a spawn without `unsafe` needs:
///
/// - the future is `'static`, and so is its output; if the task runs anywhere, both are `Send` (of a detached task the
///   output, which the run drops that makes it, need not be);
/// - the header data is `Send`, `Sync` and `'static`, and so is a hook of its own.
pub trait SafeTask: IsSafe {}

impl<T: IsSafe> SafeTask for T {}

#[allow(unnameable_types, reason = "it seals the public trait")]
pub trait IsSafe {}

impl<B, H, S, L> IsSafe for Task<B, H, Anywhere, Joined, S, L>
where
    B: Source<H, Future: Future<Output: Send + 'static> + Send + 'static>,
    H: Send + Sync + 'static,
    S: Send + Sync + 'static,
{
}

impl<B, H, S, L> IsSafe for Task<B, H, Anywhere, Detached, S, L>
where
    B: Source<H, Future: Send + 'static>,
    H: Send + Sync + 'static,
    S: Send + Sync + 'static,
{
}

impl<B, H, J, S, L> IsSafe for Task<B, H, AtHome, J, S, L>
where
    B: Source<H, Future: 'static>,
    H: Send + Sync + 'static,
    J: Join,
    S: Send + Sync + 'static,
{
}

/// The output of what a source makes.
type Output<B, H> = <<B as Source<H>>::Future as Future>::Output;

impl<B, H, K, J, S, L> Task<B, H, K, J, S, L>
where
    B: Source<H>,
    H: 'static,
    K: Kind,
    J: Join,
    S: Hook<H, K>,
    L: Member<H>,
{
    /// The size and alignment of the task, for memory of one's own.
    #[must_use]
    pub const fn layout(&self) -> Layout {
        Layout::new::<Cell<H, J, K, S, L, B::Future>>()
    }

    /// Makes the task in memory that is the caller's, scheduled.
    ///
    /// # Safety
    ///
    /// As for [`spawn_unchecked_at`](Self::spawn_unchecked_at). The counts are the caller's.
    unsafe fn make<R: ReleaseTask>(self, memory: NonNull<u8>) -> Ptr {
        /// Frees the cell where the future could not be made.
        struct Empty<H: 'static, J: Join, K, S, L: Member<H>, F: Future, R: ReleaseTask>(
            NonNull<Cell<H, J, K, S, L, F>>,
            PhantomData<R>,
        );

        impl<H: 'static, J: Join, K, S, L: Member<H>, F: Future, R: ReleaseTask> Drop for Empty<H, J, K, S, L, F, R> {
            #[cold]
            fn drop(&mut self) {
                // SAFETY: nobody else knows the cell.
                let trace = unsafe { header::state(self.0.cast()) }.trace();
                // SAFETY: as above, and it has no body.
                unsafe { trace.end_after(|| {}) };
                // SAFETY: as above, and its memory is `R`.
                unsafe { Cell::free::<R>(self.0) }
            }
        }

        let Self { source, header: data, kind, hook, list, label, .. } = self;
        let cell = memory.cast::<Cell<H, J, K, S, L, B::Future>>();
        let table = const { &Cell::<H, J, K, S, L, B::Future>::table::<R>() };
        // SAFETY: the caller's memory.
        unsafe { Cell::write(cell, table, data, kind, hook, list) };
        let empty = Empty::<_, _, _, _, _, _, R>(cell, PhantomData);
        // SAFETY: the cell was written.
        let trace = unsafe { header::state(cell.cast()) }.trace();
        // SAFETY: there is no handle yet.
        unsafe { trace.open::<B::Future>(label, K::NAME) };
        // SAFETY: the cell was written. The future's place is in it, and the header data lives until the body is gone.
        unsafe { Cell::stage(cell) }.with_mut(|stage| unsafe { source.write(Cell::data(cell), stage.cast()) });
        let _ = core::mem::ManuallyDrop::new(empty);
        // SAFETY: the task is whole, and its counts are this call's.
        unsafe { Cell::enter(cell) };
        cell.cast()
    }

    /// Makes the task, scheduled. The runnable is the caller's to queue, or to hand to the hook with
    /// [`Runnable::schedule`].
    ///
    /// Costs: one allocation: two words, the header data, the hook, two words for the joiner unless it is detached, one if
    /// it has a home, four if it is on a list, and the larger of future and output (the future alone if it is detached).
    #[cfg(feature = "alloc")]
    pub fn spawn(self) -> J::Handles<Output<B, H>, H, K>
    where
        Self: SafeTask,
    {
        // SAFETY: the bound is what it asks for.
        unsafe { self.spawn_unchecked() }
    }

    /// [`spawn`](Self::spawn) for a future, an output or a hook that is not `Send`, or borrows.
    ///
    /// # Safety
    ///
    /// What `spawn` asks of the types is asked of the caller instead, from this call until the moment that each sentence
    /// names:
    ///
    /// - If the future is not `Send`, and the task runs anywhere, every [`Runnable`] of the task is run and dropped on the
    ///   thread that calls this, until the body is gone. A wake on another thread hands it to the hook there, which brings
    ///   it over; a hook that drops it there, because a channel is closed or because it panics, breaks this.
    /// - If the future is not `'static`, the body is gone before what it borrows ends, and that is known: a run has answered
    ///   `Complete` or `Lost`, or has panicked, or a runnable was dropped, and that call has returned before the end. A task
    ///   that is pending is not gone: its last handle hands one more runnable to the hook. A body at home elsewhere, or one that
    ///   leaks, is not gone either.
    /// - The future's destructor drops what it has pinned: where it returns early or panics instead, as one does that
    ///   refuses to run on a foreign thread, what was pinned is over with the task's memory all the same.
    /// - If the output is not `Send`, or not `'static`, the first two hold for the [`JoinHandle`](crate::JoinHandle) too,
    ///   until it gave the output or is gone, and for the run that completes the task: without a handle it drops the output
    ///   there.
    /// - If the hook is not `Send` and `Sync`, all handles, wakers and runnables of the task are used and dropped on the
    ///   thread that calls this. If it is not `'static`, all of them are gone before what it borrows ends, and no call on one
    ///   of them is under way: neither a destructor, nor a wake, a cancel or a run.
    ///
    /// The header data must be `Send` and `Sync`; that it is `'static` is checked.
    #[cfg(feature = "alloc")]
    pub unsafe fn spawn_unchecked(self) -> J::Handles<Output<B, H>, H, K> {
        use alloc::boxed::Box;

        let memory = Box::into_raw(Box::<Cell<H, J, K, S, L, B::Future>>::new_uninit());
        // SAFETY: `Box::into_raw` never gives null.
        let memory = unsafe { NonNull::new_unchecked(memory) }.cast();
        // SAFETY: the memory is a new box of a cell's layout; the rest is the caller's promise.
        unsafe { self.spawn_unchecked_at::<InBox>(memory) }
    }

    /// Makes the task in memory that was [claimed](crate::TaskSlot::claim), scheduled. A task that is too large for it does
    /// not compile.
    ///
    /// Costs: no allocation; what [`spawn`](Self::spawn) takes of memory.
    pub fn spawn_in<M>(self, claim: Claim<M>) -> J::Handles<Output<B, H>, H, K>
    where
        Self: SafeTask,
    {
        const { TaskPlace::<M>::check(Layout::new::<Cell<H, J, K, S, L, B::Future>>()) };
        // SAFETY: the bound is what it asks for; the place is large enough, and the claim makes it this call's.
        unsafe { self.spawn_unchecked_at::<InPlace<M>>(claim.into_memory()) }
    }

    /// [`spawn_in`](Self::spawn_in) for a future, an output or a hook that is not `Send`, or borrows.
    ///
    /// # Safety
    ///
    /// As for [`spawn_unchecked`](Self::spawn_unchecked).
    pub unsafe fn spawn_unchecked_in<M>(self, claim: Claim<M>) -> J::Handles<Output<B, H>, H, K> {
        const { TaskPlace::<M>::check(Layout::new::<Cell<H, J, K, S, L, B::Future>>()) };
        // SAFETY: the caller's promise; the place is large enough, and the claim makes it this call's.
        unsafe { self.spawn_unchecked_at::<InPlace<M>>(claim.into_memory()) }
    }

    /// Makes the task in `memory`, scheduled, which `R` takes back when the last handle is gone.
    ///
    /// Where a future that is made in place panics, `R` has taken it back, and nothing was spawned.
    ///
    /// # Safety
    ///
    /// As for [`spawn_unchecked`](Self::spawn_unchecked). And `memory` has [this layout](Self::layout), may be written,
    /// and is the task's alone from this call until `R` takes it back; for good if the task leaks.
    pub unsafe fn spawn_unchecked_at<R: ReleaseTask>(self, memory: NonNull<u8>) -> J::Handles<Output<B, H>, H, K> {
        // SAFETY: the caller's promise.
        let task = unsafe { self.make::<R>(memory) };
        // SAFETY: the counts of a new task are this call's; its types are these.
        unsafe { J::handles(task.cast()) }
    }
}

/// The memory that a task needs which is made of these types, by its header's own hook and on no list.
///
/// A hook of its own and a list take more: [`Task::layout`] says how much a given one needs.
#[must_use]
pub const fn task_layout<F: Future, H: 'static, K: Kind, J: Join>() -> Layout {
    Layout::new::<Cell<H, J, K, ByHeader, Unlisted, F>>()
}

impl<B, H, K: Kind, J, S, L> fmt::Debug for Task<B, H, K, J, S, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task").finish_non_exhaustive()
    }
}
