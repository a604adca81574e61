//! What a worker leases, and how it stops.

use std::time::Duration;

use fleet::plan::Plan;
use fleet::slot::Context;
use fleet::{trial, work};
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use waker_tables::VTableRegistry;

use crate::fixture::Database;

#[test]
fn a_key_that_is_registered_later_is_leased_then() {
    static JOBS: VTableRegistry<Context> = VTableRegistry::with_context();
    let database = Database::new();
    database.ok(&["init", "--key", "trial/echo@v2"]);
    database.enqueue("trial/echo@v1", "x");
    database.enqueue("trial/echo@v2", "x");
    trial::register(&JOBS, 1);
    let plan = Plan {
        registry: &JOBS,
        keys: Vec::new(),
        slots: 1,
        lease: Duration::from_secs(2),
        poll_limit: Duration::from_secs(1),
        root: "/".into(),
    };
    let (stop, asked) = mpsc::channel(1);
    let runtime = Runtime::new().expect("a runtime");
    let url = database.url.clone();
    let working = runtime.spawn(async move { work::work(&url, plan, asked).await });
    database.until_jobs("Done", 1);
    assert_eq!(
        database.sql("select status, attempts from apalis.jobs where job_type = 'trial/echo@v2'"),
        "Pending|0"
    );
    trial::register(&JOBS, 2);
    database.until_jobs("Done", 2);
    stop.blocking_send(()).expect("it works");
    runtime.block_on(working).expect("no panic").expect("it stops");
}

#[test]
fn work_of_a_newer_version_waits_for_a_newer_worker() {
    let database = Database::new();
    database.enqueue("search/shard@v2", "newer");
    database.enqueue("trial/echo@v1", "x");
    let old = database.worker(&["--keys", "*@v1"]);
    database.until_jobs("Done", 1);
    assert_eq!(database.sql("select status, attempts from apalis.jobs where job_type like 'search%'"), "Pending|0");
    drop(old);
    let _new = database.worker(&[]);
    database.until("select count(*) from fleet.attempt where ended = 'failed'", "1");
}

#[test]
fn what_runs_goes_back_when_a_worker_is_stopped() {
    let database = Database::new();
    database.enqueue("trial/sleep@v1", "60000");
    let mut worker = database.worker(&[]);
    database.until("select count(*) from apalis.jobs where lock_by is not null", "1");
    worker.signal("INT");
    assert_eq!(worker.wait(), Some(0));
    assert_eq!(database.sql("select status, lock_by is null from apalis.jobs"), "Pending|t");
    assert_eq!(database.sql("select ended from fleet.attempt"), "released");
    // So it is no unfinished start, however often.
    for _ in 0..3 {
        let mut worker = database.worker(&[]);
        database.until("select count(*) from apalis.jobs where lock_by is not null", "1");
        worker.signal("TERM");
        assert_eq!(worker.wait(), Some(0));
    }
    assert_eq!(database.sql("select count(*) from fleet.attempt where alone"), "0");
}

#[test]
fn what_runs_short_ends_when_a_worker_is_stopped() {
    let database = Database::new();
    database.enqueue("trial/sleep@v1", "300");
    let mut worker = database.worker(&[]);
    database.until("select count(*) from apalis.jobs where lock_by is not null", "1");
    worker.signal("INT");
    assert_eq!(worker.wait(), Some(0));
    assert_eq!(database.sql("select status from apalis.jobs"), "Done");
}

#[test]
fn a_long_job_keeps_its_lease() {
    let database = Database::new();
    database.enqueue("trial/sleep@v1", "6000");
    let _first = database.worker(&["--slots", "1"]);
    let _second = database.worker(&["--slots", "1"]);
    database.until_jobs("Done", 1);
    assert_eq!(database.sql("select attempts from apalis.jobs"), "1");
}

#[test]
fn a_lease_whose_answer_was_lost_goes_back() {
    let database = Database::new();
    let _worker = database.worker(&["--keys", "trial/echo@v1"]);
    database.until("select count(*) from apalis.workers where worker_type = 'trial/echo@v1'", "1");
    // In one transaction, so that the worker sees it leased to itself, and knows nothing of it.
    database.sql(
        "begin; select fleet.enqueue('trial/echo@v1', 'x');
         update apalis.jobs set status = 'Queued', lock_by = (select id from apalis.workers); commit",
    );
    database.until_jobs("Done", 1);
    assert_eq!(database.sql("select attempts from apalis.jobs"), "2");
}

#[test]
fn a_clock_that_went_back_stalls_nothing() {
    let database = Database::new();
    let job = database.enqueue("trial/echo@v1", "x");
    let other = database.enqueue("trial/echo@v1", "y");
    database.sql(
        "insert into apalis.workers (id, worker_type, storage_name, last_seen)
         values ('gone', 'trial/echo@v1', '', now() + interval '1 hour')",
    );
    database.sql(&format!("update apalis.jobs set status = 'Queued', lock_by = 'gone' where id = '{job}'"));
    database.sql(&format!(
        "update apalis.jobs set status = 'Failed', attempts = 1, run_at = now() + interval '1 hour' where id = '{other}'"
    ));
    let _worker = database.worker(&["--keys", "trial/echo@v1"]);
    database.until_jobs("Done", 2);
}
