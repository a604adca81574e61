//! Many wakers out of one allocation, and which of them were woken.
#![cfg(all(feature = "set", any(target_has_atomic = "ptr", feature = "portable-atomic")))]
//!
//! Whatever polls several futures inside of one (a join, a race, a set of futures without an order) gives each child a
//! waker of its own, and asks afterwards which of them were woken. [`WakerSet`] is that, and nothing else: it has no
//! futures, so the children stand where their owner likes, and need be neither `'static`, nor `Send`, nor of one type.
//!
//! ```
//! use std::future::{Future, pending, poll_fn};
//! use std::pin::{Pin, pin};
//! use std::task::{Context, Poll};
//! use waker_tables::WakerSet;
//!
//! /// The output of the child that has one first.
//! async fn race<T>(children: &mut [Pin<&mut dyn Future<Output = T>>]) -> T {
//!     let set = WakerSet::new(children.len());
//!     (0..children.len()).for_each(|index| set.mark(index)); // as if woken, for the first poll
//!     poll_fn(|context| {
//!         set.register(context.waker()); // before the drain, so that no wake is lost
//!         for index in set.drain() {
//!             let waker = set.waker_ref(index);
//!             let polled = children[index].as_mut().poll(&mut Context::from_waker(&waker));
//!             if polled.is_ready() {
//!                 return polled;
//!             }
//!         }
//!         Poll::Pending
//!     })
//!     .await
//! }
//!
//! let word = String::from("borrowed");
//! let (mut slow, mut quick) = (pin!(pending()), pin!(async { word.len() }));
//! # futures::executor::block_on(async {
//! assert_eq!(race(&mut [slow.as_mut(), quick.as_mut()]).await, 8);
//! # });
//! ```
//!
//! # The picture
//!
//! ```text
//!   WakerSet: the owner's             one allocation, or a static
//!  ┌─────────────────────┐     ┌ chunk: the root ──────────────────────┬ children ──────────────┐
//!  │ root, newest chunk  ├────►│ pushed │ count │ parent │ root, first │ 0 │ 1 │ 2 │ …          │
//!  │ taken: first, last ─┼─┐   └───┬────────────────▲────────▲─────────┴───▲───────▲────────────┘
//!  └─────────────────────┘ │       │                │        │             │       │
//!                          │       │     register ──┘        │           Waker   Waker: its data is the child's address;
//!                          │       ▼                         │                          the chunk is so many children
//!                          │     2 ─► 0                      │                          before, and leads to the root
//!                          │     last in, first out    ┌ chunk: grown ─┬ children ───────┐
//!                          └───► 1 ─► 3                │ root, first   │ 3 │ 4 │ 5 │ …   │   one more allocation
//!                                first in, first out   └───────────────┴─────────────────┘
//! ```
//!
//! A child is two words: a flag with its number, and a link. A waker sets the flag, and if that was clear pushes the child;
//! the first one that is pushed calls the parent. A drain takes all that was pushed, turns it, and clears each flag when it
//! gives out the index.
//!
//! ```text
//!           wake: sets the flag             pushes it                 drain: takes all
//!   idle ──────────────────────► on its way ─────────► pushed ──────────────────────────► taken
//!    ▲                                                 the first calls the parent           │
//!    └──────────────────────────────────────────────────────────────────────────────────────┘
//!                                  given out, by this drain or a later one
//! ```
//!
//! A wake in any other state than idle changes nothing, but makes what its caller wrote visible to the poll to come. One
//! that finds the child on its way leaves it to the wake that is under way there, which calls the parent if it must.
//!
//! # The ledger
//!
//! The count is that of the memory: one of the set, one of each waker. Wakers of a [`StaticWakerSet`] have none.
//!
//! | call | count | locked instructions | other code that runs |
//! |---|---|---|---|
//! | `WakerSet::new`, `grow` to more | 1, ± 0 | 0, and one allocation | none |
//! | `waker_ref`, `index_of`, `is_woken` | ± 0 | 0 | none |
//! | `waker`, a waker's `clone` | + 1 | 1 | none |
//! | `wake_by_ref`, `mark` of a woken child | ± 0 | 1 | none |
//! | the same of an idle one, not the first since the drain | ± 0 | 2 | none |
//! | the same of the first | ± 0 | 3 | the parent's wake, by value |
//! | `wake` | − 1, at the end | 1 more | the same |
//! | a waker's drop | − 1 | 1 | none |
//! | `register`, the parent is there / was called / is another | ± 0 | 0 / 0 / 1 | none / its clone / its clone, the other's drop |
//! | `drain`, and each index out of it | ± 0 | 1, and 1 | none |
//! | the set's drop | − 1 | 2 | the parent's drop, last of all |
//!
//! In a static the rows with ± 1 have no locked instruction. The last count frees the memory of all chunks. No waker's is
//! that while the set is there: so a wake, a clone or a drop of one neither allocates nor frees, and takes no lock and waits
//! for nobody, and may be done in an interrupt. (Two wakes at once may make one of them try its push again.)
//!
//! # What is promised
//!
//! - No wake is lost if the parent calls [`register`](WakerSet::register), then drains to the end, then is pending. Either
//!   that drain gives the child out, or the parent is called after it registered.
//! - Each woken child comes out of one drain, once, in the order of the wakes; what is woken meanwhile is the next one's.
//! - The parent is called once for all that is woken until it drains.
//! - What was not woken costs nothing: a turn executes the same instructions with 16 children and with 100 000.
//! - [`will_wake`](core::task::Waker::will_wake) is exact: wakers of one child are equal, those of others are not.
//! - An index is whoever's the owner says. A child that is over leaves its wakers behind, which wake the next one of its
//!   index, or an index that is free: polls, or looks, too many, and never too few.
//! - A set may be a child of another, and may be sent to another thread between two polls.
//!
//! # Panics
//!
//! | a panic in | what holds after |
//! |---|---|
//! | a child's poll, during a drain | what was not given out comes first in the next drain |
//! | the parent's wake | it leaves the child's wake; the child is drained, but the parent was not called |
//! | the parent's clone | it leaves `register`; the parent of before is there, or none |
//! | the parent's drop | it leaves `register` or the set's drop; what they do is done |
//! | 2⁶³ wakers of a set (2³¹ on 32 bits) | the process aborts, as for `Arc` |
//!
//! # Where the ideas are from
//!
//! A list of woken children beside a flag in each is what `FuturesUnordered` does, and one allocation for all children what
//! `futures-buffered` and `unicycle` do. A stack that is taken as a whole needs no protection against reuse, which is old.
//! That the parent is compared before it is cloned is common to all that keep one.

mod child;
mod chunk;
mod drain;
mod fixed;
mod parent;
mod waker;
mod waker_set;

pub use drain::Drain;
pub use fixed::StaticWakerSet;
pub use waker_set::{TooManyWakers, WakerSet};
