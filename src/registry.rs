//! Tables by key: `segment/kind@v1` to a [`TaskVTable`](crate::TaskVTable), and from a key off the wire to a task.
//!
//! ```text
//!   "etl/parse@v1"  ──KeyRef::parse──►  KeyRef<'_> ──get_ref──►  &'static TaskVTable
//!                                          │
//!                                          ├──build(key, bytes, &context)──►  RegisteredTask  (2 words, owns)
//!                                          │
//!   "etl", "parse" ──resolve(…, AtMost(2))─┴──►  Entry ──task(box)──►  RegisteredTask
//! ```
//!
//! Looking up, resolving and parsing take no lock and wait for nobody. They allocate nothing where they find something; a
//! refusal says what is there instead, and that takes at most three allocations. Writers take turns, and no user code runs
//! in a turn: a factory or an update that panics, or uses the registry, leaves it as it was, and so does an allocator that
//! unwinds.
//!
//! Whoever looks a family up, by an exact key or by [`VTableRegistry::resolve`], sees one immutable state of it: a change
//! of several versions is seen whole or not at all. `docs/versions.md` leads through a change of versions in production.
//!
//! Without the feature `alloc`, or without compare-and-swap, there are keys and the [`StaticTable`].

#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
mod dynamic;
mod hash;
mod key;
#[cfg(feature = "alloc")]
mod key_buf;
#[cfg(feature = "serde")]
mod serde;
mod static_table;

#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
pub use dynamic::*;
pub use key::{FamilyName, KeyRef, NameError, ParseKeyError, VTableKey};
#[cfg(feature = "alloc")]
pub use key_buf::{AsKeyRef, KeyBuf};
pub use static_table::StaticTable;
