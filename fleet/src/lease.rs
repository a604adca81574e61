//! A desk as the engine's loop sees it: the loop, the leases, the heartbeats and the sweeps are apalis'.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

use apalis_core::backend::codec::Codec;
use apalis_core::backend::persistence::{Persisted, Persistence, TaskEvent, TaskPersistLayer};
use apalis_core::backend::{Backend, BackendConfig};
use apalis_core::task::Task;
use apalis_core::worker::context::WorkerContext;
use apalis_postgres::Config;
use tokio::time::sleep;
use ulid::Ulid;

use crate::attempt::Ended;
use crate::desk::{Desk, id, number};
use crate::fault::{FAILED, Fault};
use crate::growing::Growing;

/// At most so many bytes of results go in one statement.
const AT_ONCE: usize = 64 << 20;

/// A desk as the engine's backend.
#[derive(Debug)]
pub struct Lease(Persisted<Desk>);

/// Results stay as they are.
#[derive(Debug, Clone)]
pub struct Same;

impl Lease {
    /// The backend of a desk.
    #[must_use]
    pub fn new(desk: Desk) -> Self {
        Self(Persisted::new(desk))
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
        let free = self.free();
        // Not for every slot that gets free one by one.
        if free == 0 || free * 4 < self.slots {
            tokio::task::yield_now().await;
            return Ok(Vec::new());
        }
        if self.process().quiet.load(Ordering::SeqCst) || self.process().stopping.load(Ordering::SeqCst) {
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
