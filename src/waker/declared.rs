//! How the macros declare a table: from two values without size, a way back to its static and the function of a wake.

#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
use alloc::sync::Arc;
use core::marker::PhantomData;
use core::ptr::NonNull;

#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
use super::contract::UnsafeWakeable;
use super::pointer::WakerPointer;
use super::shape::WakeFn;
use super::table::{Slot, WakeSlot, WakerVTable};

/// The slot of a table over `P` that `H` leads to, whose wakes run the function `F` of shape `S`.
///
/// # Invariants
///
/// 1. It is the slot of a table only after a value of `H` and one of `F`, both without size, were given up for it.
struct Declared<P, H, F = (), S = ()>(PhantomData<fn(P, H, F, S)>);

impl<P: WakerPointer, H: Home<P>, F: 'static, S: 'static> Slot for Declared<P, H, F, S> {
    type Pointer = P;

    fn table() -> &'static WakerVTable<P> {
        // SAFETY: invariant 1.
        let table = unsafe { again::<H>() };
        table()
    }
}

impl<P, H, F, S> WakeSlot for Declared<P, H, F, S>
where
    P: WakerPointer,
    H: Home<P>,
    F: WakeFn<P, P::Kind, P::Target, S> + Stateless,
    S: 'static,
{
    fn wake(pointer: P) {
        // SAFETY: invariant 1.
        unsafe { again::<F>() }.wake(pointer);
    }

    fn wake_by_ref(pointer: &P) {
        // SAFETY: invariant 1.
        unsafe { again::<F>() }.wake_by_ref(pointer);
    }
}

/// What a path to a function is, and a closure that captures nothing.
pub trait Stateless: Copy + Send + Sync + 'static {}

impl<T: Copy + Send + Sync + 'static> Stateless for T {}

/// The way back to a table.
pub trait Home<P: 'static>: Fn() -> &'static WakerVTable<P> + Stateless {}

impl<P: 'static, H: Fn() -> &'static WakerVTable<P> + Stateless> Home<P> for H {}

/// A copy of a value without size.
///
/// # Safety
///
/// `T` has no size, and a value of it was given up to be copied from then on.
unsafe fn again<T: Stateless>() -> T {
    // SAFETY: it has no size, so any aligned address will do; the caller's may be copied, on any thread and at any
    // time.
    unsafe { NonNull::<T>::dangling().read() }
}

/// The table that [`waker_vtable!`](crate::waker_vtable) declares.
///
/// Its signature is made for what the compiler says. The pointer is the only type that the macro names, which is where
/// a wrong one is reported; the function is an `impl`, so that a wrong one is reported at the argument. Kind and target
/// are parameters: where the pointer is wrong they are unknown, and nothing is said of the function.
#[must_use]
pub const fn declare<P: WakerPointer<Kind = K, Target = T>, K, T: ?Sized, S: 'static>(
    home: &'static WakerVTable<P>,
    table: impl Home<P>,
    function: impl WakeFn<P, K, T, S> + Stateless,
) -> WakerVTable<P> {
    const fn of<P, H, F, S>(home: &'static WakerVTable<P>, _: H, _: F) -> WakerVTable<P>
    where
        P: WakerPointer,
        H: Home<P>,
        F: WakeFn<P, P::Kind, P::Target, S> + Stateless,
        S: 'static,
    {
        assert!(size_of::<(H, F)>() == 0, "a table takes a path to a function, or a closure that captures nothing");
        WakerVTable::for_slot::<Declared<P, H, F, S>>(home)
    }
    of(home, table, function)
}

/// The table that [`declare_raw_waker_vtable!`](crate::declare_raw_waker_vtable) declares.
#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
#[must_use]
pub const fn declare_wakeable<T: UnsafeWakeable>(
    home: &'static WakerVTable<Arc<T>>,
    table: impl Home<Arc<T>>,
) -> WakerVTable<Arc<T>> {
    const fn of<T: UnsafeWakeable, H: Home<Arc<T>>>(home: &'static WakerVTable<Arc<T>>, _: H) -> WakerVTable<Arc<T>> {
        assert!(size_of::<H>() == 0, "a table's way back to itself captures nothing");
        WakerVTable::for_wakeable::<Declared<Arc<T>, H>>(home)
    }
    of(home, table)
}
