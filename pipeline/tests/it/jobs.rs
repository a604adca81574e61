//! Job lines that are none.

use std::error::Error;
use std::iter;
use std::sync::Arc;

use indicatif::ProgressBar;
use pipeline::families::jobs;
use pipeline::scheduler::Scheduler;
use pipeline::wiring::{Context, Wiring};

#[test]
fn a_bad_line_says_what_is_wrong_and_loses_nothing() {
    let wiring = Wiring::new(Arc::new([]), 2, ProgressBar::hidden());
    let mut scheduler = Scheduler::new(1, 12, Arc::default());
    let mut submit = |line: &str| {
        let wiring = wiring.clone();
        scheduler.submit(line, jobs(), |spawner| Context { spawner, wiring })
    };
    let bad = [
        ("", "there is no / in this one"),
        ("etl/read half=0", "there is no @v behind the kind"),
        (" etl/read@v1 half=0", "there is no / in this one"),
        ("etl/read@v01 half=0", "version"),
        ("etl/read@v2 half=0", "nothing is registered under etl/read@v2"),
        ("etl/parse@v3 half=0", "nothing is registered under etl/parse@v3"),
        ("search/read@v1 half=0", "nothing is registered under search/read@v1"),
        ("etl/read@v1", "half=NUMBER is missing"),
        ("etl/read@v1 shard=0", "half=NUMBER is missing"),
        ("etl/read@v1 half=2", "half is a number below 2, not \"2\""),
        ("etl/read@v1 half=-1", "half is a number below 2, not \"-1\""),
        ("etl/read@v1 half=0 half=1", "\"half=1\" is too much"),
        ("search/index@v1 shard=0 half=0", "half=NUMBER is missing, or stands in the wrong place"),
        ("search/merge@v1 shard=9", "shard is a number below 2, not \"9\""),
    ];
    for (line, reason) in bad {
        let error = submit(line).expect_err(line);
        let cause = error.source().expect("a cause").to_string();
        assert!(!error.to_string().contains(&cause), "{error} leaves the cause to those who ask");
        let causes = iter::successors(Some::<&dyn Error>(&error), |&error| error.source());
        let error = causes.map(ToString::to_string).collect::<Vec<_>>().join(": ");
        assert!(error.contains(reason) && error.contains(&format!("{line:?}")), "{error}");
    }
    let good = ["etl/read@v1", "etl/parse@v1"].map(|key| [format!("{key} half=0"), format!("{key} half=1")]);
    let index = [0, 1].map(|half| [0, 1].map(|shard| format!("search/index@v1 half={half} shard={shard}")));
    for line in good.as_flattened().iter().chain(index.as_flattened()) {
        submit(line).expect(line);
    }
    submit("search/merge@v1 shard=0").expect("a good line");
    submit("search/merge@v1 shard=1").expect("a good line");

    let counts = scheduler.run().expect("a thread");
    let keys: Vec<_> = counts.iter().map(|family| &*family.key).collect();
    assert_eq!(keys, ["etl/read@v1", "etl/parse@v1", "search/index@v1", "search/merge@v1"]);
    assert_eq!(counts.iter().map(|family| family.tasks).sum::<u64>(), 10, "bad lines made no tasks");
    assert_eq!(wiring.take_shards().map(|shards| shards.len()), Some(2));
    assert_eq!(Arc::strong_count(&wiring), 1, "all tasks are gone");
}
