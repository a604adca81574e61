//! The program, over a real server.

mod bad_input;
mod enqueue;
mod fence;
mod index;
mod keys;
mod poison;
mod worker;

mod fixture;
