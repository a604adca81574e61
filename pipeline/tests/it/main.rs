//! Tests of the pipeline, by what they show.

mod answers;
mod command;
#[cfg(unix)]
mod ending;
mod files;
mod jobs;
mod neighbour;
mod opening;
#[cfg(unix)]
mod showing;
mod stopping;
mod waiting;
