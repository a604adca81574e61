//! Documents whose programs are run: the README's, the guides', and those that must not compile.
#![cfg(doctest)]

#[doc = include_str!("../README.md")]
mod readme {}

#[doc = include_str!("../docs/MIGRATING.md")]
mod migrating {}

#[doc = include_str!("../docs/porting.md")]
mod porting {}

#[doc = include_str!("../docs/shutdown.md")]
mod shutdown {}

#[doc = include_str!("../docs/versions.md")]
mod versions {}

#[doc = include_str!("../docs/waking.md")]
mod waking {}

#[doc = include_str!("../tests/refusals.md")]
mod refusals {}
