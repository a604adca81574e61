//! A producer: a tree, cut into jobs.

use std::fs;
use std::path::{Path, PathBuf};

use pipeline::stop::Stop;
use pipeline::tree;
use pipeline::words::Version;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection, PgPool};
use ulid::Ulid;

use crate::families::{MERGE, MOST_PARTS, MergeJob, Name, SHARD, ShardJob};
use crate::fault::{Fault, INPUT, REFUSED};

/// A payload's paths have at most so many bytes as JSON, which keeps it under 1 MiB.
const LONGEST: usize = 700 << 10;
/// About so many bytes of text for each part that the words go to.
const PART: u64 = 8 << 20;

/// What was enqueued.
#[derive(Debug)]
pub struct Batch {
    /// Its name.
    pub name: String,
    /// What is known of it: `root`, `key`, `files`, `parts` and `shards`.
    pub info: Value,
    /// Whether it was there already.
    pub known: bool,
}

/// Enqueues jobs of one key, in the caller's transaction: payloads with their tokens. Answers with their ids.
///
/// # Errors
///
/// If the key is not known, is sealed, or a payload is too long.
pub async fn enqueue(
    connection: &mut PgConnection,
    key: &str,
    jobs: &[(Vec<u8>, Option<String>)],
    batch: Option<(&str, bool)>,
) -> Result<Vec<String>, Fault> {
    let mut all = Vec::with_capacity(jobs.len());
    for jobs in jobs.chunks(256) {
        let payloads: Vec<&[u8]> = jobs.iter().map(|(payload, _)| payload.as_slice()).collect();
        let tokens: Vec<Option<&str>> = jobs.iter().map(|(_, token)| token.as_deref()).collect();
        // Made here, the ids cost the server nothing.
        let ids: Vec<String> = jobs.iter().map(|_| Ulid::generate().to_string()).collect();
        let statement = "select fleet.enqueue($1, job, token, id, $2, $3)
            from unnest($4::bytea[], $5::text[], $6::text[]) as g (job, token, id)";
        let ids: Vec<String> = sqlx::query_scalar(statement)
            .bind(key)
            .bind(batch.map(|(name, _)| name))
            .bind(batch.is_some_and(|(_, held)| held))
            .bind(&payloads)
            .bind(&tokens)
            .bind(&ids)
            .fetch_all(&mut *connection)
            .await?;
        all.extend(ids);
    }
    Ok(all)
}

