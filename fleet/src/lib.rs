//! The job families of a registry on many machines, with `PostgreSQL` and apalis between them.
//!
//! ```text
//!   producer ──fleet.enqueue(key, bytes)──► apalis.jobs ──lease by key──► worker ──VTableRegistry::build──► task
//!   any client, any transaction              │     ▲                        │ poll, wake, close
//!                                   fleet.key: open │ draining │ sealed     ▼
//!                                            │     └──────────────fleet.finish: result and end in one, fenced
//! ```

pub mod attempt;
pub mod database;
pub mod desk;
pub mod families;
pub mod fault;
pub mod growing;
pub mod lease;
pub mod plan;
pub mod produce;
pub mod query;
pub mod sections;
pub mod slot;
pub mod status;
pub mod trial;
pub mod work;
