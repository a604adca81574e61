//! A `RawWakerVTable` that knows the pointer type of its wakers, and its own address.

#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
use alloc::{sync::Arc, task::Wake};
use core::any::{TypeId, type_name};
use core::fmt;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::ops::Deref;
use core::ptr;
use core::task::{RawWaker, RawWakerVTable, Waker};

#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
use super::borrowed::BestEffort;
use super::borrowed::WakerRef;
#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
use super::contract::UnsafeWakeable;
use super::pointer::WakerPointer;

/// The table of functions behind the wakers of one pointer type: a `RawWakerVTable` and two words.
///
/// Declared by [`waker_vtable!`](crate::waker_vtable) or
/// [`declare_raw_waker_vtable!`](crate::declare_raw_waker_vtable), always as a `static`: the address of that
/// static is what [`Waker::will_wake`] and recovery compare, so both are exact in every build profile within one
/// linked image. Six words of read-only memory.
///
/// # Recovery
///
/// [`matches`](Self::matches), [`get`](Self::get), [`get_pointer`](Self::get_pointer),
/// [`into_pointer`](Self::into_pointer) and [`id`](WakerVTable::id) give `Some`, or `true`, for wakers of *this* table
/// and their clones, and `None` for all others:
///
/// - They see the outermost waker only. A combinator that wraps wakers (`FuturesUnordered`, `select!` over
///   boxed futures) hands its own to the inner future.
/// - `Waker::from(arc)` is std's waker of the same target, over std's table.
/// - A second copy of this crate, or a dynamic library, has its own tables.
/// - They never give another type's target: a table recovers only where it stands at its own address.
/// - A linker that is told to give equal statics one address (lld's `--ignore-data-address-equality`) makes one table
///   of two of the same pointer type with equal functions: each then recovers the other's wakers. Tables of
///   different pointer types differ by a word and stay apart.
///
/// # Invariants
///
/// 1. The four functions were made for words of `P`.
/// 2. `home` points to a table of `P`. Where it points to `self`, this memory is a `static` of this very type:
///    every chain of homes ends in a static, distinct statics share no address, and a constant that was merged
///    with a static has the static's bytes, so its chain ends there too.
/// 3. `pointer_type` differs between tables of different `P`, so that no linker finds their bytes equal.
#[repr(C)]
pub struct WakerVTable<P: 'static> {
    functions: RawWakerVTable,
    home: &'static Self,
    pointer_type: fn() -> TypeId,
    /// Invariant in `P`. Otherwise subtyping turns the table of `W<fn(&'static str)>` into that of
    /// `W<for<'a> fn(&'a str)>`, and safe code reads freed memory through it.
    pointer: PhantomData<fn(P) -> P>,
}

const _: () = assert!(size_of::<WakerVTable<usize>>() == 6 * size_of::<usize>(), "the docs promise six words");

/// A type that names one table: what a clone of a waker goes back to.
///
/// Safe to implement, because any table of the same pointer type will do.
pub(crate) trait Slot: 'static {
    /// The pointer of the table.
    type Pointer: WakerPointer;

    /// The table.
    fn table() -> &'static WakerVTable<Self::Pointer>;
}

/// A slot that also holds the function a wake runs.
pub(crate) trait WakeSlot: Slot {
    /// Runs it for a waker that is used up.
    fn wake(pointer: Self::Pointer);
    /// Runs it for a waker that stays.
    fn wake_by_ref(pointer: &Self::Pointer);
}

impl<P: WakerPointer> WakerVTable<P> {
    /// Makes a waker, which owns what `pointer` owned. In constants and statics:
    /// [`const_waker`](WakerVTable::const_waker).
    ///
    /// Costs: two words are written; no refcount, no allocation.
    #[must_use]
    pub fn waker(&'static self, pointer: P) -> Waker {
        // SAFETY: by invariant 1 the functions fit the word, whose count moves into the waker.
        unsafe { Waker::new(pointer.into_raw(), &self.functions) }
    }

