//! The job families, by key.

use std::sync::Once;

use waker_tables::{VTableKey, VTableRegistry};

use crate::job::{ArgumentError, arguments};
use crate::stages::{IndexHalf, Merge, Parse, Read};
use crate::wiring::{Context, HALVES};
use crate::words::{Alphanumeric, Unicode};

/// Reads the files of a half: `half=0`.
pub const READ: VTableKey = VTableKey::new("etl", "read", 1);
/// Splits texts at everything that is not alphanumeric: `half=0`.
pub const PARSE_V1: VTableKey = VTableKey::new("etl", "parse", 1);
/// Splits texts into Unicode words: `half=0`.
pub const PARSE_V2: VTableKey = VTableKey::new("etl", "parse", 2);
/// Indexes one shard of a half: `half=0 shard=0`.
pub const INDEX: VTableKey = VTableKey::new("search", "index", 1);
/// Joins the halves of a shard, once both are indexed: `shard=0`.
pub const MERGE: VTableKey = VTableKey::new("search", "merge", 1);

static JOBS: VTableRegistry<Context> = VTableRegistry::with_context();

/// The registry of all families.
pub fn jobs() -> &'static VTableRegistry<Context> {
    static REGISTERED: Once = Once::new();
    REGISTERED.call_once(|| {
        JOBS.register_factory(READ, |bytes, context: &Context| half(bytes).map(|half| Read::new(context, half)));
        JOBS.register_factory(PARSE_V1, |bytes, context: &Context| {
            half(bytes).map(|half| Parse::<Alphanumeric>::new(context, half))
        });
        JOBS.register_factory(PARSE_V2, |bytes, context: &Context| {
            half(bytes).map(|half| Parse::<Unicode>::new(context, half))
        });
        JOBS.register_factory(INDEX, |bytes, context: &Context| {
            let [half, shard] = arguments(bytes, [("half", HALVES), ("shard", context.wiring.shards())])?;
            Ok::<_, ArgumentError>(IndexHalf::new(context, half, shard))
        });
        JOBS.register_factory(MERGE, |bytes, context: &Context| {
            let [shard] = arguments(bytes, [("shard", context.wiring.shards())])?;
            Ok::<_, ArgumentError>(Merge::new(context, shard))
        });
    });
    &JOBS
}

fn half(bytes: &[u8]) -> Result<usize, ArgumentError> {
    arguments(bytes, [("half", HALVES)]).map(|[half]| half)
}
