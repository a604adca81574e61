//! What was pushed through a shared reference.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A list that grows through `&self`, from several threads, and is emptied through `&mut self`. What is in it stays where
/// it is.
pub(crate) struct Pushed<T> {
    len: AtomicUsize,
    first: OnceLock<Box<Chunk<T>>>,
}

/// Each is twice as long as the one before it.
struct Chunk<T> {
    places: Box<[OnceLock<T>]>,
    next: OnceLock<Box<Chunk<T>>>,
}

impl<T> Chunk<T> {
    fn new(len: usize) -> Self {
        Self { places: (0..len).map(|_| OnceLock::new()).collect(), next: OnceLock::new() }
    }
}

impl<T> Pushed<T> {
    pub(crate) fn new() -> Self {
        Self { len: AtomicUsize::new(0), first: OnceLock::new() }
    }

    pub(crate) fn len(&self) -> usize {
        self.len.load(Ordering::Relaxed)
    }

    pub(crate) fn push(&self, value: T) {
        let mut place = self.len.fetch_add(1, Ordering::Relaxed);
        let mut chunk = self.first.get_or_init(|| Box::new(Chunk::new(8)));
        while place >= chunk.places.len() {
            place -= chunk.places.len();
            chunk = chunk.next.get_or_init(|| Box::new(Chunk::new(2 * chunk.places.len())));
        }
        assert!(chunk.places[place].set(value).is_ok(), "a place is given once");
    }

    /// All, but for those that are just being pushed.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        let chunks = std::iter::successors(self.first.get(), |chunk| chunk.next.get());
        chunks.flat_map(|chunk| chunk.places.iter().filter_map(OnceLock::get))
    }

    /// Gives all to `into`, in their order.
    pub(crate) fn take(&mut self, mut into: impl FnMut(T)) {
        let mut left = std::mem::take(self.len.get_mut());
        let mut chunk = self.first.get_mut();
        while let Some(this) = chunk.filter(|_| left > 0) {
            for place in this.places.iter_mut().take(left) {
                left -= 1;
                // A push that panicked took a place and left nothing.
                place.take().map(&mut into);
            }
            chunk = this.next.get_mut();
        }
    }
}
