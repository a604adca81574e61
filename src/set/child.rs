//! One child of a set: two words.

use core::ptr;

use crate::sync::{AtomicPtr, AtomicUsize, Ordering, const_fn};

/// Set from a wake until a drain gives the child out.
const WOKEN: usize = 1;

/// Whether a child was woken, where it stands, and what follows it in the list that it is in.
///
/// | state | flag | list | who may write `next` |
/// |---|---|---|---|
/// | idle | clear | none | nobody |
/// | on its way | set | none yet | the wake that set the flag |
/// | pushed | set | the set's, last in, first out | nobody |
/// | taken | set | the owner's, first in, first out | the owner |
///
/// A drain takes all that are pushed at once, and makes a taken one idle when it gives it out. What a waker wrote before
/// its wake is seen from there on, also if the flag was set: every wake changes the word, and so does the drain.
pub(super) struct Child {
    next: AtomicPtr<Child>,
    /// The number within the chunk, which never changes, above the flag.
    word: AtomicUsize,
}

const _: () = assert!(cfg!(loom) || size_of::<Child>() == 2 * size_of::<usize>(), "the docs promise two words");

impl Child {
    const_fn! {
        /// An idle child, the one with this number in its chunk.
        pub(super) fn new(number: usize) -> Self {
            Self { next: AtomicPtr::new(ptr::null_mut()), word: AtomicUsize::new(number << 1) }
        }
    }

    /// The number within the chunk.
    #[inline]
    pub(super) fn number(&self) -> usize {
        self.word.load(Ordering::Relaxed) >> 1
    }

    /// Sets the flag. The answer is whether this call did it, and so must push the child.
    #[inline]
    pub(super) fn wake(&self) -> bool {
        // Acquire: the drain has read `next` before it cleared the flag.
        self.word.fetch_or(WOKEN, Ordering::AcqRel) & WOKEN == 0
    }

    /// Clears the flag.
    #[inline]
    pub(super) fn give(&self) {
        self.word.fetch_and(!WOKEN, Ordering::AcqRel);
    }

    #[inline]
    pub(super) fn is_woken(&self) -> bool {
        self.word.load(Ordering::Acquire) & WOKEN != 0
    }

    /// What follows. Orders nothing: the lists do.
    #[inline]
    pub(super) fn next(&self) -> *mut Self {
        self.next.load(Ordering::Relaxed)
    }

    #[inline]
    pub(super) fn set_next(&self, next: *mut Self) {
        self.next.store(next, Ordering::Relaxed);
    }
}
