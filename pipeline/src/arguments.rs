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
    /// The tree
    #[arg(value_name = "DIR", default_value = ".")]
    pub(crate) directory: PathBuf,
    /// A word to look up, as it is written; for several, give this several times
    #[arg(long, value_name = "WORD", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) query: Vec<String>,
    /// Which words there are
    #[arg(long, value_name = "VERSION", value_enum, default_value = "v1")]
    pub(crate) parse_version: Version,
    /// Both versions side by side: v1 for the first, third, fifth… file of the walk, v2 for the others
    #[arg(long, conflicts_with = "parse_version")]
    pub(crate) split: bool,
    /// Build the index again in one plain sequential pass, and compare
    #[arg(long)]
    pub(crate) verify: bool,
    /// Do not read the tree once before the clock starts
    #[arg(long)]
    pub(crate) cold: bool,
    /// Print the job lines
    #[arg(long)]
    pub(crate) jobs: bool,
    /// How many threads; as many as cores if it is not given
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
