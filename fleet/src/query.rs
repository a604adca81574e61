//! Questions to a merged index.

use std::fmt::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use pipeline::document::Outcome;
use pipeline::graph::{self, Finished};
use pipeline::index::{Index, Shard};
use pipeline::output::Shown;
use pipeline::stop::Stop;
use pipeline::{verify, words};
use serde_json::Value;
use sqlx::PgPool;
use tokio::time::sleep;

use crate::families::{MERGE, SHARD};
use crate::fault::{FAILED, Fault, REFUSED, UNKNOWN};
use crate::produce;
use crate::sections::{self, CORRUPT};

/// So many files are named for each word.
const NAMED: usize = 5;

/// A batch whose merges are done.
#[derive(Debug)]
pub struct Merged {
    pool: PgPool,
    name: String,
    key: String,
    parts: usize,
    files: Vec<PathBuf>,
}

impl Merged {
    /// A batch by name, or the last one that was enqueued; waits so long for it.
    ///
    /// # Errors
    ///
    /// If there is none, or it is not merged by then.
    pub async fn open(pool: &PgPool, name: Option<&str>, wait: Duration) -> Result<Self, Fault> {
        let found: Option<(String, Value)> = sqlx::query_as(
            "select name, info from fleet.batch where $1 is null or name = $1 order by at desc limit 1",
        )
        .bind(name)
        .fetch_optional(pool)
        .await?;
        let (name, info) = found.ok_or_else(|| Fault::new(UNKNOWN, "no such batch"))?;
        let end = Instant::now() + wait;
        loop {
            let missing: i64 = sqlx::query_scalar(
                "select count(*) from fleet.member m left join fleet.result r using (job) where m.batch = $1 and r.job is null",
            )
            .bind(&name)
            .fetch_one(pool)
            .await?;
            if missing == 0 {
                break;
            }
            if Instant::now() >= end {
                return Err(Fault::new(
                    REFUSED,
                    format!("the batch {name} is not merged yet: {missing} jobs have no result"),
                ));
            }
            sleep(Duration::from_millis(100)).await;
        }
        let parts = info["parts"].as_u64().and_then(|parts| usize::try_from(parts).ok()).unwrap_or(1);
        let key = info["key"].as_str().unwrap_or_default().to_owned();
        let files = produce::files(pool, &name).await?;
        Ok(Self { pool: pool.clone(), name, key, parts, files })
    }

    async fn part(&self, part: usize) -> Result<Shard, Fault> {
        let section: Vec<u8> = sqlx::query_scalar(
            "select fleet.section(r.value, 0) from apalis.jobs j join fleet.result r on r.job = j.id
             where j.job_type = $1 and j.idempotency_key = $2",
        )
        .bind(MERGE.to_string())
        .bind(produce::merge_token(&self.name, part))
        .fetch_one(&self.pool)
        .await?;
        sections::join([section.as_slice()]).map_err(|text| Fault::new(FAILED, text))
    }

    /// What is to be said of a word.
    ///
    /// # Errors
    ///
    /// If the index cannot be read.
    pub async fn look_up(&self, word: &str) -> Result<String, Fault> {
        let index = Index::new(vec![self.part(words::shard(words::hash(word), self.parts)).await?]);
        let postings = index.find(word);
        let times = pipeline::index::total(postings);
        let mut text = format!("{word}: {} files, {times} times\n", postings.len());
        for posting in postings.iter().take(NAMED) {
            let path = self.files.get(posting.file as usize).ok_or_else(|| Fault::new(FAILED, CORRUPT))?;
            let _ = writeln!(text, "  {:6}  {}", posting.count, Shown(path));
        }
        if postings.len() > NAMED {
            let _ = writeln!(text, "          and {} more", postings.len() - NAMED);
        }
        Ok(text)
    }

    /// Indexes the same files again in one plain pass, as `pipeline --verify` does, and compares all words and files.
    ///
    /// # Errors
    ///
    /// If they differ.
    pub async fn verify(&self) -> Result<String, Fault> {
        let mut parts = Vec::with_capacity(self.parts);
        for part in 0..self.parts {
            parts.push(self.part(part).await?);
        }
        let index = Index::new(parts);
        let stored: Vec<Vec<u8>> = sqlx::query_scalar(
            "select fleet.section(r.value, 0) from fleet.member m join fleet.result r using (job) where m.batch = $1 and not m.held",
        )
        .bind(&self.name)
        .fetch_all(&self.pool)
        .await?;
        let mut outcomes: Vec<(u32, Outcome)> = Vec::with_capacity(self.files.len());
        for section in &stored {
            outcomes.extend(sections::read_outcomes(section).map_err(|text| Fault::new(FAILED, text))?);
        }
        outcomes.sort_unstable_by_key(|(file, _)| *file);
        let version = SHARD.iter().find(|(key, _)| key.to_string() == self.key).map(|(_, version)| *version);
        let version =
            version.ok_or_else(|| Fault::new(UNKNOWN, format!("no such version of search/shard: {}", self.key)))?;
        let versions = graph::Plan { threads: 1, versions: [version; 2] };
        let finished = Finished { index: None, outcomes, counts: Vec::new(), time: Duration::ZERO };
        let again = verify::sequential(&versions, &self.files, &Stop::default());
        let again = again.ok_or_else(|| Fault::new(FAILED, "stopped"))?;
        verify::compare(&finished, &index, &again, &self.files)
            .map_err(|mismatch| Fault::new(FAILED, mismatch.to_string()))?;
        Ok(format!(
            "{}: equal to the plain pass: {} words, {} postings, {} files, {}\n",
            self.name,
            index.distinct(),
            index.postings(),
            self.files.len(),
            self.key
        ))
    }
}
