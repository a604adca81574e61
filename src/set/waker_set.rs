//! What the owner of a set has in hand.

use core::cell::Cell;
use core::error::Error;
use core::fmt;
use core::ptr::{self, NonNull};
use core::task::{RawWaker, Waker};

use super::child::Child;
use super::chunk::{self, Chunk};
use super::waker;
use crate::sync::Ordering;
use crate::waker::WakerRef;

/// The largest number of children that a set may have.
#[cfg(feature = "alloc")]
const MOST: usize = if usize::BITS > 32 { u32::MAX as usize } else { usize::MAX >> 1 };

/// A number of wakers, and which of them were woken. See the [module](crate::set).
///
/// It is [`Send`] and not `Sync`: one owner drives it, from whichever thread. Its wakers are both. Seven words.
pub struct WakerSet {
    root: NonNull<Chunk>,
    newest: Cell<NonNull<Chunk>>,
    len: Cell<usize>,
    /// Whether it was allocated, and does not stand in a static.
    counted: bool,
    /// What was taken and is to be given out: the first, and the last, which means nothing if there is no first.
    first: Cell<*mut Child>,
    last: Cell<*mut Child>,
    /// How many drains there were. The last one gives out.
    drains: Cell<usize>,
}

// SAFETY: what other threads share is atomic. The rest is the owner's, whose cells keep it to one thread at a time.
unsafe impl Send for WakerSet {}

/// More wakers were asked of a set than it can have: 2³² and more (2³¹ on 32 bits), more than there is memory for, or
/// more of one in a static.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooManyWakers(usize);

impl fmt::Display for TooManyWakers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a set of {} wakers: more than fit, or than there is memory for", self.0)
    }
}

impl Error for TooManyWakers {}

impl WakerSet {
    /// A set of `len` wakers, none of them woken; 0 is allowed. Costs: one allocation.
    ///
    /// # Panics
    ///
    /// As [`try_new`](Self::try_new) has errors.
    #[cfg(feature = "alloc")]
    #[must_use]
    #[track_caller]
    pub fn new(len: usize) -> Self {
        Self::try_new(len).unwrap_or_else(|error| panic!("{error}"))
    }

    /// [`new`](Self::new), which does not panic.
    ///
    /// # Errors
    ///
    /// If these are more than a set can have, or than there is memory for.
    #[cfg(feature = "alloc")]
    pub fn try_new(len: usize) -> Result<Self, TooManyWakers> {
        let root = if len <= MOST { chunk::allocate(1, 0, len) } else { None };
        // SAFETY: just made, and its count is the new set's.
        root.map(|root| unsafe { Self::of(root, true) }).ok_or(TooManyWakers(len))
    }

    /// The owner of a set.
    ///
    /// # Safety
    ///
    /// `root` is good for all of its children. It was allocated, and a count is the caller's to give away; or it is in a
    /// static, whose flag the caller has set. Nobody else is its owner.
    pub(super) unsafe fn of(root: NonNull<Chunk>, counted: bool) -> Self {
        // SAFETY: the caller's promise.
        unsafe { Chunk::link(root, root, ptr::null_mut()) };
        // SAFETY: alive.
        let len = unsafe { root.as_ref() }.end();
        Self {
            root,
            newest: Cell::new(root),
            len: Cell::new(len),
            counted,
            first: Cell::new(ptr::null_mut()),
            last: Cell::new(ptr::null_mut()),
            drains: Cell::new(0),
        }
    }

