//! A registry in a constant: no allocator, and a duplicate key does not compile.

use super::hash::Names;
use super::key::{KeyRef, VTableKey};
use crate::task::TaskVTable;

/// Tables by key, fixed when it is built. `N` keys, five words and a hash each.
///
/// Looking up allocates nothing: a binary search over hashes, then one comparison of names.
///
/// # Examples
///
/// ```
/// use std::task::Poll;
/// use waker_tables::{KeyRef, StaticTable, TaskVTable, VTableKey, WakeableTask};
///
/// struct Blink;
/// impl WakeableTask for Blink {
///     fn poll(&mut self) -> Poll<()> {
///         Poll::Ready(())
///     }
/// }
///
/// static BLINK: TaskVTable = TaskVTable::of::<Blink>();
/// static TASKS: StaticTable<1> = StaticTable::new([(VTableKey::new("led", "blink", 1), &BLINK)]);
///
/// assert!(TASKS.get(KeyRef::parse("led/blink@v1")?).is_some());
/// # Ok::<(), waker_tables::ParseKeyError>(())
/// ```
///
/// ```compile_fail,E0080
/// # use std::task::Poll;
/// # use waker_tables::{StaticTable, TaskVTable, VTableKey, WakeableTask};
/// # struct Blink;
/// # impl WakeableTask for Blink { fn poll(&mut self) -> Poll<()> { Poll::Ready(()) } }
/// # static BLINK: TaskVTable = TaskVTable::of::<Blink>();
/// const KEY: VTableKey = VTableKey::new("led", "blink", 1);
/// static TWICE: StaticTable<2> = StaticTable::new([(KEY, &BLINK), (KEY, &BLINK)]);
/// # fn main() {}
/// ```
#[derive(Debug)]
pub struct StaticTable<const N: usize> {
    /// Sorted by hash.
    rows: [(u64, VTableKey, &'static TaskVTable); N],
}

impl<const N: usize> StaticTable<N> {
    /// Sorts the rows.
    ///
    /// # Panics
    ///
    /// If a key is there twice, or has a name that [`VTableKey::new`] refuses; in a static, that is a compile error.
    #[must_use]
    pub const fn new(given: [(VTableKey, &'static TaskVTable); N]) -> Self {
        assert!(N > 0, "a table of no tasks");
        let mut rows = [(0, given[0].0, given[0].1); N];
        let mut count = 0;
        while count < N {
            let (key, table) = given[count];
            assert!(key.key_ref().check().is_ok(), "a key has a name that no key has");
            let hash = Names::of(key.segment, key.kind).version(key.version);
            // Insertion into those that are sorted already.
            let mut at = count;
            while at > 0 && rows[at - 1].0 >= hash {
                assert!(!rows[at - 1].1.key_ref().is(&key.key_ref()), "a key is there twice");
                rows[at] = rows[at - 1];
                at -= 1;
            }
            rows[at] = (hash, key, table);
            count += 1;
        }
        Self { rows }
    }

    /// The table under `key`.
    #[must_use]
    pub fn get(&self, key: KeyRef<'_>) -> Option<&'static TaskVTable> {
        let hash = Names::of(key.segment, key.kind).version(key.version);
        let first = self.rows.partition_point(|row| row.0 < hash);
        let same_hash = self.rows[first..].iter().take_while(|row| row.0 == hash);
        same_hash.into_iter().find(|row| row.1.key_ref() == key).map(|row| row.2)
    }

    /// All rows, in no order that says anything.
    pub fn iter(&self) -> impl Iterator<Item = (VTableKey, &'static TaskVTable)> {
        self.rows.iter().map(|row| (row.1, row.2))
    }
}
