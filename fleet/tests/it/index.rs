//! The job that all this is for: the pipeline's index, on several workers.

use std::path::Path;

use crate::fixture::Database;

fn tree() -> &'static str {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().and_then(|above| above.to_str()).map_or(".", |above| above)
}

#[test]
fn the_merged_index_is_the_plain_passs_in_both_versions() {
    let database = Database::new();
    let source = format!("{}/pipeline", tree());
    let _workers = [database.worker(&[]), database.worker(&[])];
    for version in ["v1", "v2"] {
        let name = database.ok(&["enqueue", &source, "--parse-version", version, "--shard-bytes", "10000"]);
        let said = database.ok(&["query", "waker", "--batch", name.trim(), "--wait", "60", "--verify"]);
        assert!(said.contains(&format!("search/shard@{version}")), "{said}");
    }
    assert_eq!(database.sql("select count(*) > 10 from fleet.result"), "t");
}

#[test]
fn merges_wait_for_all_shards() {
    let database = Database::new();
    let source = format!("{}/pipeline", tree());
    database.ok(&["enqueue", &source, "--shard-bytes", "10000", "--batch", "b"]);
    let merging = database.worker(&["--keys", "search/merge@v1"]);
    assert_eq!(database.sql("select count(*) from fleet.member where held"), "1");
    let early = database.run(&["query", "x", "--batch", "b"]);
    assert_eq!(early.status.code(), Some(5));
    let _sharding = database.worker(&["--keys", "search/shard@*"]);
    database.ok(&["query", "x", "--batch", "b", "--wait", "60", "--verify"]);
    drop(merging);
    // A result that is taken back by opening its job again is missing until it is there again.
    database.sql(
        "update apalis.jobs set status = 'Pending' where id = (select job from fleet.member where not held limit 1)",
    );
    database.ok(&["query", "x", "--batch", "b", "--wait", "60", "--verify"]);
}

#[test]
fn a_drained_version_is_not_chosen() {
    let database = Database::new();
    let source = format!("{}/pipeline/src", tree());
    let key = |batch: &str| database.sql(&format!("select info ->> 'key' from fleet.batch where name = '{batch}'"));
    database.ok(&["enqueue", &source, "--batch", "one"]);
    database.ok(&["drain", "search/shard@v2"]);
    database.ok(&["enqueue", &source, "--batch", "two"]);
    assert_eq!((key("one").as_str(), key("two").as_str()), ("search/shard@v2", "search/shard@v1"));
    database.ok(&["enqueue", &source, "--batch", "two", "--parse-version", "v1"]);
    assert_eq!(database.run(&["enqueue", &source, "--batch", "two", "--parse-version", "v2"]).status.code(), Some(2));
    database.ok(&["drain", "search/shard@v1"]);
    assert_eq!(database.run(&["enqueue", &source]).status.code(), Some(5));
}
