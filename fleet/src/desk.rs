//! The books of one key of one worker, and the statements that go with them.
//!
//! How much is leased is as much as there are free slots, so that what is leased runs. How an attempt ends is fenced by
//! its number, since the worker's name alone does not tell an old lease of a job from a new one of the same worker.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use apalis_core::task::Task;
use apalis_core::worker::context::WorkerContext;
use apalis_postgres::{Config, queries};
use sqlx::PgPool;
use tokio::sync::{OwnedRwLockWriteGuard, RwLock, watch};
use tokio::time::sleep;
use waker_tables::KeyBuf;

use crate::attempt::{Close, Ended};
use crate::fault::{FAILED, Fault};
use crate::growing::Growing;
use crate::limited;

/// What the keys of one worker share.
#[derive(Debug, Default)]
pub struct Process {
    /// Held for reading by every job that runs, and for writing by one that runs alone, until its end is stored.
    pub turn: Arc<RwLock<()>>,
    /// A job waits for its turn alone, or has it: nothing is leased meanwhile.
    pub quiet: AtomicBool,
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
    pub(crate) text: Arc<str>,
    pub(crate) config: Config,
    pub(crate) slots: usize,
    process: Arc<Process>,
    jobs: Arc<Mutex<HashMap<String, Held>>>,
}

impl Desk {
    /// A desk for one key.
    #[must_use]
    pub fn new(pool: PgPool, key: &KeyBuf, slots: usize, lease: Duration, process: Arc<Process>) -> Self {
        let text: Arc<str> = key.to_string().into();
        // A lease is over when four heartbeats were missed.
        let config = Config::default().queue(&*text).heartbeat_interval(lease / 4).missed_heartbeats(4);
        Self { pool, text, config, slots, process, jobs: Arc::default() }
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

    /// How many more may run.
    pub(crate) fn free(&self) -> usize {
        self.slots.saturating_sub(self.jobs().len())
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
    pub(crate) async fn joined(&self, worker: &WorkerContext) -> Result<(), Fault> {
        let statement = sqlx::query(
            "insert into apalis.workers (id, worker_type, storage_name, layers, last_seen) values ($1, $2, 'fleet', '', now())
             on conflict (id) do update set last_seen = now()",
        );
        limited!(self.pool, |c| statement.bind(worker.name()).bind(&*self.text).execute(c)).map(drop)
    }

    pub(crate) async fn renewed(&self, worker: &WorkerContext) -> Result<(), Fault> {
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
    pub(crate) async fn leased(&self, worker: &WorkerContext, free: usize) -> Result<Vec<Task<Vec<u8>>>, Fault> {
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
    pub(crate) async fn ended(&self, worker: &WorkerContext, batch: Vec<(String, i32, Arc<Ended>)>) {
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

    pub(crate) async fn trouble(&self, fault: &Fault, wait: &mut Growing) {
        let delay = wait.delay();
        eprintln!("fleet: {}: {fault}; again in {delay:.1?}", self.text);
        sleep(delay).await;
    }
}

pub(crate) fn id(task: &Task<Vec<u8>>) -> String {
    task.ctx().task_id().map(ToString::to_string).unwrap_or_default()
}

pub(crate) fn number(attempts: usize) -> i32 {
    i32::try_from(attempts).unwrap_or(i32::MAX - 1)
}
