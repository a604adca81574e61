//! A law, and what was found of one.

use std::fmt;

use crate::tried::tried;

/// A rule with its number, its sentence and its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Law {
    /// `W1` and so on for wakers, `E1` and so on for executors. Numbers are never given again.
    pub number: &'static str,
    /// The rule.
    pub sentence: &'static str,
    /// Where the rule is from: the standard library's docs, or a published bug.
    pub source: &'static str,
}

impl fmt::Display for Law {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.number, self.sentence)
    }
}

/// How a law was broken: the steps that show it, and what was seen after them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The operations, in order: none can be left out.
    pub steps: Vec<String>,
    /// What was seen that the law forbids.
    pub saw: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.steps.iter().enumerate() {
            writeln!(f, "  {}. {step}", index + 1)?;
        }
        write!(f, "  saw: {}", self.saw)
    }
}

/// What was found of one law.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing was found against it.
    Holds,
    /// It was seen broken.
    Broken(Broken),
    /// It was seen broken, and the subject says that it never promised it.
    Unpromised(Broken, &'static str),
    /// It cannot be tried on this subject, for the reason given.
    Untried(&'static str),
}

/// What a check found: nothing, a break, or that it cannot be made.
pub(crate) type Found = Result<(), Fault>;

#[derive(Debug)]
pub(crate) enum Fault {
    Broken(Broken),
    Untried(&'static str),
}

/// A break by what is being tried, for `?`.
pub(crate) fn broken(saw: impl Into<String>) -> Fault {
    Fault::Broken(Broken { steps: tried(), saw: saw.into() })
}

/// A break if `good` is false.
pub(crate) fn demand(good: bool, saw: impl Into<String>) -> Found {
    if good { Ok(()) } else { Err(broken(saw)) }
}
