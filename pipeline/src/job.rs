//! Jobs as lines of text: `etl/read@v1 half=0`.

use std::error::Error;
use std::fmt;
use std::str;

use waker_tables::{BuildError, KeyRef, ParseKeyError, RegisteredTask, VTableRegistry};

/// A line, taken apart.
#[derive(Debug, Clone, Copy)]
pub struct Job<'a> {
    line: &'a str,
    /// The key as it was written.
    pub name: &'a str,
    key: KeyRef<'a>,
    arguments: &'a str,
}

/// Why a line made no task.
#[derive(Debug)]
pub enum JobError {
    /// It does not begin with a key.
    Key {
        /// The line.
        line: Box<str>,
        /// What is wrong with the key.
        error: ParseKeyError,
    },
    /// The registry made no task of it.
    Build {
        /// The line.
        line: Box<str>,
        /// Why.
        error: BuildError,
    },
}

/// Why the arguments of a job are wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArgumentError {
    /// This one is missing, or another stands in its place.
    Missing(&'static str),
    /// Its value is no number below the limit.
    Value {
        /// Which.
        name: &'static str,
        /// What was given.
        given: Box<str>,
        /// What it has to be below.
        limit: usize,
    },
    /// This stands behind the last one.
    Extra(Box<str>),
    /// They are not UTF-8.
    NotText,
}

impl<'a> Job<'a> {
    /// Takes a line apart: a key, then, behind one space, the arguments.
    ///
    /// # Errors
    ///
    /// If it does not begin with a key.
    pub fn parse(line: &'a str) -> Result<Self, JobError> {
        let (name, arguments) = line.split_once(' ').unwrap_or((line, ""));
        match KeyRef::parse(name) {
            Ok(key) => Ok(Self { line, name, key, arguments }),
            Err(error) => Err(JobError::Key { line: line.into(), error }),
        }
    }

    /// Makes the task.
    ///
    /// # Errors
    ///
    /// If there is no factory under the key, or it refuses the arguments.
    pub fn build<C>(&self, registry: &'static VTableRegistry<C>, context: &C) -> Result<RegisteredTask, JobError> {
        registry
            .build(self.key, self.arguments.as_bytes(), context)
            .map_err(|error| JobError::Build { line: self.line.into(), error })
    }
}

/// Reads `first=1 second=2`: these names, in this order, each with a number below its limit, and no more.
///
/// # Errors
///
/// Says what is wrong first.
pub fn arguments<const N: usize>(
    bytes: &[u8],
    wanted: [(&'static str, usize); N],
) -> Result<[usize; N], ArgumentError> {
    let text = str::from_utf8(bytes).map_err(|_| ArgumentError::NotText)?;
    let mut given = text.split(' ').filter(|part| !part.is_empty());
    let mut values = [0; N];
    for (value, (name, limit)) in values.iter_mut().zip(wanted) {
        let part = given.next().and_then(|part| part.split_once('='));
        let Some((_, number)) = part.filter(|(given, _)| *given == name) else {
            return Err(ArgumentError::Missing(name));
        };
        let Some(number) = number.parse().ok().filter(|number| *number < limit) else {
            let given = number.into();
            return Err(ArgumentError::Value { name, given, limit });
        };
        *value = number;
    }
    match given.next() {
        Some(extra) => Err(ArgumentError::Extra(extra.into())),
        None => Ok(values),
    }
}

impl fmt::Display for JobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Key { line, .. } | Self::Build { line, .. }) = self;
        write!(f, "the job {line:?} was not made")
    }
}

impl fmt::Display for ArgumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(name) => write!(f, "{name}=NUMBER is missing, or stands in the wrong place"),
            Self::Value { name, given, limit } => write!(f, "{name} is a number below {limit}, not {given:?}"),
            Self::Extra(extra) => write!(f, "{extra:?} is too much"),
            Self::NotText => f.write_str("the arguments are not UTF-8"),
        }
    }
}

impl Error for JobError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Key { error, .. } => Some(error),
            Self::Build { error, .. } => Some(error),
        }
    }
}

impl Error for ArgumentError {}