    /// How many wakers there are. Indices are below that.
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.len.get()
    }

    /// Whether there are none.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Sees to it that there are at least `len` wakers. No waker moves: those that are there go on, also while this is
    /// done, and while a drain goes on.
    ///
    /// Costs: none if they are there; else one allocation, of at least as many wakers as there are, so that there are few.
    ///
    /// # Errors
    ///
    /// If these are more than a set can have, or than there is memory for, or the set is in a static and has fewer.
    /// Nothing has changed then.
    #[cfg(feature = "alloc")]
    pub fn grow(&self, len: usize) -> Result<(), TooManyWakers> {
        let now = self.len();
        if len <= now {
            return Ok(());
        }
        if len > MOST || !self.counted {
            return Err(TooManyWakers(len));
        }
        let more = len.max(MOST.min(2 * now)) - now;
        let chunk = chunk::allocate(0, now, more).ok_or(TooManyWakers(len))?;
        // SAFETY: all chunks are this set's, and this is the owner.
        unsafe { Chunk::link(chunk, self.root, self.newest.get().as_ptr()) };
        self.newest.set(chunk);
        self.len.set(now + more);
        Ok(())
    }

    /// The waker with this index, borrowed from the set: for a poll.
    ///
    /// Costs: no count; in a set that grew, a step for each chunk above the index, of which each has half of all.
    ///
    /// # Panics
    ///
    /// If there is no such index.
    #[inline]
    #[must_use]
    #[track_caller]
    pub fn waker_ref(&self, index: usize) -> WakerRef<'_> {
        let raw = RawWaker::new(self.child(index).as_ptr().cast_const().cast(), waker::table(self.counted));
        // SAFETY: the table is that of the set's kind, and the set has a count of its memory.
        unsafe { WakerRef::new(raw) }
    }

    /// The waker with this index, to keep. It may outlive the set, and keeps its memory then.
    ///
    /// Costs: one locked instruction; none of a set in a static.
    ///
    /// # Panics
    ///
    /// If there is no such index.
    #[inline]
    #[must_use]
    #[track_caller]
    pub fn waker(&self, index: usize) -> Waker {
        self.waker_ref(index).clone()
    }

    /// The index of `waker`, if it is one of this set's. Costs: a few comparisons.
    #[inline]
    #[must_use]
    pub fn index_of(&self, waker: &Waker) -> Option<usize> {
        let child = waker::child(waker)?;
        // SAFETY: a waker's child, alive while the waker is.
        if unsafe { chunk::root(child) } != self.root {
            return None;
        }
        // SAFETY: as above.
        Some(unsafe { chunk::index(child) })
    }

    /// Leaves the waker of whoever drives the set, which is called by the first wake after a drain.
    ///
    /// Call this, then [`drain`](Self::drain) to its end, then answer `Pending`: then no wake is lost. Who stops the drain
    /// before its end wakes the parent itself, since that calls nobody.
    ///
    /// Costs: no locked instruction if that waker is here; else a clone of it, and one locked instruction if another is,
    /// which is dropped.
    #[inline]
    pub fn register(&self, parent: &Waker) {
        // SAFETY: this is the owner.
        unsafe { self.root().parent.register(parent) }
    }

    /// Whether this child was woken and no drain has given it out since.
    ///
    /// # Panics
    ///
    /// If there is no such index.
    #[must_use]
    #[track_caller]
    pub fn is_woken(&self, index: usize) -> bool {
        // SAFETY: one of the set's.
        unsafe { self.child(index).as_ref() }.is_woken()
    }

    /// Wakes a child, as its waker does: so one that was not polled yet comes out of a drain for the first time. If another
    /// wake of it is just under way, it comes with that.
    ///
    /// # Panics
    ///
    /// If there is no such index.
    #[inline]
    #[track_caller]
    pub fn mark(&self, index: usize) {
        // SAFETY: one of the set's, which lives through the call.
        unsafe { chunk::wake(self.child(index)) }
    }

    #[inline]
    #[track_caller]
    fn child(&self, index: usize) -> NonNull<Child> {
        let len = self.len();
        assert!(index < len, "this set has {len} wakers, and none with the index {index}");
        // SAFETY: the index was checked.
        unsafe { chunk::child(self.root, self.newest.get(), index) }
    }

    #[inline]
    fn root(&self) -> &Chunk {
        // SAFETY: the set has a count.
        unsafe { self.root.as_ref() }
    }

    /// Begins a drain: takes what was pushed, and puts it behind what is left of the drain before, in the order of the
    /// wakes. The answer is the drain's number; those of other numbers are over.
    pub(super) fn begin(&self) -> usize {
        let last = self.root().take_pushed();
        let mut turned = ptr::null_mut();
        let mut rest = NonNull::new(last);
        while let Some(child) = rest {
            // SAFETY: what was pushed is a child of this set, and its link the owner's since it was taken.
            let of = unsafe { child.as_ref() };
            rest = NonNull::new(of.next());
            of.set_next(turned);
            turned = child.as_ptr();
        }
        if !turned.is_null() {
            if self.first.get().is_null() {
                self.first.set(turned);
            } else {
                // SAFETY: where there is a first, this is the last, a child of this set.
                unsafe { &*self.last.get() }.set_next(turned);
            }
            self.last.set(last);
        }
        self.drains.set(self.drains.get().wrapping_add(1));
        self.drains.get()
    }

    /// The first child that was taken, which is idle from here on, if this is the drain to give it.
    #[inline]
    pub(super) fn next(&self, drain: usize) -> Option<usize> {
        if self.drains.get() != drain {
            return None;
        }
        let child = NonNull::new(self.first.get())?;
        // SAFETY: what was taken is a child of this set.
        let of = unsafe { child.as_ref() };
        self.first.set(of.next());
        of.give();
        if self.newest.get() == self.root {
            return Some(of.number()); // Without a look at the root, beside which other threads write.
        }
        // SAFETY: as above.
        Some(unsafe { chunk::index(child) })
    }
}

impl Drop for WakerSet {
    fn drop(&mut self) {
        let parent = self.root().parent.take();
        if self.counted {
            // SAFETY: the set's own count, of one that was allocated.
            unsafe { chunk::release(self.root) };
        } else {
            // What this owner took would never be in a list again.
            let drain = self.begin();
            while self.next(drain).is_some() {}
            self.root().count.store(0, Ordering::Release);
        }
        // Other code runs last.
        drop(parent);
    }
}

impl fmt::Debug for WakerSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WakerSet").field("len", &self.len()).finish_non_exhaustive()
    }
}
