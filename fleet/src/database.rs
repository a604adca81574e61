//! Connections to the server, with a time limit on everything.

use std::time::Duration;

use apalis_postgres::PostgresStorage;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, Executor, PgPool};
use tokio::time::timeout;

use crate::fault::{FAILED, Fault, INPUT, NO_SERVER, SCHEMA};

/// How long a statement may take, on both sides. A connection whose other end is gone would hang for ever.
pub const LIMIT: Duration = Duration::from_secs(20);

const VERSION: i32 = 1;

/// Runs one statement on a connection of the pool. One that takes longer than [`LIMIT`] costs its connection.
#[macro_export]
macro_rules! limited {
    ($pool:expr, |$connection:ident| $statement:expr) => {
        match $pool.acquire().await {
            Err(error) => Err($crate::fault::Fault::from(error)),
            Ok(mut held) => {
                let result = {
                    let $connection = &mut *held;
                    tokio::time::timeout($crate::database::LIMIT, $statement).await
                };
                if result.is_err() {
                    held.close_on_drop();
                }
                match result {
                    Ok(result) => result.map_err($crate::fault::Fault::from),
                    Err(_) => Err($crate::database::too_slow()),
                }
            }
        }
    };
}

/// What [`limited!`] answers when the time is over.
#[must_use]
pub fn too_slow() -> Fault {
    Fault::new(NO_SERVER, format!("the server did not answer within {} s", LIMIT.as_secs()))
}

/// Options for `url`; the server sees `name`.
///
/// # Errors
///
/// If it is no URL of a `PostgreSQL` database.
pub fn options(url: &str, name: &str) -> Result<PgConnectOptions, Fault> {
    let wrong = |reason: &str| Fault::new(INPUT, format!("--database is no URL of a PostgreSQL database: {reason}"));
    // The parser takes any scheme.
    if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
        return Err(wrong("it begins with postgres://"));
    }
    let options: PgConnectOptions = url.parse().map_err(|error: sqlx::Error| wrong(&error.to_string()))?;
    let limit = LIMIT.as_millis().to_string();
    Ok(options.application_name(name).options([
        ("statement_timeout", limit.as_str()),
        ("lock_timeout", "15000"),
        ("idle_in_transaction_session_timeout", limit.as_str()),
        ("tcp_user_timeout", limit.as_str()),
        // The engine's lease joins the jobs that it chose with the table by a plan made without knowing that they
        // are few; without these it reads the whole table.
        ("enable_hashjoin", "off"),
        ("enable_mergejoin", "off"),
        // The same guess makes the plan look dear enough to be compiled.
        ("jit", "off"),
    ]))
}

/// A pool. Connects when it is first asked for a connection.
#[must_use]
pub fn pool(options: PgConnectOptions, connections: u32) -> PgPool {
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(Duration::from_secs(5))
        .connect_lazy_with(options)
}

/// A pool for a command, once the schema is known to be there.
///
/// # Errors
///
/// If there is no server, or no schema of this version.
pub async fn open(url: &str, name: &str) -> Result<PgPool, Fault> {
    let options = options(url, name)?;
    reach(&options).await?;
    let pool = pool(options, 8);
    check(&pool).await?;
    Ok(pool)
}

/// One try to connect, for an error that says why not.
async fn reach(options: &PgConnectOptions) -> Result<(), Fault> {
    let (host, port) = (options.get_host(), options.get_port());
    let text = |reason: String| Fault::new(NO_SERVER, format!("no server at {host}:{port}: {reason}"));
    match timeout(Duration::from_secs(5), sqlx::PgConnection::connect_with(options)).await {
        Ok(Ok(connection)) => connection.close().await.map_err(Fault::from),
        Ok(Err(error)) => Err(text(Fault::from(error).to_string())),
        Err(_) => Err(text("it does not answer".into())),
    }
}

/// Whether the database has the schema of this program.
///
/// # Errors
///
/// If it has another, or none.
pub async fn check(pool: &PgPool) -> Result<(), Fault> {
    let version: i32 = match limited!(pool, |c| sqlx::query_scalar("select fleet.version()").fetch_one(c)) {
        Err(fault) if fault.status == SCHEMA => {
            return Err(Fault::new(SCHEMA, "the database has no schema of the fleet: run \"fleet init\" first"));
        }
        version => version?,
    };
    if version == VERSION {
        return Ok(());
    }
    Err(Fault::new(
        SCHEMA,
        format!("the database has version {version} of the fleet's schema, and this program needs {VERSION}"),
    ))
}

/// Brings the engine's schema and ours into a database; what is there stays.
///
/// # Errors
///
/// If there is no server, or another version of the schema.
pub async fn init(url: &str) -> Result<PgPool, Fault> {
    let options = options(url, "fleet init")?;
    reach(&options).await?;
    let pool = pool(options, 2);
    PostgresStorage::setup(&pool).await?;
    let mut transaction = pool.begin().await?;
    // Two at once take turns.
    transaction.execute("select pg_advisory_xact_lock(hashtext('fleet init'))").await?;
    let there: bool = sqlx::query_scalar("select exists (select from pg_namespace where nspname = 'fleet')")
        .fetch_one(&mut *transaction)
        .await?;
    if !there {
        sqlx::raw_sql(include_str!("schema.sql")).execute(&mut *transaction).await?;
    }
    transaction.commit().await?;
    check(&pool).await.map_err(|fault| if there { fault } else { Fault::new(FAILED, fault.to_string()) })?;
    Ok(pool)
}
