//! One table for each kind of pointer and each shape of function, over targets that own a probe.

use std::collections::BTreeMap;
use std::mem::ManuallyDrop;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Wake;

use waker_laws::Probe;
use waker_tables::{
    Counted, UnsafeWakeable, WakerPointer, WakerVTable, declare_raw_waker_vtable, derive_arc_unsafe_wakeable,
    waker_vtable,
};

use super::lock;

/// A table, and how a target of its pointers begins and ends.
pub trait Pointers: Send + Sync + 'static {
    type Pointer: WakerPointer;

    const TABLE: &'static WakerVTable<Self::Pointer>;
    /// Whether the pointers have counts, and the target ends with the last.
    const COUNTED: bool = true;

    fn fresh(probe: Probe) -> Self::Pointer;

    /// Ends the target of a pointer that counts nothing.
    fn end(pointer: &Self::Pointer) {
        let _ = pointer;
    }
}

macro_rules! arcs {
    ($($pointers:ident: $table:ident of $target:ident;)+) => {$(
        pub struct $pointers;

        impl Pointers for $pointers {
            type Pointer = Arc<$target>;

            const TABLE: &'static WakerVTable<Arc<$target>> = &$table;

            fn fresh(probe: Probe) -> Arc<$target> {
                Arc::new($target(probe))
            }
        }
    )+};
}

pub struct Target(Probe);

impl Target {
    fn woken(&self) {
        self.0.woken();
    }
}

waker_vtable! {
    static ARC_BY_POINTER: Arc<Target> => by_pointer;
    static ARC_BY_REFERENCE: Arc<Target> => by_reference;
    static ARC_BY_TARGET: Arc<Target> => Target::woken;
    static STATIC_BY_POINTER: &'static Place => Place::woken;
    static STATIC_BY_REFERENCE: &'static Place => by_static_reference;
    static ID_BY_POINTER: usize => by_id;
    static ID_BY_REFERENCE: usize => by_id_reference;
    static OWN_BY_POINTER: Own => own_by_pointer;
    static OWN_BY_TARGET: Own => Header::woken;
}

#[expect(clippy::needless_pass_by_value, reason = "the shape is what is tested")]
fn by_pointer(target: Arc<Target>) {
    target.woken();
}

fn by_reference(target: &Arc<Target>) {
    target.woken();
}

/// The 0.1 spelling: a method, `Wake` by macro, and a declared table.
pub struct Derived(Probe);

impl Derived {
    fn on_wake(self: Arc<Self>) {
        self.0.woken();
    }
}

derive_arc_unsafe_wakeable!(Derived, on_wake);
declare_raw_waker_vtable!(Derived, DERIVED);

/// `Wake` by hand, without `wake_by_ref`.
pub struct Std(Probe);

impl Wake for Std {
    fn wake(self: Arc<Self>) {
        self.0.woken();
    }
}

declare_raw_waker_vtable!(Std, STD);

/// The four functions by hand.
pub struct Manual(Probe);

// SAFETY: each function is the `Arc` operation of its row.
unsafe impl UnsafeWakeable for Manual {
    unsafe fn wake(ptr: *const Self) {
        // SAFETY: the caller gives up a count.
        unsafe { Arc::from_raw(ptr) }.0.woken();
    }
    unsafe fn wake_by_ref(ptr: *const Self) {
        // SAFETY: the caller holds a count.
        unsafe { &*ptr }.0.woken();
    }
    unsafe fn clone_ptr(ptr: *const Self) -> *const Self {
        // SAFETY: the caller holds a count.
        unsafe { Arc::increment_strong_count(ptr) };
        ptr
    }
    unsafe fn drop_ptr(ptr: *const Self) {
        // SAFETY: the caller gives up a count.
        unsafe { Arc::decrement_strong_count(ptr) };
    }
}

declare_raw_waker_vtable!(Manual, MANUAL);

arcs! {
    ArcByPointer: ARC_BY_POINTER of Target;
    ArcByReference: ARC_BY_REFERENCE of Target;
    ArcByTarget: ARC_BY_TARGET of Target;
    ArcDerived: DERIVED of Derived;
    ArcStd: STD of Std;
    ArcManual: MANUAL of Manual;
}

/// A target in a static, which ends when the test takes its probe.
pub struct Place(Mutex<Option<Arc<Probe>>>);

