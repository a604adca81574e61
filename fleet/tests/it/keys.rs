//! Draining, sealing and retiring.

use std::thread;

use crate::fixture::Database;

const KEY: &str = "trial/echo@v1";

#[test]
fn a_key_goes_forwards_only_and_leaves_its_proof() {
    let database = Database::new();
    database.enqueue(KEY, "x");
    let refused = |arguments: &[&str]| assert_eq!(database.run(arguments).status.code(), Some(5), "{arguments:?}");
    refused(&["retire", KEY]);
    database.ok(&["drain", KEY]);
    refused(&["retire", KEY]);
    database.enqueue(KEY, "still");
    database.ok(&["seal", KEY]);
    refused(&["enqueue", "--key", KEY]);
    refused(&["drain", KEY]);
    let open = database.run(&["retire", KEY]);
    assert_eq!(open.status.code(), Some(5));
    assert!(String::from_utf8_lossy(&open.stderr).contains('2'), "it says how many are open");

    let _worker = database.worker(&["--keys", KEY]);
    database.until_jobs("Done", 2);
    database.ok(&["retire", KEY]);
    let proof = "select retired_at is not null and retired_lsn <= pg_current_wal_lsn() from fleet.key where state = 'retired'";
    assert_eq!(database.sql(proof), "t");
    let lsn = database.sql("select retired_lsn from fleet.key where state = 'retired'");
    assert!(database.ok(&["status"]).contains(&lsn));
    assert!(database.ok(&["retire", KEY]).contains(&lsn), "the proof stays what it was");
    refused(&["enqueue", "--key", KEY]);
    refused(&["seal", KEY]);
}

#[test]
fn a_sealed_key_is_opened_by_nobody() {
    let database = Database::new();
    let job = database.enqueue(KEY, "x");
    let dead = "update apalis.jobs set status = 'Killed'";
    database.sql(dead);
    database.ok(&["dead", "retry"]);
    database.sql(dead);
    database.ok(&["seal", KEY]);
    for status in ["Pending", "Queued", "Running", "Failed"] {
        let open = format!("update apalis.jobs set status = '{status}' where id = '{job}'");
        assert_eq!(database.refusal(&open), "FL002", "{status}");
    }
    assert_eq!(database.run(&["dead", "retry"]).status.code(), Some(5));
    database.ok(&["init", "--key", "trial/other@v1"]);
    let other = database.enqueue("trial/other@v1", "x");
    let moved = format!("update apalis.jobs set job_type = '{KEY}' where id = '{other}'");
    assert_eq!(database.refusal(&moved), "FL002");
}

#[test]
fn a_sealed_key_finishes_what_it_has() {
    let database = Database::new();
    database.enqueue(KEY, "x");
    database.enqueue("trial/sleep@v1", "no number");
    database.ok(&["seal", KEY]);
    database.ok(&["seal", "trial/sleep@v1"]);
    let _worker = database.worker(&[]);
    database.until_jobs("Done", 1);
    // Tried again and again, which no seal forbids.
    database.until_jobs("Killed", 1);
    database.ok(&["retire", KEY]);
    database.ok(&["retire", "trial/sleep@v1"]);
}

#[test]
fn a_seal_waits_for_transactions_that_enqueue() {
    let database = Database::new();
    thread::scope(|scope| {
        // Holds its transaction open until the seal waits for it.
        let producer = scope.spawn(|| {
            database.sql(&format!(
                "begin; select fleet.enqueue('{KEY}', 'x');
                 do $$ begin
                    while not exists (select from pg_stat_activity where query like '%fleet.move%' and wait_event_type = 'Lock'
                        and datname = current_database()) loop
                        perform pg_sleep(0.01), pg_stat_clear_snapshot();
                    end loop;
                 end $$; commit"
            ))
        });
        database.until("select count(*) from pg_stat_activity where query like '%pg_sleep(0.01)%' and pid <> pg_backend_pid() and datname = current_database()", "1");
        database.ok(&["seal", KEY]);
        producer.join().expect("it enqueues");
    });
    assert_eq!(database.sql("select count(*) from apalis.jobs"), "1");
    assert_eq!(database.run(&["retire", KEY]).status.code(), Some(5), "the job that came before the seal is open");
}
