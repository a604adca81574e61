//! Journey 1: real wakers from your own pointer.
//!
//! # The picture
//!
//! ```text
//!   your pointer                    Waker (std)                       static NAME: WakerVTable<Arc<Job>>
//!  ┌──────────┐  NAME.waker(p)     ┌────────────────┐  vtable        ┌──────────────────────────────────────┐
//!  │ Arc<Job> ├───────────────────►│ data │ vtable ─┼───────────────►│ clone wake wake_by_ref drop│home│type│
//!  └────┬─────┘  count moves       └──┬─────────────┘                └──────────────▲────────────────┬──────┘
//!       ▼                             ▼                                             └────────────────┘
//!    Job { … }  ◄──────────────────── one count                           its own address: recovery is exact
//! ```
//!
//! [`waker_vtable!`](crate::waker_vtable) writes the static. `NAME.waker(pointer)` is the owned waker,
//! `NAME.waker_ref(&pointer)` the borrowed one for a poll, `NAME.get(&waker)` the way back.
//!
//! # Who owns the counts
//!
//! Who owns reference counts after each call, for a pointer that has them (`Arc`, a header of your own). For
//! `&'static T` and ids there is nothing to own, and no locked instruction anywhere.
//!
//! | call | counts | owned then by | locked instructions |
//! |---|---|---|---|
//! | `NAME.waker(p)` | ± 0 | the waker; `p` is gone | 0 |
//! | `NAME.waker_ref(&p)` | ± 0 | `p`; the `WakerRef` owns nothing | 0 |
//! | `waker.clone()`, `waker_ref.clone()` | + 1 | the new waker, one more | 1 |
//! | `wake_by_ref()` | ± 0 | as before | 0, or 2 where the function takes the pointer itself |
//! | `wake()` | − 1, or passed on | nobody, or the function that takes the pointer | 1, or 0 |
//! | `drop(waker)` | − 1 | nobody | 1 |
//! | `drop(waker_ref)` | ± 0 | `p` | 0 |
//! | `NAME.matches(&w)`, `NAME.get(&w)` | ± 0 | as before | 0 |
//! | `NAME.get_pointer(&w)` | + 1 | the pointer, one more | 1 |
//! | `NAME.into_pointer(w)` | ± 0 | the pointer; the waker is gone | 0 |
//!
//! Every row also holds if the wake function panics: while it runs, the count is in an owned value, or is not touched
//! at all. A count that overflows aborts, as `Arc`'s does.

#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
use alloc::sync::Arc;
#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
use core::task::{RawWaker, Waker};

mod borrowed;
mod contract;
pub(crate) mod declared;
mod pointer;
pub(crate) mod shape;
pub(crate) mod table;

#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
pub use borrowed::BestEffort;
pub use borrowed::WakerRef;
pub use contract::UnsafeWakeable;
pub use pointer::{Counted, Free, WakerPointer};
pub use table::WakerVTable;

/// Makes a waker out of `arc`: `vtable.waker(arc)` as a function.
///
/// Costs: two words are written; no refcount, no allocation. Not on targets without compare-and-swap, which have no
/// `Arc`.
#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
#[must_use]
pub fn waker_from_arc<T: Send + Sync + 'static>(arc: Arc<T>, vtable: &'static WakerVTable<Arc<T>>) -> Waker {
    vtable.waker(arc)
}

/// Makes a waker that borrows `arc`: `vtable.waker_ref(arc)` as a function.
///
/// Costs: two words are written; no refcount, no allocation. Not on targets without compare-and-swap, which have no
/// `Arc`.
#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
#[must_use]
pub fn waker_ref<'a, T: Send + Sync + 'static>(
    arc: &'a Arc<T>,
    vtable: &'static WakerVTable<Arc<T>>,
) -> WakerRef<'a> {
    vtable.waker_ref(arc)
}

/// The two words of a waker over `ptr`. Safe, since only the `unsafe` `Waker::from_raw` trusts them; whoever calls that
/// passes one count of the `Arc` that `ptr` came from, to be given up by the waker alone. Not on targets without
/// compare-and-swap, which have no `Arc`.
#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
#[must_use]
pub fn raw_waker_from_ptr<T: Send + Sync + 'static>(ptr: *const T, vtable: &'static WakerVTable<Arc<T>>) -> RawWaker {
    RawWaker::new(ptr.cast(), vtable.raw())
}
