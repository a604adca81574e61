//! One key of one worker: what the engine's loop leases, renews and ends.
//!
//! The loop, the leases, the heartbeats and the sweeps are apalis'. Ours is how much is leased (as much as there are
//! free slots, so that what is leased runs), which of it may run, and how it ends: fenced by the number of the attempt,
//! since the name of the worker alone does not tell an old lease of a job from a new one of the same worker.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

use apalis_core::backend::codec::Codec;
use apalis_core::backend::persistence::{Persisted, Persistence, TaskEvent, TaskPersistLayer};
use apalis_core::backend::{Backend, BackendConfig};
use apalis_core::task::Task;
use apalis_core::worker::context::WorkerContext;
use apalis_postgres::{Config, queries};
use sqlx::PgPool;
use tokio::sync::{OwnedRwLockWriteGuard, RwLock, watch};
use tokio::time::sleep;
use ulid::Ulid;
use waker_tables::KeyBuf;

use crate::attempt::{Close, Ended};
use crate::fault::{FAILED, Fault};
use crate::limited;

/// At most so many bytes of results go in one statement.
const AT_ONCE: usize = 64 << 20;

/// What the keys of one worker share.
#[derive(Debug, Default)]
pub struct Process {
    /// Held for reading by every job that runs, and for writing by one that runs alone, until its end is stored.
    pub turn: Arc<RwLock<()>>,
    /// A job waits for its turn alone, or has it: nothing is leased meanwhile.
    quiet: AtomicBool,
    /// The worker stops.
    pub stopping: AtomicBool,
}

/// A job that is leased.
#[derive(Debug)]
struct Held {
    number: i32,
    close: watch::Sender<Close>,
    alone: Option<Arc<Process>>,
    turn: Option<OwnedRwLockWriteGuard<()>>,
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(process) = &self.alone {
            process.quiet.store(false, Ordering::SeqCst);
        }
    }
}

/// What the engine's loop asks, and what a job asks when it starts.
#[derive(Debug, Clone)]
pub struct Desk {
    pool: PgPool,
    text: Arc<str>,
    config: Config,
    slots: usize,
    process: Arc<Process>,
    jobs: Arc<Mutex<HashMap<String, Held>>>,
}

/// A desk as the engine's backend.
#[derive(Debug)]
pub struct Lease(Persisted<Desk>);

/// Results stay as they are.
#[derive(Debug, Clone)]
pub struct Same;

impl Desk {
    /// A desk for one key.
    #[must_use]
    pub fn new(pool: PgPool, key: &KeyBuf, slots: usize, lease: Duration, process: Arc<Process>) -> Self {
        let text: Arc<str> = key.to_string().into();
        // A lease is over when four heartbeats were missed.
        let config = Config::default().queue(&*text).heartbeat_interval(lease / 4).missed_heartbeats(4);
        Self { pool, text, config, slots, process, jobs: Arc::default() }
    }

    /// The backend of this desk.
    #[must_use]
    pub fn backend(&self) -> Lease {
        Lease(Persisted::new(self.clone()))
    }

    /// What tells an attempt that it is to end, and whether it has to run alone; none if it is not held any more.
    #[must_use]
    pub fn starting(&self, id: &str, number: i32) -> Option<(watch::Receiver<Close>, bool)> {
        let jobs = self.jobs();
        let held = jobs.get(id).filter(|held| held.number == number)?;
        Some((held.close.subscribe(), held.alone.is_some()))
    }

    /// Gives back all that still runs.
    pub fn release(&self) {
        for held in self.jobs().values() {
            held.close.send_if_modified(|why| {
                *why == Close::No && {
                    *why = Close::Release;
                    true
                }
            });
        }
    }

    /// The turn of a job that runs alone, and its first transaction. False if the lease is lost, or that is not known.
    pub async fn start_alone(&self, worker: &str, id: &str, number: i32) -> bool {
        let turn = self.process.turn.clone().write_owned().await;
        let statement = sqlx::query_scalar("select fleet.start_alone($1, $2, $3)").bind(worker).bind(id).bind(number);
        let started: Result<bool, Fault> = limited!(self.pool, |c| statement.fetch_one(c));
        let mut jobs = self.jobs();
        let held = jobs.get_mut(id).filter(|held| held.number == number && matches!(started, Ok(true)));
        held.map(|held| held.turn = Some(turn)).is_some()
    }

    /// What this key shares with the other keys of the worker.
    #[must_use]
    pub fn process(&self) -> &Arc<Process> {
        &self.process
    }

