//! What is printed.

use std::cmp::Reverse;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::document::{BINARY_WITHIN, Outcome};
use crate::graph::{Finished, Plan};
use crate::index::{self, Index};
use crate::memory;
use crate::output::{Shown, ShownWord};
use crate::scheduler::Counts;
use crate::tree::Tree;
use crate::verify::{Mismatch, Sequential};
use crate::words::Version;

/// How many of the most frequent words are printed.
const TOP: usize = 10;

/// What the files came to.
#[derive(Debug, Default)]
pub struct Totals {
    /// Files with a text.
    pub texts: usize,
    /// Their bytes on disk.
    pub bytes: u64,
    lossy: usize,
    binary: usize,
    unreadable: usize,
}

impl Totals {
    /// Adds up.
    #[must_use]
    pub fn of(outcomes: &[(u32, Outcome)]) -> Self {
        let mut totals = Self::default();
        for (_, outcome) in outcomes {
            match outcome {
                Outcome::Text { bytes, lossy } => {
                    totals.texts += 1;
                    totals.bytes += bytes;
                    totals.lossy += usize::from(*lossy);
                }
                Outcome::Binary => totals.binary += 1,
                Outcome::Unreadable(_) => totals.unreadable += 1,
            }
        }
        totals
    }
}

/// What is known before the clock starts.
///
/// # Errors
///
/// If it cannot be written.
pub fn head(out: &mut impl Write, directory: &Path, tree: &Tree, plan: &Plan) -> io::Result<()> {
    let (files, others) = (tree.files.len(), tree.others);
    let shown = Shown(directory);
    writeln!(out, "tree        {shown}: {files} files; {others} links and special files left alone")?;
    let words = match plan.versions {
        [Version::V1, Version::V1] => "etl/parse@v1, runs of alphanumeric characters",
        [Version::V2, Version::V2] => "etl/parse@v2, Unicode words",
        _ => {
            "every other file by etl/parse@v1, runs of alphanumeric characters, the rest by etl/parse@v2, Unicode words"
        }
    };
    writeln!(out, "parse       {words}; upper and lower case are different")?;
    writeln!(out, "threads     {}", plan.threads)?;
    out.flush()
}

/// Which clock it is.
///
/// # Errors
///
/// If it cannot be written.
pub fn clock(out: &mut impl Write, cold: bool) -> io::Result<()> {
    let text = if cold {
        "cold: no file was read before the start"
    } else {
        "warm: every file was read once before the start"
    };
    writeln!(out, "clock       {text}")?;
    out.flush()
}

/// Counts, and the names of what could not be read: directories and entries that the walk was `refused`, and files.
///
/// # Errors
///
/// If it cannot be written.
pub fn files(
    out: &mut impl Write,
    files: &[PathBuf],
    refused: &[(PathBuf, String)],
    finished: &Finished,
) -> io::Result<()> {
    let Totals { texts, bytes, lossy, binary, unreadable } = Totals::of(&finished.outcomes);
    let unreadable = unreadable + refused.len();
    writeln!(out, "files       {texts} indexed, {lossy} of them not UTF-8 and read lossily")?;
    writeln!(out, "skipped     {binary} binary (a NUL within {BINARY_WITHIN} bytes), {unreadable} unreadable")?;
    for (path, reason) in refused {
        writeln!(out, "unreadable  {}: {reason}", Shown(path))?;
    }
    for (file, outcome) in &finished.outcomes {
        if let Outcome::Unreadable(reason) = outcome {
            writeln!(out, "unreadable  {}: {reason}", Shown(&files[*file as usize]))?;
        }
    }
    writeln!(out, "bytes       {bytes}")
}

/// How far a run came that was stopped.
///
/// # Errors
///
/// If it cannot be written.
pub fn stopped(out: &mut impl Write, files: usize, finished: &Finished) -> io::Result<()> {
    writeln!(out, "stopped     {} of {files} files were read", finished.outcomes.len())
}

