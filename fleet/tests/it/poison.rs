//! Jobs that fail, and jobs that kill.

use crate::fixture::{Database, Worker};

#[test]
fn poison_fails_alone_and_with_delay_and_is_dead() {
    let database = Database::new();
    for (key, bytes) in [
        ("trial/panic@v1", ""),
        ("trial/hang@v1", ""),
        ("trial/sleep@v1", "no number"),
        ("search/shard@v1", r#"{"root":"/","first":0,"parts":1,"files":["../etc/passwd"]}"#),
        ("search/shard@v2", "no JSON"),
        ("search/shard@v1", r#"{"root":"/","first":0,"parts":0,"files":[]}"#),
    ] {
        database.enqueue(key, bytes);
    }
    for _ in 0..3 {
        database.enqueue("trial/echo@v1", "fine");
    }
    let _worker = database.worker(&[]);
    database.until_jobs("Killed", 6);
    database.until_jobs("Done", 3);
    assert_eq!(database.sql("select min(attempts), max(attempts) from apalis.jobs where status = 'Killed'"), "3|3");
    let delays = "select bool_and(late > '900 ms' and later > '3900 ms') from (
        select b.at - a.at as late, c.at - b.at as later from fleet.attempt a
        join fleet.attempt b on b.job = a.job and b.number = 2 join fleet.attempt c on c.job = a.job and c.number = 3
        where a.number = 1) as t";
    assert_eq!(database.sql(delays), "t");
    assert_eq!(database.ok(&["dead"]).lines().count(), 6);

    database.ok(&["dead", "retry"]);
    database.until_jobs("Killed", 6);
}

#[test]
fn a_job_that_kills_workers_is_dead_after_three_alone() {
    let database = Database::new();
    let poison = database.enqueue("trial/abort@v1", "");
    for _ in 0..20 {
        database.enqueue("trial/sleep@v1", "200");
    }
    let mut workers: Vec<Worker> = Vec::new();
    let dead = format!("select count(*) from apalis.jobs where id = '{poison}' and status = 'Killed'");
    for killed in 0.. {
        assert!(killed < 9, "{}", database.sql("select * from fleet.attempt"));
        let mut worker = database.worker(&["--slots", "4"]);
        // It ends when the poison has killed it, or is stopped when the poison is dead.
        database.until_over(&mut worker, &dead);
        if database.sql(&dead) == "1" {
            workers.push(worker);
            break;
        }
        assert_eq!(worker.wait(), None, "ended by a signal");
    }
    let alone = format!("select count(*) from fleet.attempt where job = '{poison}' and alone and ended is null");
    assert_eq!(database.sql(&alone), "3");
    // Nobody else pays for it.
    database.until_jobs("Done", 20);
    assert_eq!(database.sql("select count(*) from apalis.jobs where status = 'Killed'"), "1");
}
