//! What a run found, in the form that is printed, drawn and written as JSON.

use serde::{Deserialize, Serialize};

use crate::head::Head;

/// The form of the JSON. It goes up with every change that a reader could stumble over.
pub const SCHEMA: u32 = 4;

/// The oldest form that is read: its head has no prices, and before the fourth the ratios are of the medians.
pub const OLDEST: u32 = 2;

/// A whole run.
#[derive(Debug, Serialize, Deserialize)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The machine and the build.
    pub head: Head,
    /// The arguments that the run was started with.
    pub arguments: Vec<String>,
    /// The processors that threads were pinned to; none where the system placed them.
    pub pinned: Vec<usize>,
    /// The spread of a ratio above which it is not given.
    pub bound: f64,
    /// What was measured.
    pub groups: Vec<GroupReport>,
}

/// One group.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct GroupReport {
    /// Its name on the command line.
    pub name: String,
    /// What it measures, in a sentence.
    pub about: String,
    /// One comparison each.
    pub cases: Vec<CaseReport>,
    /// How costs grow.
    pub growth: Vec<GrowthReport>,
    /// What a reader has to know beside the figures.
    pub notes: Vec<String>,
}

/// One comparison: several candidates at the same work.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CaseReport {
    /// What was done.
    pub name: String,
    /// The picture that it is drawn in.
    pub picture: String,
    /// What the figures count.
    pub unit: String,
    /// The candidate that the others are divided by.
    pub reference: String,
    /// Sum over all work of a candidate in one round, the same for all candidates; none where nothing was timed.
    pub checksum: Option<u64>,
    /// How many operations a candidate did in each round.
    pub operations: u64,
    /// How many rounds the medians are of, at the least: those without interruption, if there are enough.
    pub rounds: usize,
    /// One candidate each.
    pub rows: Vec<Row>,
}

/// One candidate of a comparison.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Row {
    /// Its name.
    pub candidate: String,
    /// How it stands to this crate.
    pub side: Side,
    /// The middle of all rounds but the first.
    pub median: f64,
    /// A quarter of the rounds was below.
    pub low: f64,
    /// A quarter of the rounds was above.
    pub high: f64,
    /// `(high - low) / median`.
    pub spread: f64,
    /// The first round, which is in none of the above; none where nothing was timed.
    pub cold: Option<f64>,
    /// How much of the reference's time of the same round it took, in the middle; none where the reference took none.
    pub ratio: Option<f64>,
    /// The spread of those ratios.
    #[serde(default)]
    pub ratio_spread: Option<f64>,
}

/// How a candidate stands to this crate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// It is this crate.
    Own,
    /// A user would pick it instead.
    Peer,
    /// It does more or other work, and stands there for orientation.
    Context,
}

/// How the cost of one operation grows with the number of things.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct GrowthReport {
    /// What was done.
    pub name: String,
    /// What the figures count.
    pub unit: String,
    /// One candidate each.
    pub lines: Vec<Line>,
}

/// One candidate of a growth.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Line {
    /// Its name.
    pub candidate: String,
    /// How it stands to this crate.
    pub side: Side,
    /// Sizes with medians.
    pub points: Vec<(u64, f64)>,
    /// Of the line through the logarithms: 0 is constant, 1 is proportional.
    pub slope: Option<f64>,
}

impl CaseReport {
    /// The row of the reference.
    #[must_use]
    pub fn reference_row(&self) -> Option<&Row> {
        self.rows.iter().find(|row| row.candidate == self.reference)
    }

    /// How much of the other's time the one takes, and the spread of that. Where rounds were not compared, it is that of
    /// the medians, and the wider spread of the two.
    #[must_use]
    pub fn ratio(&self, [one, other]: [&str; 2]) -> Option<(f64, f64)> {
        let row = |name| self.rows.iter().find(|row| row.candidate == name);
        let (one, other) = (row(one)?, row(other)?);
        let compared = |row: &Row| row.ratio.zip(row.ratio_spread);
        let (ratio, spread) = match compared(one).zip(compared(other)) {
            Some((one, other)) => (one.0 / other.0, one.1.max(other.1)),
            None => (one.median / other.median, one.spread.max(other.spread)),
        };
        ratio.is_finite().then_some((ratio, spread))
    }
}
