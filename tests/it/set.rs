//! Sets of wakers: what is woken, in which order, who is called, and what ends when.

pub mod parent;

mod drains;
mod ends;
mod growth;
mod indices;
mod parents;
mod statics;
mod threads;