    /// Makes a waker that borrows `pointer`'s count and takes one of its own only when cloned.
    ///
    /// Costs: two words are written; no refcount, no allocation.
    #[must_use]
    pub fn waker_ref<'a>(&'static self, pointer: &'a P) -> WakerRef<'a> {
        let raw = RawWaker::new(pointer.as_raw(), &self.functions);
        // SAFETY: by invariant 1 the functions fit the word; `pointer` holds a count of it for `'a`.
        unsafe { WakerRef::new(raw) }
    }

    /// The table as the standard library knows it, for `RawWaker::new` and `Waker::new`.
    ///
    /// A `Waker` made by hand over it must carry one count of a `P` until it is woken or dropped: recovery trusts that.
    /// Inside functions `&NAME` coerces to the same reference.
    #[must_use]
    pub const fn raw(&'static self) -> &'static RawWakerVTable {
        &self.functions
    }

    /// Whether `waker` is one of this table's.
    ///
    /// Costs: two address comparisons.
    #[must_use]
    pub fn matches(&self, waker: &Waker) -> bool {
        ptr::eq(waker.vtable(), &raw const self.functions) && ptr::eq(self.home, self)
    }

    /// The target of `waker`, if it is one of this table's; see [Recovery](#recovery). Of a `&'static T`,
    /// [`get_pointer`](Self::get_pointer) gives the reference with its whole lifetime.
    ///
    /// Costs: two address comparisons; no refcount.
    #[must_use]
    pub fn get<'w>(&self, waker: &'w Waker) -> Option<&'w P::Target> {
        if !self.matches(waker) {
            return None;
        }
        // SAFETY: the waker is over this static, so by invariant 1 its word is one of `P`'s, and it holds a count
        // (or, inside a `WakerRef`, its owner does) for as long as `'w`.
        Some(unsafe { P::as_ref(waker.data()) })
    }

    /// A pointer to the target of `waker`, with a count of its own, if it is one of this table's; see
    /// [Recovery](#recovery).
    ///
    /// Costs: two address comparisons and the pointer's clone (for an `Arc` one locked instruction).
    #[must_use]
    pub fn get_pointer(&self, waker: &Waker) -> Option<P> {
        if !self.matches(waker) {
            return None;
        }
        // SAFETY: the word is one of `P`'s, as in `get`, and the waker holds a count of it.
        let raw = unsafe { P::clone_raw(waker.data()) };
        // SAFETY: takes the count that the line above added.
        Some(unsafe { P::from_raw(raw) })
    }

    /// Turns `waker` back into the pointer it was made from, if it is one of this table's; see
    /// [Recovery](#recovery).
    ///
    /// Costs: two address comparisons; the count moves, none is taken or given up.
    ///
    /// # Errors
    ///
    /// Another table's waker is given back.
    pub fn into_pointer(&self, waker: Waker) -> Result<P, Waker> {
        if !self.matches(&waker) {
            return Err(waker);
        }
        let waker = ManuallyDrop::new(waker);
        // SAFETY: the word is one of `P`'s, as in `get`, and its count is the owned waker's, which is not dropped.
        Ok(unsafe { P::from_raw(waker.data()) })
    }

    pub(crate) const fn for_slot<S: WakeSlot<Pointer = P>>(home: &'static Self) -> Self {
        Self {
            functions: RawWakerVTable::new(clone::<S>, wake::<S>, wake_by_ref::<S>, drop_raw::<P>),
            home,
            pointer_type: TypeId::of::<P>,
            pointer: PhantomData,
        }
    }
}

impl<T: Sync + 'static> WakerVTable<&'static T> {
    /// [`waker`](Self::waker) for constants and statics.
    #[must_use]
    pub const fn const_waker(&'static self, target: &'static T) -> Waker {
        // SAFETY: by invariant 1 the functions fit the word of a `&'static T`, which is its address.
        unsafe { Waker::new(ptr::from_ref(target).cast(), &self.functions) }
    }
}

impl WakerVTable<usize> {
    /// [`waker`](Self::waker) for constants and statics.
    #[must_use]
    pub const fn const_waker(&'static self, id: usize) -> Waker {
        // SAFETY: by invariant 1 the functions fit the word of an id, which is the number itself.
        unsafe { Waker::new(ptr::without_provenance(id), &self.functions) }
    }

