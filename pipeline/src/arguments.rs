//! The command line.

use std::path::PathBuf;

use clap::Parser;
use clap::builder::{NonEmptyStringValueParser, RangedU64ValueParser};
use pipeline::words::Version;

/// Builds a full-text index over a directory tree, and prints which files have which words.
///
/// All regular files are taken, hidden ones too; symbolic links are not followed, binary files are skipped.
#[derive(Debug, Parser)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[command(name = "pipeline", version, after_help = STATUS)]
#[command(override_usage = "pipeline [OPTIONS] [--query <WORD>]... [DIR]")]
pub(crate) struct Arguments {
    /// The directory whose files are indexed, with all directories below it
    #[arg(value_name = "DIR", default_value = ".")]
    pub(crate) directory: PathBuf,
    /// A word to look up, upper and lower case as written; give this once for each word
    #[arg(long, value_name = "WORD", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) query: Vec<String>,
    /// What counts as a word
    #[arg(long, value_name = "VERSION", value_enum, default_value = "v1")]
    pub(crate) parse_version: Version,
    /// Use both versions side by side: v1 for the first, third, fifth… file, v2 for the others
    #[arg(long, conflicts_with = "parse_version")]
    pub(crate) split: bool,
    /// Build the index again in one plain sequential pass, and compare
    #[arg(long)]
    pub(crate) verify: bool,
    /// Start the clock at once; otherwise every file is read before, so that the figures do not depend on the disk
    #[arg(long)]
    pub(crate) cold: bool,
    /// Print the jobs of which the tasks are made, one a line
    #[arg(long)]
    pub(crate) jobs: bool,
    /// Show the stages in tokio-console; waits for Enter before and after them. To be built with the feature `console`
    #[arg(long)]
    pub(crate) console: bool,
    /// How many threads work; one per core if this is not given
    #[arg(long, value_name = "NUMBER", value_parser = RangedU64ValueParser::<usize>::new().range(1..=1024))]
    pub(crate) threads: Option<usize>,
}

const STATUS: &str = "\
Exit status:
  0    all went well
  1    --verify found a mismatch, or something failed (the output could not be written, a thread not be started)
  2    the arguments are wrong, or there is nothing to index
  130  stopped by Ctrl-C (a second one ends it at once)
  141  stopped because nobody reads the output any more, as after `| head`";