/// How much, how fast, in how much memory, and the most frequent words.
///
/// # Errors
///
/// If it cannot be written.
pub fn index(out: &mut impl Write, index: &Index, finished: &Finished) -> io::Result<()> {
    let (words, distinct, postings) = (index.words(), index.distinct(), index.postings());
    writeln!(out, "words       {words}, {distinct} of them different; {postings} pairs of a word and a file")?;
    writeln!(out, "seconds     {:.3}", finished.time.as_secs_f64())?;
    writeln!(out, "MB/s        {:.1}", rate(Totals::of(&finished.outcomes).bytes, finished.time))?;
    match memory::peak() {
        Some(bytes) => writeln!(out, "memory      {:.1} MB at the peak", megabytes(bytes))?,
        None => writeln!(out, "memory      unknown: this system does not tell")?,
    }
    for (word, count) in index.top(TOP) {
        writeln!(out, "top         {count:>9}  {}", ShownWord(word))?;
    }
    Ok(())
}

/// The files of one word, those with most first. If a parser never makes that word, it says so.
///
/// # Errors
///
/// If it cannot be written.
pub fn query(out: &mut impl Write, index: &Index, files: &[PathBuf], plan: &Plan, word: &str) -> io::Result<()> {
    let mut postings = index.find(word).to_vec();
    postings.sort_by_key(|posting| Reverse(posting.count));
    writeln!(out, "query       {word:?}: {} in {} files", index::total(&postings), postings.len())?;
    for posting in postings {
        writeln!(out, "            {:>9}  {}", posting.count, Shown(&files[posting.file as usize]))?;
    }
    let [first, second] = plan.versions;
    for version in [Some(first), (second != first).then_some(second)].into_iter().flatten() {
        let words = version.words(word);
        if words != [word] {
            writeln!(out, "            etl/parse@{version} never finds that word; it makes {words:?} of it")?;
        }
    }
    Ok(())
}

/// Polls, wakes and parks of each family.
///
/// # Errors
///
/// If it cannot be written.
pub fn families(out: &mut impl Write, counts: &[Counts]) -> io::Result<()> {
    writeln!(out, "family              tasks      polls      wakes self-wakes    foreign     merged      parks")?;
    for family in counts {
        let Counts { key, tasks, polls, wakes, self_wakes, merged_wakes, foreign_wakes, parks } = family;
        writeln!(
            out,
            "{key:<17} {tasks:>7} {polls:>10} {wakes:>10} {self_wakes:>10} {foreign_wakes:>10} {merged_wakes:>10} {parks:>10}"
        )?;
    }
    out.write_all(LEGEND.trim_start_matches('\n').as_bytes())?;
    let (mut tasks, mut polls, mut wakes) = (0, 0, 0);
    for family in counts {
        tasks += family.tasks;
        polls += family.polls;
        wakes += family.wakes;
    }
    writeln!(out, "law         {polls} polls <= {tasks} tasks + {wakes} wakes, and so for each family")
}

const LEGEND: &str = "
    wakes       calls of a waker that asked for a poll nobody had asked for; a task's first poll needs none
    self-wakes  of these, by the task itself while it was polled, to let others go first
    foreign     of these, to a parked task, from another thread than polled it last
    merged      further calls of a waker: a poll was asked for already, or the task was over
    parks       polls that left the task asleep until a wake
";

/// How the comparison went.
///
/// # Errors
///
/// If it cannot be written.
pub fn verify(out: &mut impl Write, bytes: u64, plain: &Sequential, result: &Result<(), Mismatch>) -> io::Result<()> {
    let (seconds, rate) = (plain.time.as_secs_f64(), rate(bytes, plain.time));
    writeln!(out, "sequential  {seconds:.3} seconds, {rate:.1} MB/s")?;
    match result {
        Ok(()) => writeln!(out, "verify      equal: {} words with the same files and counts", plain.words.len()),
        Err(mismatch) => writeln!(out, "verify      MISMATCH: {mismatch}"),
    }
}

/// Megabytes per second.
fn rate(bytes: u64, time: Duration) -> f64 {
    megabytes(bytes) / time.as_secs_f64()
}

/// Megabytes (10⁶ bytes).
#[expect(clippy::cast_precision_loss, reason = "for people, with one digit")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
