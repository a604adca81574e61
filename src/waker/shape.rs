//! Which functions a table accepts.

use super::pointer::{Counted, WakerPointer, duplicate, target};

/// Shape of a function that takes the pointer.
#[derive(Debug)]
pub struct ByPointer;

/// Shape of a function that takes a reference to the pointer.
#[derive(Debug)]
pub struct ByReference;

/// Shape of a function that takes a reference to the target.
#[derive(Debug)]
pub struct ByTarget;

/// A function that a table can call. `S` is its shape, found by inference; each function has one at the most,
/// since [`ByTarget`] is for counted pointers alone (a `&'static T` is already a reference to its target).
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the wake function of a table over `{P}`",
    label = "wrong parameters or return type for this table",
    note = "it is a safe function that returns `()` and takes one of: the pointer, a reference to it, or, for \
            `Arc` and other counted pointers, a reference to the target"
)]
pub trait WakeFn<P: WakerPointer, S> {
    /// Calls it for a waker that is used up.
    fn wake(self, pointer: P);
    /// Calls it for a waker that stays.
    fn wake_by_ref(self, pointer: &P);
}

impl<P: WakerPointer, F: Fn(P)> WakeFn<P, ByPointer> for F {
    #[inline]
    fn wake(self, pointer: P) {
        self(pointer);
    }

    #[inline]
    fn wake_by_ref(self, pointer: &P) {
        self(duplicate(pointer));
    }
}

impl<P: WakerPointer, F: Fn(&P)> WakeFn<P, ByReference> for F {
    #[inline]
    fn wake(self, pointer: P) {
        self(&pointer);
    }

    #[inline]
    fn wake_by_ref(self, pointer: &P) {
        self(pointer);
    }
}

impl<P: WakerPointer<Kind = Counted>, F: Fn(&P::Target)> WakeFn<P, ByTarget> for F {
    #[inline]
    fn wake(self, pointer: P) {
        self(target(&pointer));
    }

    #[inline]
    fn wake_by_ref(self, pointer: &P) {
        self(target(pointer));
    }
}

/// Calls `function` for a waker that is used up.
#[inline]
pub fn wake<P: WakerPointer, F: WakeFn<P, S>, S>(function: F, pointer: P) {
    function.wake(pointer);
}

/// Calls `function` for a waker that stays.
#[inline]
pub fn wake_by_ref<P: WakerPointer, F: WakeFn<P, S>, S>(function: F, pointer: &P) {
    function.wake_by_ref(pointer);
}

/// In scope inside [`derive_arc_unsafe_wakeable!`](crate::derive_arc_unsafe_wakeable), so that naming `wake` or
/// `wake_by_ref` on a type without such a method of its own is ambiguous instead of calling itself for ever.
pub trait NotAMethod {
    /// Never called.
    fn wake() {}
    /// Never called.
    fn wake_by_ref() {}
}

impl<T: ?Sized> NotAMethod for T {}