impl Place {
    fn woken(&self) {
        let probe = lock(&self.0).clone();
        if let Some(probe) = probe {
            probe.woken();
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the shape is what is tested")]
fn by_static_reference(place: &&'static Place) {
    place.woken();
}

/// All that there were, where a leak check finds them.
static PLACES: Mutex<Vec<&'static Place>> = Mutex::new(Vec::new());

macro_rules! statics {
    ($($pointers:ident: $table:ident;)+) => {$(
        pub struct $pointers;

        impl Pointers for $pointers {
            type Pointer = &'static Place;

            const TABLE: &'static WakerVTable<&'static Place> = &$table;
            const COUNTED: bool = false;

            fn fresh(probe: Probe) -> &'static Place {
                let place = Box::leak(Box::new(Place(Mutex::new(Some(Arc::new(probe))))));
                lock(&PLACES).push(place);
                place
            }

            fn end(place: &&'static Place) {
                let probe = lock(&place.0).take();
                drop(probe);
            }
        }
    )+};
}

statics! {
    StaticByPointer: STATIC_BY_POINTER;
    StaticByReference: STATIC_BY_REFERENCE;
}

static IDS: Mutex<BTreeMap<usize, Arc<Probe>>> = Mutex::new(BTreeMap::new());

fn by_id(id: usize) {
    let probe = lock(&IDS).get(&id).cloned();
    if let Some(probe) = probe {
        probe.woken();
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the shape is what is tested")]
fn by_id_reference(id: &usize) {
    by_id(*id);
}

macro_rules! ids {
    ($($pointers:ident: $table:ident;)+) => {$(
        pub struct $pointers;

        impl Pointers for $pointers {
            type Pointer = usize;

            const TABLE: &'static WakerVTable<usize> = &$table;
            const COUNTED: bool = false;

            fn fresh(probe: Probe) -> usize {
                static NEXT: AtomicUsize = AtomicUsize::new(0);
                let id = NEXT.fetch_add(1, Ordering::Relaxed);
                lock(&IDS).insert(id, Arc::new(probe));
                id
            }

            fn end(id: &usize) {
                let probe = lock(&IDS).remove(id);
                drop(probe);
            }
        }
    )+};
}

ids! {
    IdByPointer: ID_BY_POINTER;
    IdByReference: ID_BY_REFERENCE;
}

/// A header with its count inside, as a runtime has one.
pub struct Header {
    count: AtomicUsize,
    probe: Probe,
}

impl Header {
    fn woken(&self) {
        self.probe.woken();
    }
}

pub struct Own(NonNull<Header>);

// SAFETY: `Header` is `Send` and `Sync`.
unsafe impl Send for Own {}
// SAFETY: as above.
unsafe impl Sync for Own {}

impl Own {
    fn header(&self) -> &Header {
        // SAFETY: this value holds a count.
        unsafe { self.0.as_ref() }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape is what is tested")]
fn own_by_pointer(pointer: Own) {
    pointer.header().woken();
}

// SAFETY: the word is the header's address; `clone_raw` adds one to the count inside, `Drop` takes one away.
unsafe impl WakerPointer for Own {
    type Target = Header;
    type Kind = Counted;

    fn into_raw(self) -> *const () {
        ManuallyDrop::new(self).as_raw()
    }
    fn as_raw(&self) -> *const () {
        self.0.as_ptr().cast_const().cast()
    }
    unsafe fn from_raw(raw: *const ()) -> Self {
        Self(NonNull::new(raw.cast_mut().cast()).expect("no word is null"))
    }
    unsafe fn clone_raw(raw: *const ()) -> *const () {
        // SAFETY: the caller holds a count.
        unsafe { &*raw.cast::<Header>() }.count.fetch_add(1, Ordering::Relaxed);
        raw
    }
    unsafe fn as_ref<'a>(raw: *const ()) -> &'a Header {
        // SAFETY: the caller holds a count for `'a`.
        unsafe { &*raw.cast() }
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        if self.header().count.fetch_sub(1, Ordering::AcqRel) == 1 {
            // SAFETY: that was the last count of a box.
            drop(unsafe { Box::from_raw(self.0.as_ptr()) });
        }
    }
}

macro_rules! owns {
    ($($pointers:ident: $table:ident;)+) => {$(
        pub struct $pointers;

        impl Pointers for $pointers {
            type Pointer = Own;

            const TABLE: &'static WakerVTable<Own> = &$table;

            fn fresh(probe: Probe) -> Own {
                let header = Header { count: AtomicUsize::new(1), probe };
                Own(NonNull::from(Box::leak(Box::new(header))))
            }
        }
    )+};
}

owns! {
    OwnByPointer: OWN_BY_POINTER;
    OwnByTarget: OWN_BY_TARGET;
}

#[cfg(all(feature = "portable-atomic", feature = "alloc"))]
waker_vtable! { static PORTABLE: portable_atomic_util::Arc<Target> => Target::woken; }

#[cfg(all(feature = "portable-atomic", feature = "alloc"))]
pub struct Portable;

#[cfg(all(feature = "portable-atomic", feature = "alloc"))]
impl Pointers for Portable {
    type Pointer = portable_atomic_util::Arc<Target>;

    const TABLE: &'static WakerVTable<Self::Pointer> = &PORTABLE;

    fn fresh(probe: Probe) -> Self::Pointer {
        portable_atomic_util::Arc::new(Target(probe))
    }
}
