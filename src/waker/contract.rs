//! The contract behind the tables of [`declare_raw_waker_vtable!`](crate::declare_raw_waker_vtable).

#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
use alloc::{sync::Arc, task::Wake};
#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
use core::mem::ManuallyDrop;

/// The four functions of a waker over `*const Self`, under the rules of `Arc::into_raw` and `Arc::from_raw`.
///
/// Every `T: std::task::Wake + Send + Sync + 'static` has it. A type that needs its own four functions (to
/// count clones, say) implements it by hand instead of `Wake`; both on one type is refused (E0119).
///
/// | function | counts after it | who owns the caller's count then |
/// |---|---|---|
/// | `clone_ptr` | + 1 | still the caller; the new one goes to the returned pointer |
/// | `wake` | − 1, or ± 0 | nobody, or whoever the function handed it on to (a queue of `Arc`s, say) |
/// | `wake_by_ref` | ± 0 | still the caller |
/// | `drop_ptr` | − 1 | nobody: it was consumed |
///
/// # Safety
///
/// 1. The four functions keep the table above, for a `ptr` that came from `Arc::<Self>::into_raw` or `as_ptr` (the
///    same pointer), also when they panic. What they use of `ptr` after they returned, they use with a count that they
///    added or took.
/// 2. `clone_ptr` returns its argument. A clone that returned another `Arc` would make
///    [`will_wake`](core::task::Waker::will_wake) lie.
/// 3. They may be called from any thread, several at once.
///
/// This is about ownership alone. What a wake does is the type's own business.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no function to wake with",
    label = "it implements neither `Wake` nor `UnsafeWakeable`",
    note = "`derive_arc_unsafe_wakeable!({Self}, method)` implements `Wake`; without either, declare the table by \
            `waker_vtable! {{ static NAME: Arc<{Self}> => {Self}::method; }}`"
)]
pub unsafe trait UnsafeWakeable: Send + Sync + 'static {
    /// Wakes, and takes the caller's count.
    ///
    /// # Safety
    ///
    /// `ptr` is an `Arc<Self>`'s, and one count of it is the caller's until this call, which takes it.
    unsafe fn wake(ptr: *const Self);

    /// Wakes, and leaves the caller's count alone.
    ///
    /// # Safety
    ///
    /// `ptr` is an `Arc<Self>`'s, and a count of it is held throughout the call.
    unsafe fn wake_by_ref(ptr: *const Self);

    /// Adds one count and returns `ptr`.
    ///
    /// # Safety
    ///
    /// `ptr` is an `Arc<Self>`'s, and a count of it is held throughout the call.
    unsafe fn clone_ptr(ptr: *const Self) -> *const Self;

    /// Gives up the caller's count.
    ///
    /// # Safety
    ///
    /// `ptr` is an `Arc<Self>`'s, and one count of it is the caller's until this call, which takes it.
    unsafe fn drop_ptr(ptr: *const Self);
}

/// Costs: `wake_by_ref` is `Wake::wake_by_ref`, so it is free of refcounts where the type overrides that
/// method; the other three take one locked instruction each.
#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
// SAFETY: each function is the `Arc` operation of its row in the table; the counts stand in owned values or in a
// `ManuallyDrop` while user code runs, so a panic in it unwinds through correct counts.
unsafe impl<T: Wake + Send + Sync + 'static> UnsafeWakeable for T {
    unsafe fn wake(ptr: *const Self) {
        // SAFETY: the caller gives up one count of this `Arc`.
        let this = unsafe { Arc::from_raw(ptr) };
        <T as Wake>::wake(this);
    }

    unsafe fn wake_by_ref(ptr: *const Self) {
        // SAFETY: the count is the caller's; `ManuallyDrop` never gives it up.
        let this = ManuallyDrop::new(unsafe { Arc::from_raw(ptr) });
        <T as Wake>::wake_by_ref(&this);
    }

    unsafe fn clone_ptr(ptr: *const Self) -> *const Self {
        // SAFETY: the caller holds a count of this `Arc` throughout the call.
        unsafe { Arc::increment_strong_count(ptr) };
        ptr
    }

    unsafe fn drop_ptr(ptr: *const Self) {
        // SAFETY: the caller gives up one count of this `Arc`.
        drop(unsafe { Arc::from_raw(ptr) });
    }
}
