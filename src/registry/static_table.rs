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
    rows: [Row; N],
}

type Row = (u64, VTableKey, &'static TaskVTable);

impl<const N: usize> StaticTable<N> {
    /// Sorts the rows: some thousands of them within what the compiler lets a constant take.
    ///
    /// # Panics
    ///
    /// If a key is there twice, or has a name that [`VTableKey::new`] refuses; in a static, that is a compile error.
    #[must_use]
    pub const fn new(given: [(VTableKey, &'static TaskVTable); N]) -> Self {
        assert!(N > 0, "a table of no tasks");
        let mut rows = [(0, given[0].0, given[0].1); N];
        let mut at = 0;
        while at < N {
            let (key, table) = given[at];
            assert!(key.key_ref().check().is_ok(), "a key has a name that no key has");
            rows[at] = (Names::of(key.segment, key.kind).version(key.version), key, table);
            at += 1;
        }
        sort(&mut rows);
        at = 0;
        while at < N {
            let mut other = at + 1;
            while other < N && rows[other].0 == rows[at].0 {
                assert!(!rows[at].1.key_ref().is(&rows[other].1.key_ref()), "a key is there twice");
                other += 1;
            }
            at += 1;
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

/// Sorts by hash, in place: a heap, whose largest row goes to the end again and again.
const fn sort(rows: &mut [Row]) {
    let mut first = rows.len() / 2;
    while first > 0 {
        first -= 1;
        sift(rows, first, rows.len());
    }
    let mut end = rows.len();
    while end > 1 {
        end -= 1;
        let largest = rows[0];
        rows[0] = rows[end];
        rows[end] = largest;
        sift(rows, 0, end);
    }
}

/// Moves the row at `at` down to where the first `end` rows are a heap again.
const fn sift(rows: &mut [Row], mut at: usize, end: usize) {
    let row = rows[at];
    loop {
        let mut below = 2 * at + 1;
        if below + 1 < end && rows[below].0 < rows[below + 1].0 {
            below += 1;
        }
        if below >= end || rows[below].0 <= row.0 {
            break;
        }
        rows[at] = rows[below];
        at = below;
    }
    rows[at] = row;
}
