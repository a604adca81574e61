//! What may stand behind a waker: one word that carries a share of its target.

use core::ptr;

/// The [`WakerPointer::Kind`] of a pointer whose raw words each hold one count.
#[derive(Debug, Clone, Copy)]
pub struct Counted;

/// The [`WakerPointer::Kind`] of a pointer that counts nothing: a `&'static T`, an id.
#[derive(Debug, Clone, Copy)]
pub struct Free;

/// A pointer that fits into the one data word of a [`Waker`](core::task::Waker).
///
/// Implemented for `Arc<T>`, `&'static T` and `usize` ids, and with the features `portable-atomic` and `alloc` for
/// `portable_atomic_util::Arc<T>`; and for `AnyTask`, a shared task. A runtime implements it once for its own refcounted header; the example
/// `own_pointer.rs` does so for an intrusive count. It is not implemented for `Box<T>`: a waker is used from
/// several threads at once, and a `Box` says that it is the only way to its target.
///
/// A *raw word* is what [`into_raw`](Self::into_raw) and [`as_raw`](Self::as_raw) give. With
/// `Kind = Counted` it holds one count that somebody owns; with `Kind = Free` there is nothing to own.
///
/// # Safety
///
/// 1. `as_raw(&p)` gives the word that `into_raw(p)` would give, address and provenance, and the same one for as
///    long as `p` is borrowed: nothing done through `&Self` changes the word or gives up its count.
/// 2. `from_raw(p.into_raw())` is `p`; the count goes through the word and comes back.
/// 3. `clone_raw(w)` returns `w`, and there is one count more. So a waker's clone is a second pointer to the target,
///    also if `Self` is not `Clone`: no `Self` gives out `&mut` to its target while another count exists.
/// 4. Dropping a `Self` gives up one count. A `Self` that is never dropped gives up none, so one may be made by
///    `from_raw` over a word whose count another owner keeps, used by reference, and forgotten.
/// 5. While a count is held, by a `Self` or a raw word, the target stays alive and is not moved.
/// 6. `as_ref(w)` is the same target at every call, and borrows it for no longer than a count is held.
/// 7. Every function may be called from any thread, several at once. None of them unwinds, but `clone_raw` may, if there is
///    no count more then.
///
/// A wrong implementation: a pointer to `T` whose `clone_raw` allocates a second `T` and returns that address.
/// Rule 3 is broken: the clone of a waker would no longer [`will_wake`](core::task::Waker::will_wake) the
/// original, and recovery would give two different targets.
///
/// An own pointer whose target is the pointer itself (`type Target = Self`) says `Kind = Free`: otherwise a
/// function `fn(&Self)` would fit two of the shapes that [`waker_vtable!`](crate::waker_vtable) accepts.
#[cfg_attr(
    all(feature = "alloc", target_has_atomic = "ptr"),
    diagnostic::on_unimplemented(
        message = "a waker cannot be made from `{Self}`",
        label = "not a waker pointer",
        note = "use `Arc<T>` or `&'static T` with `T: Send + Sync + 'static`, a `usize` id, or implement `WakerPointer`"
    )
)]
#[cfg_attr(
    not(all(feature = "alloc", target_has_atomic = "ptr")),
    diagnostic::on_unimplemented(
        message = "a waker cannot be made from `{Self}`",
        label = "not a waker pointer here",
        note = "`Arc<T>` needs the feature `alloc` of `waker_tables`, and a target with compare-and-swap",
        note = "without them use `&'static T` with `T: Sync`, a `usize` id, or implement `WakerPointer`"
    )
)]
pub unsafe trait WakerPointer: Sized + Send + Sync + 'static {
    /// What the pointer leads to; what recovery borrows.
    type Target: Sync + ?Sized;

    /// [`Counted`] or [`Free`].
    type Kind;

    /// Turns the pointer into its raw word; the count moves into the word.
    fn into_raw(self) -> *const ();

    /// The word that [`into_raw`](Self::into_raw) would give; no count moves.
    fn as_raw(&self) -> *const ();

    /// Takes the pointer back out of its word, with the word's count.
    ///
    /// # Safety
    ///
    /// `raw` is a word of this pointer type, and a count of it is the caller's, which from now on is the result's; or a
    /// count of it is held elsewhere for as long as the result is used, and the result is never dropped.
    unsafe fn from_raw(raw: *const ()) -> Self;

    /// Adds one count and returns `raw`.
    ///
    /// # Safety
    ///
    /// `raw` is a word of this pointer type, and a count of it is held throughout the call.
    unsafe fn clone_raw(raw: *const ()) -> *const ();

    /// Borrows the target.
    ///
    /// # Safety
    ///
    /// `raw` is a word of this pointer type, and a count of it is held for all of `'a`.
    unsafe fn as_ref<'a>(raw: *const ()) -> &'a Self::Target;
}

/// `Sized` by another name, whose error tells what to do.
#[diagnostic::on_unimplemented(
    message = "a waker has one word, and a pointer to `{Self}` has two",
    label = "its size is not known at compile time",
    note = "put a pointer between: `Arc<Box<{Self}>>`, or `&'static &'static {Self}`"
)]
pub(super) trait Thin: Sized {}

