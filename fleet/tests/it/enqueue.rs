//! Opening jobs.

use crate::fixture::Database;

#[test]
fn the_same_token_is_the_same_job() {
    let database = Database::new();
    let jobs = ["enqueue", "--key", "trial/echo@v1", "--count", "3", "--token", "order"];
    let first = database.ok(&jobs);
    assert_eq!(first.lines().count(), 3);
    assert_eq!(database.ok(&jobs), first);
    assert_eq!(database.sql("select count(*) from apalis.jobs"), "3");
    // Another key's tokens are others.
    let other = database.ok(&["enqueue", "--key", "trial/sleep@v1", "--count", "3", "--token", "order"]);
    assert_ne!(other, first);

    let id = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
    let by_id = format!("select fleet.enqueue('trial/echo@v1', 'x', null, '{id}')");
    assert_eq!((database.sql(&by_id), database.sql(&by_id)), (id.into(), id.into()));
    assert_eq!(database.refusal(&format!("select fleet.enqueue('trial/sleep@v1', 'x', null, '{id}')")), "FL003");
}

#[test]
fn it_is_part_of_the_callers_transaction() {
    let database = Database::new();
    database.sql("begin; select fleet.enqueue('trial/echo@v1', 'x'); rollback");
    assert_eq!(database.sql("select count(*) from apalis.jobs"), "0");
    database.sql("begin; create table mine (); select fleet.enqueue('trial/echo@v1', 'x'); commit");
    assert_eq!(database.sql("select count(*) from apalis.jobs where run_at < now()"), "1");
}

#[test]
fn what_would_stop_a_worker_is_refused_whoever_inserts_it() {
    let database = Database::new();
    let insert = |key: &str, id: &str, job: &str, metadata: &str| {
        format!(
            "insert into apalis.jobs (id, job_type, job, metadata, run_at) values ('{id}', '{key}', {job}, {metadata}, now())"
        )
    };
    let id = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
    assert_eq!(database.refusal(&insert("trial/echo@v1", "mine", "'x'", "null")), "FL003");
    assert_eq!(database.refusal(&insert("trial/echo@v1", "81ARZ3NDEKTSV4RRFFQ69G5FAV", "'x'", "null")), "FL003");
    assert_eq!(database.refusal(&insert("trial/echo@v1", id, "'x'", "hstore('a', null)")), "FL003");
    assert_eq!(
        database.refusal(&insert("trial/echo@v1", id, "convert_to(repeat('x', 1048577), 'UTF8')", "null")),
        "FL004"
    );
    assert_eq!(database.refusal(&insert("trial/nobody@v1", id, "'x'", "null")), "FL001");
    database.sql(&insert("trial/echo@v1", id, "convert_to(repeat('x', 1048576), 'UTF8')", "hstore('a', 'b')"));
}
