//! What there is of each key, and the dead.

use std::fmt::Write;

use serde::Serialize;
use sqlx::{FromRow, PgPool};

use crate::fault::Fault;
use crate::limited;

/// A key's row.
#[derive(Debug, Serialize, FromRow)]
pub struct Row {
    /// The key.
    pub key: String,
    /// `open`, `draining`, `sealed` or `retired`.
    pub state: String,
    /// Jobs that wait for a worker, also those that are to be tried again.
    pub ready: i64,
    /// Jobs that wait for others of their batch.
    pub held: i64,
    /// Jobs that a worker has.
    pub leased: i64,
    /// Jobs with a result.
    pub done: i64,
    /// Jobs that are not tried again.
    pub dead: i64,
    /// Workers that lease the key.
    pub workers: i64,
    /// The age of the oldest job that waits, in seconds.
    pub oldest_s: Option<f64>,
    /// When the key was retired, by the server's clock.
    pub retired_at: Option<String>,
    /// Where in the server's log that was.
    pub retired_lsn: Option<String>,
}

/// A dead job.
#[derive(Debug, Serialize, FromRow)]
pub struct Dead {
    /// The job.
    pub id: String,
    /// Its key.
    pub key: String,
    /// How often it was tried.
    pub attempts: i32,
    /// Why it is dead.
    pub error: Option<String>,
}

/// The rows of all keys.
///
/// # Errors
///
/// If the server does not answer.
pub async fn read(pool: &PgPool) -> Result<Vec<Row>, Fault> {
    let statement = sqlx::query_as(
        "select key, state, ready, held, leased, done, dead, workers, oldest_s, retired_at::text, retired_lsn from fleet.status()",
    );
    limited!(pool, |c| statement.fetch_all(c))
}

/// The dead of all keys, the last ones first.
///
/// # Errors
///
/// If the server does not answer.
pub async fn dead(pool: &PgPool) -> Result<Vec<Dead>, Fault> {
    let statement = sqlx::query_as(
        "select id, job_type as key, attempts, last_result ->> 'Err' as error from apalis.jobs
         where status = 'Killed' order by done_at desc",
    );
    limited!(pool, |c| statement.fetch_all(c))
}

/// Opens dead jobs again, all of them or these, and says how many.
///
/// # Errors
///
/// If a key is sealed: none is opened then.
pub async fn retry(pool: &PgPool, ids: &[String]) -> Result<u64, Fault> {
    let statement = sqlx::query(
        "update apalis.jobs set status = 'Pending', run_at = fleet.due(), done_at = null, last_result = null
         where status = 'Killed' and (cardinality($1) = 0 or id = any($1))",
    );
    limited!(pool, |c| statement.bind(ids).execute(c)).map(|done| done.rows_affected())
}

/// Rows as a table.
#[must_use]
pub fn table(rows: &[Row]) -> String {
    let wide = rows.iter().map(|row| row.key.len()).max().unwrap_or(0).max(3);
    let mut text = format!(
        "{:wide$}  {:8} {:>9} {:>6} {:>6} {:>9} {:>5} {:>7} {:>8}  retired\n",
        "key", "state", "ready", "held", "leased", "done", "dead", "workers", "oldest"
    );
    for row in rows {
        let oldest = row.oldest_s.map_or_else(|| "-".into(), |seconds| format!("{seconds:.0} s"));
        let retired = row.retired_at.as_deref().zip(row.retired_lsn.as_deref());
        let retired = retired.map_or_else(String::new, |(at, lsn)| format!("{at} at {lsn}"));
        let _ = writeln!(
            text,
            "{:wide$}  {:8} {:>9} {:>6} {:>6} {:>9} {:>5} {:>7} {oldest:>8}  {retired}",
            row.key, row.state, row.ready, row.held, row.leased, row.done, row.dead, row.workers
        );
    }
    text
}

/// Moves a key on and gives its new row.
///
/// # Errors
///
/// If there is no such key, or its state or its open jobs do not allow it.
pub async fn move_to(pool: &PgPool, key: &str, state: &str) -> Result<String, Fault> {
    let statement = sqlx::query_as("select state, retired_at::text, retired_lsn::text from fleet.move($1, $2)");
    let moved: (String, Option<String>, Option<String>) =
        limited!(pool, |c| statement.bind(key).bind(state).fetch_one(c))?;
    Ok(match moved {
        (state, Some(at), Some(lsn)) => {
            format!("{key} is {state}: no job of it was open at {at}, log position {lsn}\n")
        }
        (state, ..) => format!("{key} is {state}\n"),
    })
}