#[diagnostic::do_not_recommend]
impl<T> Thin for T {}

/// A second pointer to the same target, with a count of its own.
pub(super) fn duplicate<P: WakerPointer>(pointer: &P) -> P {
    // SAFETY: the word is `pointer`'s own, which holds a count of it for the length of the call.
    let raw = unsafe { P::clone_raw(pointer.as_raw()) };
    // SAFETY: takes the count that the line above added.
    unsafe { P::from_raw(raw) }
}

/// The target of `pointer`.
pub(super) fn target<P: WakerPointer>(pointer: &P) -> &P::Target {
    // SAFETY: the word is `pointer`'s own, which holds a count of it for as long as it is borrowed.
    unsafe { P::as_ref(pointer.as_raw()) }
}

/// An `Arc` as a pointer.
#[cfg(all(feature = "alloc", any(target_has_atomic = "ptr", feature = "portable-atomic")))]
macro_rules! arc_pointer {
    ($(#[$attribute:meta])* $($arc:ident)::+) => {
        $(#[$attribute])*
        // SAFETY: rules 1 to 6 are what `Arc` documents for `into_raw`, `as_ptr`, `from_raw` and
        // `increment_strong_count`; none of them unwinds (an overflow aborts), and `T: Send + Sync` allows any thread.
        unsafe impl<T: ?Sized + Thin + Send + Sync + 'static> WakerPointer for $($arc)::+<T> {
            type Target = T;
            type Kind = Counted;

            fn into_raw(self) -> *const () {
                Self::into_raw(self).cast()
            }

            fn as_raw(&self) -> *const () {
                Self::as_ptr(self).cast()
            }

            unsafe fn from_raw(raw: *const ()) -> Self {
                // SAFETY: the caller's word came from this `Arc`'s `into_raw`, or `as_ptr`, which gives the same.
                unsafe { Self::from_raw(raw.cast::<T>()) }
            }

            unsafe fn clone_raw(raw: *const ()) -> *const () {
                // SAFETY: the caller's word came from this `Arc`'s `into_raw` and a count of it is held.
                unsafe { Self::increment_strong_count(raw.cast::<T>()) };
                raw
            }

            unsafe fn as_ref<'a>(raw: *const ()) -> &'a T {
                // SAFETY: the word points to the `T` inside the `Arc`, which the held count keeps alive for `'a`.
                unsafe { &*raw.cast::<T>() }
            }
        }
    };
}

#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
arc_pointer! {
    /// One locked instruction for a clone, one for a drop; the count is the `Arc`'s own. Not on targets without
    /// compare-and-swap, which have no `Arc`.
    alloc::sync::Arc
}

#[cfg(all(feature = "portable-atomic", feature = "alloc"))]
arc_pointer! {
    /// The count of `portable_atomic_util`'s `Arc`, for targets without compare-and-swap.
    portable_atomic_util::Arc
}

/// No count and no allocation: clone and drop touch nothing but the waker's own two words.
///
/// Two `&'static T` of a zero-sized `T` may have one address, and then wake each other's waker.
#[expect(clippy::needless_maybe_sized, reason = "else the error is that of `Sized`")]
// SAFETY: a `&'static T` is `Copy` and its target lives for ever, so every count rule holds with nothing to
// count; `T: Sync` is what `&T` needs to be used from any thread.
unsafe impl<T: ?Sized + Thin + Sync + 'static> WakerPointer for &'static T {
    type Target = T;
    type Kind = Free;

    fn into_raw(self) -> *const () {
        ptr::from_ref(self).cast()
    }

    fn as_raw(&self) -> *const () {
        ptr::from_ref::<T>(self).cast()
    }

    unsafe fn from_raw(raw: *const ()) -> Self {
        // SAFETY: the caller's word came from a `&'static T`.
        unsafe { &*raw.cast::<T>() }
    }

    unsafe fn clone_raw(raw: *const ()) -> *const () {
        raw
    }

    unsafe fn as_ref<'a>(raw: *const ()) -> &'a T {
        // SAFETY: the caller's word came from a `&'static T`, which outlives `'a`.
        unsafe { &*raw.cast::<T>() }
    }
}

/// An id instead of an address: the word is never dereferenced, so every value is allowed.
// SAFETY: the word is the number and there is no target and no count; `as_ref` gives a promoted `()`.
unsafe impl WakerPointer for usize {
    type Target = ();
    type Kind = Free;

    #[inline]
    fn into_raw(self) -> *const () {
        ptr::without_provenance(self)
    }

    #[inline]
    fn as_raw(&self) -> *const () {
        ptr::without_provenance(*self)
    }

    #[inline]
    unsafe fn from_raw(raw: *const ()) -> Self {
        raw.addr()
    }

    #[inline]
    unsafe fn clone_raw(raw: *const ()) -> *const () {
        raw
    }

    #[inline]
    unsafe fn as_ref<'a>(_raw: *const ()) -> &'a () {
        &()
    }
}
