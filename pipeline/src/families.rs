//! The job families, by key.

use std::sync::Once;

use waker_tables::{VTableKey, VTableRegistry};

use crate::channel::Channel;
use crate::job::{ArgumentError, arguments};
use crate::scheduler::Stage;
use crate::stages::{index, merge, parse, read};
use crate::wiring::{Context, HALVES};
use crate::words::{Alphanumeric, Splitter, Unicode};

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
        JOBS.register_factory(READ, |bytes, Context { spawner, wiring }: &Context| {
            let half = half(bytes)?;
            Ok::<_, ArgumentError>(spawner.spawn(read(
                wiring.clone(),
                half,
                wiring.texts[half].sender(),
                spawner.stop(),
            )))
        });
        JOBS.register_factory(PARSE_V1, |bytes, context: &Context| parser::<Alphanumeric>(bytes, context));
        JOBS.register_factory(PARSE_V2, |bytes, context: &Context| parser::<Unicode>(bytes, context));
        JOBS.register_factory(INDEX, |bytes, Context { spawner, wiring }: &Context| {
            let [half, shard] = arguments(bytes, [("half", HALVES), ("shard", wiring.shards())])?;
            let (parsed, halves) = (&wiring.parsed[half][shard], &wiring.halves[half][shard]);
            Ok::<_, ArgumentError>(spawner.spawn(index(shard, parsed.receiver(), halves.sender())))
        });
        JOBS.register_factory(MERGE, |bytes, Context { spawner, wiring }: &Context| {
            let [shard] = arguments(bytes, [("shard", wiring.shards())])?;
            let halves = wiring.halves.each_ref().map(|halves| halves[shard].receiver());
            Ok::<_, ArgumentError>(spawner.spawn(merge(wiring.clone(), shard, halves)))
        });
    });
    &JOBS
}

fn half(bytes: &[u8]) -> Result<usize, ArgumentError> {
    arguments(bytes, [("half", HALVES)]).map(|[half]| half)
}

fn parser<S: Splitter + 'static>(
    bytes: &[u8],
    Context { spawner, wiring }: &Context,
) -> Result<Stage, ArgumentError> {
    let half = half(bytes)?;
    let shards = wiring.parsed[half].iter().map(Channel::sender).collect();
    Ok(spawner.spawn(parse::<S>(wiring.clone(), wiring.texts[half].receiver(), shards, spawner.stop())))
}
