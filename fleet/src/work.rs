//! A worker: one loop of the engine for each key that the registry can build.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use apalis_core::backend::ext::poll_strategy::{BackoffConfig, IntervalStrategy, PollWith};
use apalis_core::task::Task;
use apalis_core::worker::Worker;
use apalis_core::worker::context::WorkerContext;
use sqlx::PgPool;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tower::layer::util::Identity;
use ulid::Ulid;
use waker_tables::KeyBuf;

use crate::attempt::{self, Close, Ended};
use crate::database;
use crate::desk::{Desk, Process};
use crate::fault::{FAILED, Fault, INPUT};
use crate::growing::Growing;
use crate::lease::Lease;
use crate::limited;
use crate::plan::Plan;
use crate::slot::Context;

struct Loop {
    context: WorkerContext,
    desk: Desk,
}

/// Works until `asked` says to stop; the second time it stops at once.
///
/// # Errors
///
/// If there is no server at the start, or no key to work on.
pub async fn work(url: &str, plan: Plan, mut asked: mpsc::Receiver<()>) -> Result<(), Fault> {
    let (name, plan) = (process_name(), Arc::new(plan));
    drop(database::open(url, &name).await?);
    let pool = database::pool(database::options(url, &name)?, 8);
    let process = Arc::new(Process::default());
    let mut loops: HashMap<KeyBuf, Loop> = HashMap::new();
    let mut running = JoinSet::new();
    let mut seen = None;
    let mut wait = Growing::default();
    loop {
        // Read before the manifest: what changes meanwhile is looked at again.
        let generation = plan.registry.generation();
        if seen != Some(generation) {
            let keys = keys(&plan);
            if keys.is_empty() && seen.is_none() {
                return Err(Fault::new(INPUT, "no key that this worker can build matches --keys"));
            }
            announce(&pool, &keys).await?;
            loops.retain(|key, one| keys.contains(key) || one.context.stop().is_err());
            for key in keys.into_iter().filter(|key| !loops.contains_key(key)).collect::<Vec<_>>() {
                let desk = Desk::new(pool.clone(), &key, plan.slots, plan.lease, process.clone());
                let context = WorkerContext::new(&format!("{name} {key}"));
                running.spawn(run(key.clone(), context.clone(), desk.clone(), plan.clone(), pool.clone()));
                loops.insert(key, Loop { context, desk });
            }
            seen = Some(generation);
        }
        tokio::select! {
            _ = asked.recv() => break,
            () = sleep(Duration::from_secs(1)) => {}
            Some(ended) = running.join_next() => {
                let (key, error) = ended.map_err(|error| Fault::new(FAILED, error.to_string()))?;
                if let Some(error) = error {
                    let delay = wait.delay();
                    eprintln!("fleet: {key}: {error}; again in {delay:.1?}");
                    sleep(delay).await;
                    loops.remove(&key);
                    seen = None;
                }
            }
        }
    }
    eprintln!("fleet: no new leases; what runs ends within a second or goes back");
    process.stopping.store(true, Ordering::SeqCst);
    let begin = Instant::now();
    let stop = async {
        // Again and again: a loop that has not begun cannot be stopped yet.
        while !matches!(timeout(Duration::from_millis(50), running.join_next()).await, Ok(None)) {
            for one in loops.values() {
                drop(one.context.stop());
                if begin.elapsed() > Duration::from_secs(1) {
                    one.desk.release();
                }
            }
        }
    };
    tokio::select! {
        () = stop => Ok(()),
        Some(()) = asked.recv() => {
            Err(Fault::new(130, "stopped at once; what was leased comes back when its lease is over"))
        }
    }
}

/// One key's loop, until it is stopped or fails.
async fn run(
    key: KeyBuf,
    context: WorkerContext,
    desk: Desk,
    plan: Arc<Plan>,
    pool: PgPool,
) -> (KeyBuf, Option<String>) {
    let (shared, backend, worker) = (Arc::new(key.clone()), Lease::new(desk.clone()), context.clone());
    let process = desk.process().clone();
    let service = tower::service_fn(move |task: Task<Vec<u8>>| {
        let (desk, process, key, plan, worker) =
            (desk.clone(), process.clone(), shared.clone(), plan.clone(), worker.clone());
        let slot = Context::new(plan.root.clone(), pool.clone());
        async move {
            let (bytes, execution) = task.take();
            let id = execution.task_id().map(ToString::to_string).unwrap_or_default();
            let number = i32::try_from(execution.attempt()).unwrap_or(i32::MAX);
            let Some((close, alone)) = desk.starting(&id, number) else {
                return Ok::<_, std::convert::Infallible>(Arc::new(Ended::Lost));
            };
            let _turn = if alone { None } else { Some(process.turn.read().await) };
            if alone && !desk.start_alone(worker.name(), &id, number).await {
                return Ok(Arc::new(Ended::Lost));
            }
            let why = *close.borrow();
            Ok(Arc::new(match why {
                Close::No => attempt::run(&plan, key, bytes, slot, close).await,
                Close::Lost => Ended::Lost,
                Close::Release => Ended::Released,
            }))
        }
    });
    let interval =
        IntervalStrategy::new(Duration::from_millis(20)).with_backoff(BackoffConfig::new(Duration::from_secs(1)));
    let worker: Worker<Vec<u8>, _, _, _> =
        Worker::new(context, PollWith::new(backend, interval), service, Identity::new());
    (key, worker.run().await.err().map(|error| error.to_string()))
}

/// What the registry can build, of what was asked for.
fn keys(plan: &Plan) -> Vec<KeyBuf> {
    let entries = plan.registry.manifest().into_iter().filter(|entry| entry.has_factory);
    let keys = entries.map(|entry| KeyBuf::from(entry.key));
    keys.filter(|key| plan.keys.is_empty() || plan.keys.iter().any(|pattern| matches(pattern, &key.to_string())))
        .collect()
}

/// Makes keys known to the database.
///
/// # Errors
///
/// If the server does not answer.
pub async fn announce(pool: &PgPool, keys: &[KeyBuf]) -> Result<(), Fault> {
    let keys: Vec<String> = keys.iter().map(ToString::to_string).collect();
    let statement = sqlx::query("select fleet.announce($1)").bind(&keys);
    limited!(pool, |c| statement.execute(c)).map(drop)
}

/// Whether `text` is what `pattern` says, in which `*` stands for any text.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((head, tail)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(rest) = text.strip_prefix(head) else { return false };
    (0..=rest.len()).any(|at| rest.is_char_boundary(at) && matches(tail, &rest[at..]))
}

/// The name that the server knows this process by: machine, process and chance.
fn process_name() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host: String = host.trim().chars().filter(char::is_ascii_graphic).take(24).collect();
    let chance = Ulid::generate().to_string();
    format!("{host}-{}-{}", std::process::id(), &chance[chance.len() - 8..])
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_star_stands_for_any_text() {
        for (pattern, text, expected) in [
            ("*", "etl/parse@v1", true),
            ("search/*@v1", "search/shard@v1", true),
            ("search/*@v1", "search/shard@v11", false),
            ("search/*@v*", "search/shard@v11", true),
            ("search/shard@v1", "search/shard@v1", true),
            ("search/shard", "search/shard@v1", false),
            ("*@v1*x", "a/b@v1", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }
}
