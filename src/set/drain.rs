//! What was woken, once each.

use core::fmt;
use core::iter::FusedIterator;

use super::waker_set::WakerSet;

/// The indices of the children that were woken, in the order of the wakes. See [`WakerSet::drain`].
#[must_use = "what it does not give out is the next one's to give"]
pub struct Drain<'a> {
    set: &'a WakerSet,
    number: usize,
}

impl WakerSet {
    /// The children that were woken until now, each once, in the order of the wakes.
    ///
    /// - It ends: a child that is woken from here on is the next drain's, also one that was given out meanwhile. One that
    ///   is still to be given out is given out once.
    /// - A drain that is dropped leaves its rest to the next, which gives that first.
    /// - A drain that is begun while another goes on takes its rest. The other gives nothing more.
    ///
    /// Costs: one locked instruction, and one for each child that it gives out; nothing for those that were not woken.
    #[inline]
    pub fn drain(&self) -> Drain<'_> {
        Drain { set: self, number: self.begin() }
    }
}

impl Iterator for Drain<'_> {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        self.set.next(self.number)
    }
}

impl FusedIterator for Drain<'_> {}

impl fmt::Debug for Drain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Drain").finish_non_exhaustive()
    }
}
