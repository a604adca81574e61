//! Tests of the pipeline, by what they show.

mod answers;
mod command;
mod files;
mod jobs;
mod neighbour;
mod opening;
mod stopping;
mod waiting;