    fn jobs(&self) -> MutexGuard<'_, HashMap<String, Held>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn forget(&self, id: &str, number: i32) {
        let mut jobs = self.jobs();
        if jobs.get(id).is_some_and(|held| held.number == number) {
            jobs.remove(id);
        }
    }

    /// Registers with the server's time: the engine's own statement writes this machine's.
    async fn joined(&self, worker: &WorkerContext) -> Result<(), Fault> {
        let statement = sqlx::query(
            "insert into apalis.workers (id, worker_type, storage_name, layers, last_seen) values ($1, $2, 'fleet', '', now())
             on conflict (id) do update set last_seen = now()",
        );
        limited!(self.pool, |c| statement.bind(worker.name()).bind(&*self.text).execute(c)).map(drop)
    }

    async fn renewed(&self, worker: &WorkerContext) -> Result<(), Fault> {
        match limited!(self.pool, |c| queries::keep_alive(c, &self.text, worker)) {
            Err(fault) if fault.status == FAILED => self.joined(worker).await?,
            done => done?,
        }
        let (ids, numbers): (Vec<_>, Vec<_>) = self.jobs().iter().map(|(id, held)| (id.clone(), held.number)).unzip();
        let statement = sqlx::query_scalar("select fleet.renew($1, $2, $3, $4)")
            .bind(worker.name())
            .bind(&*self.text)
            .bind(&ids)
            .bind(&numbers);
        let lost: Vec<String> = limited!(self.pool, |c| statement.fetch_all(c))?;
        for id in lost {
            eprintln!("fleet: {}: lost the lease of {id}", self.text);
            if let Some(held) = self.jobs().get(&id) {
                held.close.send_replace(Close::Lost);
            }
        }
        let lease = self.config.orphaned_duration().as_secs();
        limited!(self.pool, |c| queries::reenqueue_orphaned(c, &self.text, lease)).map(drop)
    }

    /// Leases, and takes into the books what may run. A lease that is not in the books goes back with the next
    /// heartbeat.
    async fn leased(&self, worker: &WorkerContext, free: usize) -> Result<Vec<Task<Vec<u8>>>, Fault> {
        let config = self.config.clone().batch_size(free);
        let mut tasks = limited!(self.pool, |c| queries::fetch_next(c, &config, worker))?;
        let mut alone = None;
        if tasks.iter().any(|task| task.ctx().attempt() >= 2) {
            let ids: Vec<String> = tasks.iter().map(id).collect();
            let statement =
                sqlx::query_as("select job, alone from fleet.suspect($1, $2)").bind(worker.name()).bind(&ids);
            let allowed: Vec<(String, bool)> = limited!(self.pool, |c| statement.fetch_all(c))?;
            tasks.retain(|task| allowed.iter().any(|(job, _)| *job == id(task)));
            if let [(_, true)] = &allowed[..] {
                self.process.quiet.store(true, Ordering::SeqCst);
                alone = Some(self.process.clone());
            }
        }
        let mut jobs = self.jobs();
        for task in &tasks {
            let held = Held {
                number: number(task.ctx().attempt()) + 1,
                close: watch::Sender::new(Close::No),
                alone: alone.take(),
                turn: None,
            };
            jobs.insert(id(task), held);
        }
        Ok(tasks)
    }

    /// Ends attempts in one statement; tries until it is known whether they ended.
    async fn ended(&self, worker: &WorkerContext, batch: Vec<(String, i32, Arc<Ended>)>) {
        let (mut ids, mut numbers, mut values, mut errors) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (id, number, ended) in &batch {
            let (value, error) = match &**ended {
                Ended::Done(value) => (Some(&value[..]), None),
                // A text of the server has no NUL.
                Ended::Failed(error) => (None, Some(error.replace('\0', "\u{fffd}"))),
                Ended::Released => (None, None),
                Ended::Lost => continue,
            };
            ids.push(id.as_str());
            numbers.push(*number);
            values.push(value);
            errors.push(error);
        }
        let mut wait = Growing::default();
        while !ids.is_empty() {
            let statement = sqlx::query_scalar("select fleet.finish($1, $2, $3, $4, $5)")
                .bind(worker.name())
                .bind(&ids)
                .bind(&numbers)
                .bind(&values)
                .bind(&errors);
            let refused: Result<Vec<String>, Fault> = limited!(self.pool, |c| statement.fetch_all(c));
            match refused {
                Ok(refused) => {
                    for id in refused {
                        eprintln!("fleet: {}: {id} was taken over, and its end is refused", self.text);
                    }
                    break;
                }
                // Not the connection's fault, and again and again: the jobs go back with the next heartbeat.
                Err(fault) if fault.status == FAILED && wait.times >= 5 => {
                    eprintln!("fleet: {}: {} attempts could not be ended: {fault}", self.text, ids.len());
                    break;
                }
                Err(fault) => self.trouble(&fault, &mut wait).await,
            }
        }
        for (id, number, _) in &batch {
            self.forget(id, *number);
        }
    }

    async fn trouble(&self, fault: &Fault, wait: &mut Growing) {
        let delay = wait.next();
        eprintln!("fleet: {}: {fault}; again in {delay:.1?}", self.text);
        sleep(delay).await;
    }
}

impl Persistence for Desk {
    type Compact = Vec<u8>;
    type Response = Arc<Ended>;
    type Error = Fault;

    async fn register(&mut self, worker: &WorkerContext) -> Result<(), Fault> {
        let mut wait = Growing::default();
        while let Err(fault) = self.joined(worker).await {
            self.trouble(&fault, &mut wait).await;
        }
        Ok(())
    }

