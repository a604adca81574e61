//! The stages: what the tasks of each family do.

mod index;
mod merge;
mod parse;
mod read;

pub use index::IndexHalf;
pub use merge::Merge;
pub use parse::{Parse, Parsed, Term};
pub use read::{Read, Text};

/// How many items a task takes in one poll before it lets others go first. More than a channel holds, so that a
/// stage which is ahead comes to wait for the other side, and not just to its turn.
const TURN: usize = 2 * crate::channel::CAPACITY;
