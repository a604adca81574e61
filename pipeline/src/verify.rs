//! The same index in one plain pass, and whether the two are equal.

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use rustc_hash::FxBuildHasher;
use unicode_segmentation::UnicodeSegmentation;

use crate::document::{self, Outcome};
use crate::graph::{Finished, Plan};
use crate::index::Index;
use crate::lists::Posting;
use crate::output::Shown;
use crate::stop::Stop;
use crate::words::Version;

/// An index made file by file and word by word, with nothing of the graph but the reading of a file.
#[derive(Debug)]
pub struct Sequential {
    /// The files of each word, in the order of the walk.
    pub words: HashMap<String, Vec<Posting>, FxBuildHasher>,
    /// What was made of each file.
    pub outcomes: Vec<Outcome>,
    /// How long it took.
    pub time: Duration,
}

/// Where two indexes differ.
#[derive(Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// How many files and words differ.
    pub differences: usize,
    /// The first of them: the first file, or else the first word by its bytes.
    pub first: String,
}

/// Indexes `files` in one pass; `None` if it was stopped.
///
/// # Panics
///
/// If there are 2³² files.
#[must_use]
pub fn sequential(plan: &Plan, files: &[PathBuf], stop: &Stop) -> Option<Sequential> {
    let begin = Instant::now();
    let mut words: HashMap<String, Vec<Posting>, FxBuildHasher> = HashMap::default();
    let mut outcomes = Vec::with_capacity(files.len());
    for (number, path) in files.iter().enumerate() {
        let (outcome, text) = document::load(path, stop);
        outcomes.push(outcome);
        let text = text.unwrap_or_default();
        let mut counts: HashMap<&str, u32, FxBuildHasher> = HashMap::default();
        match plan.version(number) {
            Version::V1 => {
                let pieces = text.split(|c: char| !c.is_alphanumeric()).take_while(|_| !stop.asked());
                for word in pieces.filter(|word| !word.is_empty()) {
                    *counts.entry(word).or_default() += 1;
                }
            }
            Version::V2 => {
                for word in text.unicode_words().take_while(|_| !stop.asked()) {
                    *counts.entry(word).or_default() += 1;
                }
            }
        }
        // What was read and counted meanwhile is not all.
        if stop.asked() {
            return None;
        }
        let file = u32::try_from(number).expect("there are fewer than 2^32 files");
        for (word, count) in counts {
            let posting = Posting { file, count };
            match words.get_mut(word) {
                Some(postings) => postings.push(posting),
                None => {
                    words.insert(word.to_owned(), vec![posting]);
                }
            }
        }
    }
    let time = begin.elapsed();
    Some(Sequential { words, outcomes, time })
}

/// Compares what the graph made, file by file and word by word.
///
/// # Errors
///
/// If anything differs.
pub fn compare(finished: &Finished, index: &Index, plain: &Sequential, files: &[PathBuf]) -> Result<(), Mismatch> {
    let mut differing_files = differing_files(finished, plain);
    differing_files.sort_unstable();
    let mut words = Vec::new();
    for (word, postings) in index.iter() {
        let there = plain.words.get(word).map_or(&[][..], Vec::as_slice);
        if there != postings {
            words.push((word, postings.len(), there.len()));
        }
    }
    for (word, postings) in &plain.words {
        if index.find(word).is_empty() {
            words.push((word, 0, postings.len()));
        }
    }
    let differences = differing_files.len() + words.len();
    let first = if let Some(&file) = differing_files.first() {
        let path = &files[file];
        format!("{} was not the same in both passes; did it change meanwhile?", Shown(path))
    } else if let Some((word, here, there)) = words.iter().min() {
        format!("{word:?} is in {here} files by the graph and in {there} by the plain pass, or not as often in each")
    } else {
        return Ok(());
    };
    Err(Mismatch { differences, first })
}

fn differing_files(finished: &Finished, plain: &Sequential) -> Vec<usize> {
    let mut graph = vec![None; plain.outcomes.len()];
    for (file, outcome) in &finished.outcomes {
        graph[*file as usize] = Some(outcome);
    }
    let pairs = graph.into_iter().zip(&plain.outcomes).enumerate();
    pairs.filter_map(|(file, (graph, plain))| (graph != Some(plain)).then_some(file)).collect()
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { differences, first } = self;
        write!(f, "{differences} differences; the first: {first}")
    }
}