/// Cuts a tree into shards of about so many bytes and enqueues them, and the merges behind them, in one transaction.
/// Without a version it is the newest that is open. The same name again for the same tree is the same batch.
///
/// # Errors
///
/// If there is nothing to index, the version may not be enqueued, or the name is another tree's.
pub async fn tree(
    pool: &PgPool,
    directory: &Path,
    version: Option<Version>,
    name: Option<String>,
    shard_bytes: u64,
) -> Result<Batch, Fault> {
    let name = name.unwrap_or_else(|| Ulid::generate().to_string());
    let root = fs::canonicalize(directory)
        .map_err(|error| Fault::new(INPUT, format!("{}: {error}", directory.display())))?;
    let found = tree::walk(&root, &Stop::default());
    for (path, reason) in &found.refused {
        eprintln!("fleet: {}: {reason}", path.display());
    }
    if found.files.is_empty() {
        return Err(Fault::new(INPUT, format!("{}: nothing to index", directory.display())));
    }
    let key = match version {
        Some(version) => SHARD.iter().find(|(_, other)| *other == version).map(|(key, _)| key.to_string()),
        None => newest(pool).await?,
    };
    let key = key.ok_or_else(|| Fault::new(REFUSED, "no version of search/shard is open"))?;
    let sizes: Vec<u64> =
        found.files.iter().map(|file| fs::metadata(file).map_or(0, |metadata| metadata.len())).collect();
    let parts = usize::try_from(sizes.iter().sum::<u64>().div_ceil(PART))
        .map_or(MOST_PARTS, |parts| parts.clamp(1, MOST_PARTS));

    let mut shards: Vec<ShardJob> = Vec::new();
    let (mut bytes, mut length) = (u64::MAX, 0);
    for (number, (file, size)) in found.files.iter().zip(sizes).enumerate() {
        let path = Name::new(file.strip_prefix(&root).unwrap_or(file));
        let long = serde_json::to_vec(&path).map_or(LONGEST, |text| text.len() + 1);
        if bytes.saturating_add(size) > shard_bytes || length + long > LONGEST {
            let first = u32::try_from(number).map_err(|_| Fault::new(INPUT, "more than 2^32 files"))?;
            shards.push(ShardJob { root: Name::new(&root), first, parts, files: Vec::new() });
            (bytes, length) = (0, 0);
        }
        bytes += size;
        length += long;
        // The first file began one.
        if let Some(shard) = shards.last_mut() {
            shard.files.push(path);
        }
    }
    let info = json!({ "root": Name::new(&root), "key": key, "files": found.files.len(), "parts": parts, "shards": shards.len() });
    let json = |job: serde_json::Result<Vec<u8>>| job.map_err(|error| Fault::new(INPUT, error.to_string()));
    let mut jobs = Vec::with_capacity(shards.len());
    for (number, shard) in shards.iter().enumerate() {
        jobs.push((json(serde_json::to_vec(shard))?, Some(format!("{name}/shard/{number}"))));
    }
    let mut merges = Vec::with_capacity(parts);
    for part in 0..parts {
        merges.push((
            json(serde_json::to_vec(&MergeJob { batch: name.clone(), part }))?,
            Some(merge_token(&name, part)),
        ));
    }

    let mut connection = pool.acquire().await?;
    let mut transaction = connection.begin().await?;
    let begun =
        sqlx::query("insert into fleet.batch (name, missing, info) values ($1, 0, $2) on conflict do nothing");
    let known = begun.bind(&name).bind(&info).execute(&mut *transaction).await?.rows_affected() == 0;
    if known {
        let there: Value = sqlx::query_scalar("select info from fleet.batch where name = $1")
            .bind(&name)
            .fetch_one(&mut *transaction)
            .await?;
        if there != info {
            return Err(Fault::new(INPUT, format!("the batch {name} is another: {there}, not {info}")));
        }
    }
    enqueue(&mut transaction, &key, &jobs, Some((&name, false))).await?;
    enqueue(&mut transaction, &MERGE.to_string(), &merges, Some((&name, true))).await?;
    transaction.commit().await?;
    Ok(Batch { name, info, known })
}

/// The token of the job that merges a part.
#[must_use]
pub fn merge_token(batch: &str, part: usize) -> String {
    format!("{batch}/merge/{part}")
}

async fn newest(pool: &PgPool) -> Result<Option<String>, Fault> {
    let keys: Vec<String> =
        sqlx::query_scalar("select key from fleet.key where state = 'open'").fetch_all(pool).await?;
    Ok(SHARD.iter().rev().map(|(key, _)| key.to_string()).find(|key| keys.contains(key)))
}

/// The files of a batch, in the order of the walk.
///
/// # Errors
///
/// If a job of it cannot be read.
pub async fn files(pool: &PgPool, batch: &str) -> Result<Vec<PathBuf>, Fault> {
    let jobs: Vec<Vec<u8>> = sqlx::query_scalar(
        "select j.job from fleet.member m join apalis.jobs j on j.id = m.job where m.batch = $1 and not m.held",
    )
    .bind(batch)
    .fetch_all(pool)
    .await?;
    let shards: Result<Vec<ShardJob>, _> = jobs.iter().map(|job| serde_json::from_slice(job)).collect();
    let mut shards = shards.map_err(|error| Fault::new(INPUT, format!("a job of the batch {batch}: {error}")))?;
    shards.sort_unstable_by_key(|shard| shard.first);
    Ok(shards.iter().flat_map(|shard| shard.files.iter().map(|file| shard.root.path().join(file.path()))).collect())
}
