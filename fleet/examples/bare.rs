//! The engine without the fleet: workers of apalis-postgres as it is, over the same rows, with the same handler. For the
//! comparison in `docs/fleet.md`; see `bench.sh`.
//!
//! `bare KEYS SLOTS`: works on `trial/echo@v1` to `@vKEYS` until it is ended.

use std::env;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use apalis::layers::WorkerBuilderExt;
use apalis_core::backend::ext::poll_strategy::{BackoffConfig, IntervalStrategy, PollWith};
use apalis_core::worker::builder::WorkerBuilder;
use apalis_postgres::{Config, PostgresStorage};
use fleet::attempt::{self, Close, Ended};
use fleet::plan::Plan;
use fleet::slot::Context;
use fleet::{database, families, trial};
use tokio::sync::watch;
use tokio::task::JoinSet;
use waker_tables::KeyBuf;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let keys: u16 = arguments.next().ok_or("KEYS")?.parse()?;
    let slots: usize = arguments.next().ok_or("SLOTS")?.parse()?;
    let name = format!("bare-{}", std::process::id());
    let pool = database::pool(database::options(&env::var("DATABASE_URL")?, &name)?, 8);
    let registry = families::jobs();
    trial::register(registry, keys);
    let plan = Arc::new(Plan {
        registry,
        keys: Vec::new(),
        slots,
        lease: Duration::from_secs(30),
        poll_limit: Duration::from_secs(30),
        root: "/".into(),
    });
    let mut workers = JoinSet::new();
    for version in 1..=keys {
        let key = Arc::new(KeyBuf::parse(&format!("trial/echo@v{version}"))?);
        let config = Config::default().queue(key.to_string()).batch_size(slots).lock_tasks(false);
        let storage = PostgresStorage::<String>::new(&pool).with_config(config);
        let interval = IntervalStrategy::new(Duration::from_millis(20));
        let backend = PollWith::new(storage, interval.with_backoff(BackoffConfig::new(Duration::from_secs(1))));
        let (plan, pool, shared) = (plan.clone(), pool.clone(), key.clone());
        let handler = move |text: String| {
            let (plan, pool, key) = (plan.clone(), pool.clone(), shared.clone());
            async move {
                let slot = Context::new("/".into(), pool);
                let (_open, close) = watch::channel(Close::No);
                match attempt::run(&plan, key, text.into_bytes(), slot, close).await {
                    Ended::Done(bytes) => String::from_utf8(bytes).map_err(|error| error.to_string()),
                    ended => Err(format!("{ended:?}")),
                }
            }
        };
        let worker = WorkerBuilder::new(format!("{name} {key}")).backend(backend).concurrency(slots).build(handler);
        workers.spawn(async move { worker.run().await.map_err(|error| error.to_string()) });
    }
    while let Some(ended) = workers.join_next().await {
        ended??;
    }
    Ok(())
}