    /// The id of `waker`, if it is one of this table's; see [Recovery](WakerVTable#recovery).
    #[inline]
    #[must_use]
    pub fn id(&self, waker: &Waker) -> Option<usize> {
        self.matches(waker).then(|| waker.data().addr())
    }
}

#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
impl<T: UnsafeWakeable> WakerVTable<Arc<T>> {
    pub(super) const fn for_wakeable<S: Slot<Pointer = Arc<T>>>(home: &'static Self) -> Self {
        Self {
            functions: RawWakerVTable::new(
                clone_wakeable::<S, T>,
                wake_wakeable::<T>,
                wake_by_ref_wakeable::<T>,
                drop_wakeable::<T>,
            ),
            home,
            pointer_type: TypeId::of::<Arc<T>>,
            pointer: PhantomData,
        }
    }
}

#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
impl<T: Wake + Send + Sync + 'static> WakerVTable<Arc<T>> {
    /// Borrowed wakers for a `T` that is generic where it is used. Prefer a declared table for concrete types.
    #[must_use]
    pub const fn best_effort() -> BestEffort<T> {
        BestEffort::new()
    }
}

impl<P: 'static> Deref for WakerVTable<P> {
    type Target = RawWakerVTable;

    fn deref(&self) -> &RawWakerVTable {
        &self.functions
    }
}

impl<P: 'static> fmt::Debug for WakerVTable<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WakerVTable")
            .field("pointer", &type_name::<P>())
            .field("address", &ptr::from_ref(self))
            .finish_non_exhaustive()
    }
}

// The functions of a table. Their common contract is `RawWakerVTable`'s: `raw` is the word of a waker over this
// table, and `wake` and `drop_raw` take its count. `table()` runs before the count moves, because it is user code.

unsafe fn clone<S: WakeSlot>(raw: *const ()) -> RawWaker {
    let table = S::table();
    // SAFETY: the waker that is being cloned holds a count of its word.
    let raw = unsafe { S::Pointer::clone_raw(raw) };
    RawWaker::new(raw, &table.functions)
}

unsafe fn wake<S: WakeSlot>(raw: *const ()) {
    // SAFETY: the waker is used up, and its count is this function's to take.
    S::wake(unsafe { S::Pointer::from_raw(raw) });
}

unsafe fn wake_by_ref<S: WakeSlot>(raw: *const ()) {
    // SAFETY: the count is the waker's, which outlives the call; `ManuallyDrop` never gives it up.
    let pointer = ManuallyDrop::new(unsafe { S::Pointer::from_raw(raw) });
    S::wake_by_ref(&pointer);
}

unsafe fn drop_raw<P: WakerPointer>(raw: *const ()) {
    // SAFETY: the waker is being dropped, and its count is this function's to take.
    drop(unsafe { P::from_raw(raw) });
}

#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
unsafe fn clone_wakeable<S: Slot<Pointer = Arc<T>>, T: UnsafeWakeable>(raw: *const ()) -> RawWaker {
    let table = S::table();
    // SAFETY: the waker that is being cloned holds a count of its word, which came from `Arc::<T>::into_raw`.
    let raw = unsafe { T::clone_ptr(raw.cast::<T>()) };
    RawWaker::new(raw.cast(), &table.functions)
}

#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
unsafe fn wake_wakeable<T: UnsafeWakeable>(raw: *const ()) {
    // SAFETY: the word came from `Arc::<T>::into_raw`, and the waker is used up.
    unsafe { T::wake(raw.cast::<T>()) };
}

#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
unsafe fn wake_by_ref_wakeable<T: UnsafeWakeable>(raw: *const ()) {
    // SAFETY: the word came from `Arc::<T>::into_raw`, and the waker holds a count throughout the call.
    unsafe { T::wake_by_ref(raw.cast::<T>()) };
}

#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
unsafe fn drop_wakeable<T: UnsafeWakeable>(raw: *const ()) {
    // SAFETY: the word came from `Arc::<T>::into_raw`, and the waker is being dropped.
    unsafe { T::drop_ptr(raw.cast::<T>()) };
}
