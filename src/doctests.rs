//! Documents whose programs are run: the README's, the guides', and those that must not compile.


#[doc = include_str!("../tests/refusals.md")]
mod refusals {}
