//! Who does not hold a job ends nothing.

use crate::fixture::Database;

#[test]
fn a_worker_stopped_beyond_its_lease_ends_nothing() {
    let database = Database::new();
    let job = database.enqueue("trial/sleep@v1", "2500");
    let first = database.worker(&["--keys", "trial/sleep@v1"]);
    database.until("select count(*) from apalis.jobs where lock_by is not null", "1");
    let holder = database.sql("select lock_by from apalis.jobs");
    first.signal("STOP");

    let second = database.worker(&["--keys", "trial/sleep@v1"]);
    let taken = format!("select count(*) from apalis.jobs where lock_by <> '{holder}'");
    database.until(&taken, "1");
    // Its job's time is over long before the second one's.
    first.signal("CONT");
    database.until("select ended from fleet.attempt where number = 1", "lost");
    database.until_jobs("Done", 1);

    let result = format!("select count(*), min(worker) from fleet.result where job = '{job}'");
    assert!(database.sql(&result).starts_with("1|"), "{}", database.sql(&result));
    assert!(!database.sql(&result).contains(&holder));
    assert!(database.sql(&result).contains(&format!("-{}-", second.id())));
    // The second attempt ended it, so nothing of the first counted.
    assert_eq!(database.sql("select attempts from apalis.jobs"), "2");
}

#[test]
fn an_old_lease_of_the_same_worker_ends_nothing() {
    let database = Database::new();
    let job = database.enqueue("trial/echo@v1", "x");
    database.sql("insert into apalis.workers (id, worker_type, storage_name) values ('w', 'trial/echo@v1', '')");
    let lease = "select count(*) from apalis.get_jobs('w', 'trial/echo@v1', 10)";
    let finish = |number: u32, value: &str| {
        database.sql(&format!(
            "select * from fleet.finish('w', '{{{job}}}', '{{{number}}}', array[{value}::bytea], array[null])"
        ))
    };
    assert_eq!(database.sql(lease), "1");
    // What the engine's sweep does, once the lease is over.
    database.sql("update apalis.jobs set status = 'Pending', lock_by = null, attempts = attempts + 1");
    assert_eq!(finish(1, "'between'"), job, "nobody holds it");
    assert_eq!(database.sql(lease), "1");

    assert_eq!(finish(1, "'stale'"), job);
    assert_eq!(database.sql("select status from apalis.jobs"), "Queued");
    assert_eq!(finish(2, "'good'"), "");
    assert_eq!(finish(2, "'twice'"), job);
    assert_eq!(database.sql("select status, attempts from apalis.jobs"), "Done|2");
    assert_eq!(database.sql("select convert_from(value, 'UTF8') from fleet.result"), "good");
}

#[test]
fn another_worker_ends_nothing() {
    let database = Database::new();
    let job = database.enqueue("trial/echo@v1", "x");
    database.sql("insert into apalis.workers (id, worker_type, storage_name) values ('w', 'trial/echo@v1', '')");
    database.sql("select from apalis.get_jobs('w', 'trial/echo@v1', 10)");
    let foreign =
        format!("select * from fleet.finish('other', '{{{job}}}', '{{1}}', array['x'::bytea], array[null])");
    assert_eq!(database.sql(&foreign), job);
    assert_eq!(database.sql("select status from apalis.jobs"), "Queued");
    assert_eq!(database.sql("select count(*) from fleet.result"), "0");
}
