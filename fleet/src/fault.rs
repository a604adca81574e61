//! What went wrong, as a sentence and an exit status.

use std::error::Error;
use std::fmt;

/// Why a command failed.
#[derive(Debug)]
pub struct Fault {
    /// The exit status: one of the constants.
    pub status: u8,
    text: String,
}

/// Anything else.
pub const FAILED: u8 = 1;
/// Bad arguments, a malformed key, a payload or a name that is refused.
pub const INPUT: u8 = 2;
/// No server, or it does not answer.
pub const NO_SERVER: u8 = 3;
/// The database has no schema of the fleet, or another version of it.
pub const SCHEMA: u8 = 4;
/// The key's state does not allow it.
pub const REFUSED: u8 = 5;
/// No such key, run or word.
pub const UNKNOWN: u8 = 6;

impl Fault {
    /// A fault of one's own.
    pub fn new(status: u8, text: impl Into<String>) -> Self {
        Self { status, text: text.into() }
    }
}

impl From<sqlx::Error> for Fault {
    fn from(error: sqlx::Error) -> Self {
        let Some(database) = error.as_database_error() else {
            return match error {
                sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::Tls(_) => {
                    Self::new(NO_SERVER, format!("the server does not answer: {error}"))
                }
                error => Self::new(FAILED, error.to_string()),
            };
        };
        let code = database.code().unwrap_or_default();
        let hint = database.try_downcast_ref::<sqlx::postgres::PgDatabaseError>().and_then(|error| error.hint());
        let text =
            hint.map_or_else(|| database.message().to_owned(), |hint| format!("{}. {hint}", database.message()));
        let status = match &*code {
            "FL001" => UNKNOWN,
            "FL003" | "FL004" | "23514" => INPUT,
            "FL002" | "FL005" | "55P03" => REFUSED,
            // A schema, a function or a table that is not there.
            "3F000" | "42883" | "42P01" => return Self::new(SCHEMA, format!("no schema of the fleet: {text}")),
            "3D000" | "28000" | "28P01" | "57P03" | "53300" => NO_SERVER,
            _ => FAILED,
        };
        Self::new(status, text)
    }
}

impl From<apalis_postgres::Error> for Fault {
    fn from(error: apalis_postgres::Error) -> Self {
        match error {
            apalis_postgres::Error::Database(error) => error.into(),
            error => Self::new(FAILED, error.to_string()),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Error for Fault {}
