//! The candidates that hold any number of keys.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::ptr;
use std::sync::{Arc, PoisonError, RwLock};

use arc_swap::ArcSwap;
use dashmap::DashMap;
use rustc_hash::{FxBuildHasher, FxHashMap};
use waker_tables::{KeyRef, TaskVTable, VTableKey, VTableRegistry, VersionReq};

use super::data::{ANOTHER, Keys, OLD_TABLES, table};
use super::index::Index;

/// A key that maps can be asked for by one of a shorter life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Key(KeyRef<'static>);

impl<'a> Borrow<KeyRef<'a>> for Key {
    fn borrow(&self) -> &KeyRef<'a> {
        &self.0
    }
}

type Table = &'static TaskVTable;

fn address(table: Table) -> usize {
    ptr::from_ref(table).addr()
}

fn all(keys: &Keys) -> impl Iterator<Item = (Key, Table)> {
    keys.iter().map(|(at, key)| (Key(key.key_ref()), table(at)))
}

/// A candidate that holds this crate's tables.
macro_rules! index {
    ($type:ty, |$map:ident, $key:ident| $find:expr, $replace:expr) => {
        impl Index for $type {
            #[inline]
            fn find(&self, $key: KeyRef<'static>) -> Option<usize> {
                let $map = self;
                $find
            }

            fn expected(&self, at: usize) -> usize {
                address(table(at))
            }

            fn replace(&self, keys: &Keys, at: usize) {
                let replace: fn(&Self, Key, Table) = $replace;
                replace(self, Key(keys.key(at).key_ref()), table(at));
            }
        }
    };
}

index!(VTableRegistry, |map, key| map.get_ref(key).map(address), write);

/// Registers a key, or, since the same again would be no write, another table and its own.
fn write(registry: &VTableRegistry, key: Key, table: Table) {
    let KeyRef { segment, kind, version } = key.0;
    let key = VTableKey { segment, kind, version };
    if registry.register(key, table).is_some() {
        registry.register(key, &ANOTHER);
        registry.register(key, table);
    }
}

/// The registry, asked for whole keys and for a version of a family.
pub(super) fn own(keys: &Keys) -> [Arc<dyn Index>; 2] {
    let registry = Arc::new(registered(keys));
    [registry.clone(), Arc::new(Resolving(registry))]
}

pub(super) fn registered(keys: &Keys) -> VTableRegistry {
    let registry = VTableRegistry::new();
    for (at, key) in keys.iter() {
        registry.register(key, table(at));
    }
    registry
}

struct Resolving(Arc<VTableRegistry>);

index!(
    Resolving,
    |map, key| {
        let found = map.0.resolve(key.segment, key.kind, &VersionReq::Exact(key.version));
        found.ok().map(|entry| address(entry.table()))
    },
    |map, key, table| write(&map.0, key, table)
);

index!(
    papaya::HashMap<Key, Table, FxBuildHasher>,
    |map, key| map.pin().get(&key).map(|table| address(table)),
    |map, key, table| {
        map.pin().insert(key, table);
    }
);

pub(super) fn papaya(keys: &Keys) -> Arc<dyn Index> {
    let map = papaya::HashMap::with_hasher(FxBuildHasher);
    for (key, table) in all(keys) {
        map.pin().insert(key, table);
    }
    Arc::new(map)
}

index!(
    DashMap<Key, Table, FxBuildHasher>,
    |map, key| map.get(&key).map(|table| address(&table)),
    |map, key, table| {
        map.insert(key, table);
    }
);

pub(super) fn dashmap(keys: &Keys) -> Arc<dyn Index> {
    let map = DashMap::with_hasher(FxBuildHasher);
    for (key, table) in all(keys) {
        map.insert(key, table);
    }
    Arc::new(map)
}

index!(
    ArcSwap<FxHashMap<Key, Table>>,
    |map, key| map.load().get(&key).map(|table| address(table)),
    |map, key, table| {
        map.rcu(|before| {
            let mut after = FxHashMap::clone(before);
            after.insert(key, table);
            after
        });
    }
);

pub(super) fn arc_swap(keys: &Keys) -> Arc<dyn Index> {
    Arc::new(ArcSwap::from_pointee(all(keys).collect::<FxHashMap<_, _>>()))
}

index!(
    RwLock<HashMap<Key, Table>>,
    |map, key| map.read().unwrap_or_else(PoisonError::into_inner).get(&key).map(|table| address(table)),
    |map, key, table| {
        map.write().unwrap_or_else(PoisonError::into_inner).insert(key, table);
    }
);

pub(super) fn locked(keys: &Keys) -> Arc<dyn Index> {
    Arc::new(RwLock::new(all(keys).collect::<HashMap<_, _>>()))
}

/// Read by several threads, written by none: it needs no lock.
struct Unshared(FxHashMap<Key, Table>);

impl Index for Unshared {
    #[inline]
    fn find(&self, key: KeyRef<'static>) -> Option<usize> {
        self.0.get(&key).map(|table| address(table))
    }

    fn expected(&self, at: usize) -> usize {
        address(table(at))
    }

    fn replace(&self, _: &Keys, _: usize) {
        unreachable!("it cannot be written");
    }

    fn can_be_written(&self) -> bool {
        false
    }
}

pub(super) fn fx(keys: &Keys) -> Arc<dyn Index> {
    Arc::new(Unshared(all(keys).collect()))
}

/// Nothing is known of how many there will be.
pub(super) fn inserted_fx(keys: &Keys) -> Arc<dyn Index> {
    let mut map = FxHashMap::default();
    all(keys).for_each(|(key, table)| _ = map.insert(key, table));
    Arc::new(Unshared(map))
}

/// The same with std's own hash.
pub(super) fn inserted(keys: &Keys) -> Arc<dyn Index> {
    let mut map = HashMap::new();
    all(keys).for_each(|(key, table)| _ = map.insert(key, table));
    Arc::new(RwLock::new(map))
}

impl Index for waker_tables_04::VTableRegistry {
    #[inline]
    fn find(&self, key: KeyRef<'static>) -> Option<usize> {
        self.get(&old_key(key)).map(|table| ptr::from_ref(table).addr())
    }

    fn expected(&self, at: usize) -> usize {
        ptr::from_ref(&OLD_TABLES[at % OLD_TABLES.len()]).addr()
    }

    fn replace(&self, keys: &Keys, at: usize) {
        self.register(old_key(keys.key(at).key_ref()), &OLD_TABLES[at % OLD_TABLES.len()]);
    }
}

fn old_key(key: KeyRef<'static>) -> waker_tables_04::VTableKey {
    let KeyRef { segment, kind, version } = key;
    waker_tables_04::VTableKey { segment, kind, version }
}

pub(super) fn old(keys: &Keys) -> Arc<dyn Index> {
    let registry = waker_tables_04::VTableRegistry::new();
    for (at, key) in keys.iter() {
        registry.register(old_key(key.key_ref()), &OLD_TABLES[at % OLD_TABLES.len()]);
    }
    Arc::new(registry)
}
