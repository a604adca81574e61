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
    /// In order.
    hashes: [u64; N],
    /// Each at its hash's place.
    rows: [(VTableKey, &'static TaskVTable); N],
}

impl<const N: usize> StaticTable<N> {
    /// Sorts the rows: some thousands of them within what the compiler lets a constant take.
    ///
    /// # Panics
    ///
    /// If a key is there twice, or has a name that [`VTableKey::new`] refuses; in a static, that is a compile error.
    #[must_use]
    pub const fn new(mut rows: [(VTableKey, &'static TaskVTable); N]) -> Self {
        let mut hashes = [0; N];
        let mut at = 0;
        while at < N {
            let key = rows[at].0;
            assert!(key.family().check().is_ok(), "a key has a name that no key has");
            hashes[at] = Names::of(key.family()).hash(key.version as u64);
            at += 1;
        }
        sort(&mut hashes, &mut rows);
        at = 0;
        while at < N {
            let mut other = at + 1;
            while other < N && hashes[other] == hashes[at] {
                assert!(!same(rows[at].0, rows[other].0), "a key is there twice");
                other += 1;
            }
            at += 1;
        }
        Self { hashes, rows }
    }

    /// The table under `key`.
    #[must_use]
    pub fn get(&self, key: KeyRef<'_>) -> Option<&'static TaskVTable> {
        let hash = Names::of(key.family()).hash(key.version.into());
        let first = self.hashes.partition_point(|known| *known < hash);
        let same_hash = self.hashes[first..].iter().take_while(|known| **known == hash).count();
        self.rows[first..][..same_hash].iter().find(|row| row.0.key_ref() == key).map(|row| row.1)
    }

    /// All rows, in no order that says anything.
    pub fn iter(&self) -> impl Iterator<Item = (VTableKey, &'static TaskVTable)> {
        self.rows.iter().copied()
    }
}

/// Equality for constants.
const fn same(one: VTableKey, other: VTableKey) -> bool {
    one.version == other.version && alike(one.segment, other.segment) && alike(one.kind, other.kind)
}

const fn alike(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let mut at = 0;
    while at < one.len() && at < other.len() && one[at] == other[at] {
        at += 1;
    }
    at == one.len() && at == other.len()
}

/// Sorts both by hash, in place: by insertion over gaps that shrink, as Shell did.
const fn sort(hashes: &mut [u64], rows: &mut [(VTableKey, &'static TaskVTable)]) {
    let mut gap = rows.len();
    while gap > 1 {
        gap = gap * 5 / 11 + (gap < 3) as usize;
        let mut next = gap;
        while next < rows.len() {
            let (hash, row, mut at) = (hashes[next], rows[next], next);
            while at >= gap && hashes[at - gap] > hash {
                (hashes[at], rows[at]) = (hashes[at - gap], rows[at - gap]);
                at -= gap;
            }
            (hashes[at], rows[at]) = (hash, row);
            next += 1;
        }
    }
}
