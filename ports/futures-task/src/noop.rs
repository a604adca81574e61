//! A waker that does nothing: over a table of ids, so that it is a constant and one word of it means nothing.

use core::task::Waker;

use waker_tables::waker_vtable;

waker_vtable! { static NOOP: usize => nothing; }

fn nothing(_id: usize) {}

static WAKER: Waker = NOOP.const_waker(0);

/// A waker that does nothing.
#[inline]
pub fn noop_waker() -> Waker {
    NOOP.const_waker(0)
}

/// A reference to a waker that does nothing.
#[inline]
pub fn noop_waker_ref() -> &'static Waker {
    &WAKER
}