    /// One that fails is not the end: the lease lasts for three more.
    async fn heartbeat(&mut self, worker: &WorkerContext) -> Result<(), Fault> {
        if let Err(fault) = self.renewed(worker).await {
            eprintln!("fleet: {}: no heartbeat: {fault}", self.text);
        }
        Ok(())
    }

    async fn fetch_next(&mut self, worker: &WorkerContext) -> Result<Vec<Task<Vec<u8>>>, Fault> {
        let free = self.slots.saturating_sub(self.jobs().len());
        // Not for every slot that gets free one by one.
        if free == 0 || free * 4 < self.slots {
            tokio::task::yield_now().await;
            return Ok(Vec::new());
        }
        if self.process.quiet.load(Ordering::SeqCst) || self.process.stopping.load(Ordering::SeqCst) {
            sleep(Duration::from_millis(50)).await;
            return Ok(Vec::new());
        }
        match self.leased(worker, free).await {
            Ok(tasks) => Ok(tasks),
            Err(fault) => {
                self.trouble(&fault, &mut Growing::default()).await;
                Ok(Vec::new())
            }
        }
    }

    async fn handle_events(
        &mut self,
        events: Vec<TaskEvent<Arc<Ended>>>,
        worker: &WorkerContext,
    ) -> Result<(), Fault> {
        let (mut batch, mut bytes) = (Vec::new(), 0);
        for event in events {
            let TaskEvent::Complete(result) = event else { continue };
            let (id, number) = (result.task_id().to_string(), number(result.attempt));
            let ended = result.take().unwrap_or_else(|error| Arc::new(Ended::Failed(error)));
            if let Ended::Done(value) = &*ended {
                bytes += value.len();
            }
            batch.push((id, number, ended));
            if bytes > AT_ONCE {
                bytes = 0;
                self.ended(worker, std::mem::take(&mut batch)).await;
            }
        }
        self.ended(worker, batch).await;
        Ok(())
    }

    async fn reenqueue_abandoned(&mut self, tasks: Vec<Task<Vec<u8>>>, worker: &WorkerContext) -> Result<u64, Fault> {
        let back = |task: &Task<Vec<u8>>| (id(task), number(task.ctx().attempt()) + 1, Arc::new(Ended::Released));
        self.ended(worker, tasks.iter().map(back).collect()).await;
        Ok(tasks.len() as u64)
    }

    async fn push_tasks(&mut self, _: Vec<Task<Vec<u8>>>) -> Result<(), Fault> {
        Err(Fault::new(FAILED, "jobs are enqueued by the function of the schema"))
    }
}

impl Backend for Lease {
    type Task = Task<Vec<u8>>;
    type Error = Fault;

    fn poll_ready(&mut self, context: &mut TaskContext<'_>, worker: &WorkerContext) -> Poll<Result<(), Fault>> {
        let interval = self.0.config.heartbeat_interval;
        self.0.poll_ready(context, worker, interval)
    }

    fn poll_next(
        &mut self,
        context: &mut TaskContext<'_>,
        worker: &WorkerContext,
    ) -> Poll<Option<Result<Task<Vec<u8>>, Fault>>> {
        self.0.poll_next(context, worker)
    }

    fn poll_close(&mut self, context: &mut TaskContext<'_>, worker: &WorkerContext) -> Poll<Result<(), Fault>> {
        self.0.poll_close(context, worker)
    }
}

impl BackendConfig for Lease {
    type Args = Vec<u8>;
    type Id = Ulid;
    type Kind = ();
    type Config = Config;
    type Layer = TaskPersistLayer<Same, Arc<Ended>>;

    fn config(&self) -> &Config {
        &self.0.config
    }

    fn middleware(&mut self, _: &mut WorkerContext) -> Self::Layer {
        let slots = self.0.slots;
        self.0.layer(Same, slots).persist_results(true)
    }
}

impl Codec<Arc<Ended>> for Same {
    type Error = Infallible;
    type Compact = Arc<Ended>;

    fn encode(&self, value: &Arc<Ended>) -> Result<Arc<Ended>, Infallible> {
        Ok(value.clone())
    }

    fn decode(&self, value: &Arc<Ended>) -> Result<Arc<Ended>, Infallible> {
        Ok(value.clone())
    }
}

/// A delay that doubles up to 10 s, with a part that is left to chance, so that workers do not come back in step.
#[derive(Debug, Default)]
pub struct Growing {
    times: u32,
}

impl Growing {
    /// The next delay.
    pub fn next(&mut self) -> Duration {
        self.times += 1;
        let whole = 200u64.saturating_mul(1 << self.times.min(10)).min(10_000);
        let chance = u64::try_from(Ulid::generate().random() % u128::from(whole / 2)).unwrap_or(0);
        Duration::from_millis(whole / 2 + chance)
    }
}

fn id(task: &Task<Vec<u8>>) -> String {
    task.ctx().task_id().map(ToString::to_string).unwrap_or_default()
}

fn number(attempts: usize) -> i32 {
    i32::try_from(attempts).unwrap_or(i32::MAX - 1)
}
