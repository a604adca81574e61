//! Places for tasks whose futures have a name, and for those that have none.

use core::future::Future;

use super::cell::Cell;
use super::future_memory::{FutureMemory, MakesFuture};
use super::hook::ByHeader;
use super::joined::Joined;
use super::kind::AtHome;
use super::member::Unlisted;
use super::task::task_layout;
use super::task_place::TaskPlace;

/// Memory for one task at a time with header data `H` and future `F`: a [`TaskPlace`] for a `static`.
///
/// There is room for a task of these types that is joined and at home. One on a list, or with a hook that captures, needs
/// a [`TaskMemory`] that is larger.
///
/// The type of an `async fn`'s future has no name on stable Rust: for those [`task_slot!`](crate::task_slot) declares a
/// [`TaskMemory`] of the right size.
///
/// # Examples
///
/// ```
/// use std::future::{Ready, ready};
/// use waker_tables::{Ran, Task, TaskSlot};
///
/// static SLOT: TaskSlot<(), Ready<u8>> = TaskSlot::new();
///
/// let claim = SLOT.claim().expect("nobody uses it yet");
/// let runnable = Task::new(ready(1), ()).detached().hook(|(), _runnable| {}).spawn_in(claim);
/// assert!(SLOT.claim().is_none());
/// assert_eq!(runnable.run(), Ran::Complete);
/// assert!(SLOT.claim().is_some());
/// ```
pub type TaskSlot<H, F> = TaskPlace<Named<H, F>>;

/// The room of a [`TaskSlot`].
#[allow(missing_debug_implementations, reason = "a size; there are no values of it")]
pub struct Named<H: 'static, F: Future + 'static>(Cell<H, Joined, AtHome, ByHeader, Unlisted, F>);

/// Memory for one task at a time whose header and body, with some words of the crate's, take up to `SIZE` bytes and
/// `ALIGN` alignment, a power of two up to 1024: a [`TaskPlace`] for futures that have no name.
///
/// Declared by [`task_slot!`](crate::task_slot), which computes the two numbers. Nothing relies on them: a future that
/// does not fit does not compile.
pub type TaskMemory<const SIZE: usize, const ALIGN: usize> = TaskPlace<FutureMemory<SIZE, ALIGN>>;

/// Header data of one word, for which [`task_slot!`](crate::task_slot) leaves room if it is not told a type. As a type
/// of the crate, since a user's module may call something else `usize`.
pub type Word = usize;

/// The size of a joined task of what `function` makes, with `H` in its header.
pub const fn task_size<H: 'static, A, F: MakesFuture<A> + Copy>(_function: F) -> usize {
    task_layout::<F::Future, H, AtHome, Joined>().size()
}

/// The alignment of a joined task of what `function` makes, with `H` in its header.
pub const fn task_align<H: 'static, A, F: MakesFuture<A> + Copy>(_function: F) -> usize {
    task_layout::<F::Future, H, AtHome, Joined>().align()
}
