//! The stages: what the tasks of each family do.

mod index;
mod merge;
mod parse;
mod read;

pub(crate) use index::index;
pub(crate) use merge::merge;
pub(crate) use parse::parse;
pub(crate) use read::read;

pub use crate::parsed::{Parsed, Term};
pub use crate::text::Text;
