//! What all candidates can do.

use std::hint::black_box;

use waker_tables::KeyRef;

use super::data::Keys;

/// A map from keys to tables.
pub(super) trait Index: Send + Sync {
    /// The address of the table, if the key is there.
    fn find(&self, key: KeyRef<'static>) -> Option<usize>;

    /// The address that [`find`](Self::find) should give for the key at a place.
    fn expected(&self, at: usize) -> usize;

    /// Registers the key at a place again.
    fn replace(&self, keys: &Keys, at: usize);

    /// Whether [`replace`](Self::replace) is allowed beside readers.
    fn can_be_written(&self) -> bool {
        true
    }

    /// Asks for all these keys, one after the other, and adds two up for each that was there and one for each that was
    /// not. Every implementation has its own copy, into which its `find` may be inlined.
    fn pass(&self, asked: &[KeyRef<'static>]) -> u64 {
        let mut sum = 0;
        for key in asked {
            sum += 1 + u64::from(black_box(self.find(*black_box(key))).is_some());
        }
        sum
    }

    /// Outside of the clock: that every key leads to its own table.
    fn check(&self, keys: &Keys) {
        for (at, key) in keys.iter() {
            assert_eq!(self.find(key.key_ref()), Some(self.expected(at)), "{key} leads elsewhere");
        }
        let missed = keys.asked(false, 0).iter().filter(|key| self.find(**key).is_none()).count();
        assert_eq!(missed, keys.asked(false, 0).len(), "a key was found that nobody registered");
    }
}
