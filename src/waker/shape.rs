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

/// A function that a table over `P` can call. `K` and `T` are the pointer's kind and target, `S` is the function's
/// shape, found by inference; each function has one at the most, since [`ByTarget`] is for counted pointers alone (a
/// `&'static T` is already a reference to its target).
///
/// That `P` is a pointer is asked by the methods and not by the implementations: else a wrong pointer would make right
/// functions wrong.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the wake function of a table over `{P}`",
    label = "wrong parameters or return type for this table",
    note = "it is a safe function that returns `()` and takes one of: the pointer, a reference to it, or, for \
            `Arc` and other counted pointers, a reference to the target"
)]
pub trait WakeFn<P, K, T: ?Sized, S> {
    /// Calls it for a waker that is used up.
    fn wake(self, pointer: P)
    where
        P: WakerPointer<Kind = K, Target = T>;
    /// Calls it for a waker that stays.
    fn wake_by_ref(self, pointer: &P)
    where
        P: WakerPointer<Kind = K, Target = T>;
}

impl<P, K, T: ?Sized, F: Fn(P)> WakeFn<P, K, T, ByPointer> for F {
    fn wake(self, pointer: P) {
        self(pointer);
    }

    fn wake_by_ref(self, pointer: &P)
    where
        P: WakerPointer<Kind = K, Target = T>,
    {
        self(duplicate(pointer));
    }
}

impl<P, K, T: ?Sized, F: Fn(&P)> WakeFn<P, K, T, ByReference> for F {
    fn wake(self, pointer: P) {
        self(&pointer);
    }

    fn wake_by_ref(self, pointer: &P) {
        self(pointer);
    }
}

impl<P, T: ?Sized, F: Fn(&T)> WakeFn<P, Counted, T, ByTarget> for F {
    fn wake(self, pointer: P)
    where
        P: WakerPointer<Kind = Counted, Target = T>,
    {
        self(target(&pointer));
    }

    fn wake_by_ref(self, pointer: &P)
    where
        P: WakerPointer<Kind = Counted, Target = T>,
    {
        self(target(pointer));
    }
}

/// The pointer of a waker that is used up, or of one that stays.
#[derive(Debug)]
pub enum Woken<'a, P> {
    /// It is used up.
    Owned(P),
    /// It stays.
    Borrowed(&'a P),
}

/// Calls `function` for either: [`derive_arc_unsafe_wakeable!`](crate::derive_arc_unsafe_wakeable) names the function
/// once, or every error would be reported twice.
pub fn wake<P: WakerPointer<Kind = K, Target = T>, K, T: ?Sized, S>(
    woken: Woken<'_, P>,
    function: impl WakeFn<P, K, T, S>,
) {
    match woken {
        Woken::Owned(pointer) => function.wake(pointer),
        Woken::Borrowed(pointer) => function.wake_by_ref(pointer),
    }
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
