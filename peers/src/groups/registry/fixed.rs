//! Tables that are fixed when they are made: phf's perfect hashes, and this crate's static ones.

use std::ptr;
use std::sync::Arc;

use waker_tables::{KeyRef, StaticTable};

use super::data::{Keys, table};
use super::index::Index;

/// What the code generator wrote.
#[allow(clippy::unreadable_literal, reason = "nobody reads them")]
mod tables {
    use crate::groups::registry::data::TABLES;

    include!(concat!(env!("OUT_DIR"), "/static_tables.rs"));
}
use tables::{
    KEYS_8_BY_1, KEYS_8_BY_3, KEYS_1000_BY_1, KEYS_1000_BY_3, OWN_8_BY_1, OWN_8_BY_3, OWN_1000_BY_1, OWN_1000_BY_3,
};

type Names = (&'static str, &'static str, u16);
type Map = phf::Map<Names, u32>;

/// A table of places.
struct Fixed(&'static Map);

impl Index for Fixed {
    #[inline]
    fn find(&self, key: KeyRef<'static>) -> Option<usize> {
        let place = *self.0.get(&(key.segment, key.kind, key.version))?;
        Some(ptr::from_ref(table(place as usize)).addr())
    }

    fn expected(&self, at: usize) -> usize {
        ptr::from_ref(table(at)).addr()
    }

    fn replace(&self, _: &Keys, _: usize) {
        unreachable!("it cannot be written");
    }

    fn can_be_written(&self) -> bool {
        false
    }
}

/// phf's table of these keys.
pub(super) fn phf(keys: &Keys) -> Arc<dyn Index> {
    let map = match (keys.len(), keys.versions()) {
        (8, 3) => &KEYS_8_BY_3,
        (8, _) => &KEYS_8_BY_1,
        (1_000, 3) => &KEYS_1000_BY_3,
        (1_000, _) => &KEYS_1000_BY_1,
        _ => made(keys),
    };
    Arc::new(Fixed(map))
}

/// A table made now, as the code generator makes it, and leaked.
fn made(keys: &Keys) -> &'static Map {
    let names: Vec<Names> = keys.iter().map(|(_, key)| (key.segment, key.kind, key.version)).collect();
    let state = phf_generator::generate_hash(&names);
    let entries: Vec<_> = state.map.iter().map(|&at| (names[at], u32::try_from(at).expect("few keys"))).collect();
    Box::leak(Box::new(Map { key: state.key, disps: state.disps.leak(), entries: entries.leak() }))
}

impl<const N: usize> Index for &'static StaticTable<N> {
    #[inline]
    fn find(&self, key: KeyRef<'static>) -> Option<usize> {
        self.get(key).map(|table| ptr::from_ref(table).addr())
    }

    fn expected(&self, at: usize) -> usize {
        ptr::from_ref(table(at)).addr()
    }

    fn replace(&self, _: &Keys, _: usize) {
        unreachable!("it cannot be written");
    }

    fn can_be_written(&self) -> bool {
        false
    }
}

/// This crate's static table of these keys, if there is one.
pub(super) fn own(keys: &Keys) -> Option<Arc<dyn Index>> {
    match (keys.len(), keys.versions()) {
        (8, 3) => Some(Arc::new(&OWN_8_BY_3)),
        (8, _) => Some(Arc::new(&OWN_8_BY_1)),
        (1_000, 3) => Some(Arc::new(&OWN_1000_BY_3)),
        (1_000, _) => Some(Arc::new(&OWN_1000_BY_1)),
        _ => None,
    }
}
