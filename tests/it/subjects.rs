//! One table for each kind of pointer and each shape of function, with what a test can see of it.

use std::mem::ManuallyDrop;
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering, fence};
use std::task::Wake;

use waker_tables::{
    Counted, UnsafeWakeable, WakerPointer, WakerVTable, declare_raw_waker_vtable, derive_arc_unsafe_wakeable,
    waker_vtable,
};

/// A target that counts its wakes.
#[derive(Debug, Default)]
pub struct Target {
    pub wakes: AtomicUsize,
}

impl Target {
    pub const fn new() -> Self {
        Self { wakes: AtomicUsize::new(0) }
    }

    pub fn woken(&self) {
        self.wakes.fetch_add(1, Ordering::Relaxed);
    }
}

/// A table and a pointer for it. Counts are what the pointer's own count says; none for pointers that count nothing.
pub trait Subject {
    type Pointer: WakerPointer;

    const TABLE: &'static WakerVTable<Self::Pointer>;

    fn fresh() -> Self::Pointer;
    /// Wakes and counts of the target; `pointer` holds one of them.
    fn observe(pointer: &Self::Pointer) -> (usize, Option<usize>);
}

macro_rules! arc_subject {
    ($subject:ident, $table:ident, $target:ty, $fresh:expr) => {
        pub struct $subject;

        impl Subject for $subject {
            type Pointer = Arc<$target>;

            const TABLE: &'static WakerVTable<Self::Pointer> = &$table;

            fn fresh() -> Self::Pointer {
                Arc::new($fresh)
            }

            fn observe(pointer: &Self::Pointer) -> (usize, Option<usize>) {
                (pointer.wakes.load(Ordering::Relaxed), Some(Arc::strong_count(pointer)))
            }
        }
    };
}

waker_vtable! {
    static ARC_BY_POINTER: Arc<Target> => by_pointer;
    static ARC_BY_REFERENCE: Arc<Target> => by_reference;
    static ARC_BY_TARGET: Arc<Target> => Target::woken;
    static STATIC_BY_POINTER: &'static Target => Target::woken;
    static STATIC_BY_REFERENCE: &'static Target => by_static_reference;
    static ID_BY_POINTER: usize => by_id;
    static ID_BY_REFERENCE: usize => by_id_reference;
    static OWN_BY_POINTER: OwnPointer => own_by_pointer;
    static OWN_BY_TARGET: OwnPointer => own_by_target;
}

#[expect(clippy::needless_pass_by_value, reason = "the shape is what is tested")]
fn by_pointer(target: Arc<Target>) {
    target.woken();
}

fn by_reference(target: &Arc<Target>) {
    target.woken();
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the shape is what is tested")]
fn by_static_reference(target: &&'static Target) {
    target.woken();
}

arc_subject!(ArcByPointer, ARC_BY_POINTER, Target, Target::new());
arc_subject!(ArcByReference, ARC_BY_REFERENCE, Target, Target::new());
arc_subject!(ArcByTarget, ARC_BY_TARGET, Target, Target::new());

/// The 0.1 spelling: a method, `Wake` by macro, and a declared table.
#[derive(Debug, Default)]
pub struct Derived {
    pub wakes: AtomicUsize,
}

impl Derived {
    fn on_wake(self: Arc<Self>) {
        self.wakes.fetch_add(1, Ordering::Relaxed);
    }
}

derive_arc_unsafe_wakeable!(Derived, on_wake);
declare_raw_waker_vtable!(Derived, DERIVED);
arc_subject!(ArcDerived, DERIVED, Derived, Derived::default());

/// `Wake` by hand, without `wake_by_ref`.
#[derive(Debug, Default)]
pub struct Std {
    pub wakes: AtomicUsize,
}

impl Wake for Std {
    fn wake(self: Arc<Self>) {
        self.wakes.fetch_add(1, Ordering::Relaxed);
    }
}

declare_raw_waker_vtable!(Std, STD);
arc_subject!(ArcStd, STD, Std, Std::default());

/// The four functions by hand.
#[derive(Debug, Default)]
pub struct Manual {
    pub wakes: AtomicUsize,
    pub clones: AtomicUsize,
}

// SAFETY: each function is the `Arc` operation of its row.
unsafe impl UnsafeWakeable for Manual {
    unsafe fn wake(ptr: *const Self) {
        // SAFETY: the caller gives up a count.
        unsafe { Arc::from_raw(ptr) }.wakes.fetch_add(1, Ordering::Relaxed);
    }
    unsafe fn wake_by_ref(ptr: *const Self) {
        // SAFETY: the caller holds a count.
        unsafe { &*ptr }.wakes.fetch_add(1, Ordering::Relaxed);
    }
    unsafe fn clone_ptr(ptr: *const Self) -> *const Self {
        // SAFETY: the caller holds a count.
        unsafe { &*ptr }.clones.fetch_add(1, Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { Arc::increment_strong_count(ptr) };
        ptr
    }
    unsafe fn drop_ptr(ptr: *const Self) {
        // SAFETY: the caller gives up a count.
        unsafe { Arc::decrement_strong_count(ptr) };
    }
}

declare_raw_waker_vtable!(Manual, MANUAL);
arc_subject!(ArcManual, MANUAL, Manual, Manual::default());

macro_rules! static_subject {
    ($subject:ident, $table:ident) => {
        pub struct $subject;

        impl Subject for $subject {
            type Pointer = &'static Target;

            const TABLE: &'static WakerVTable<Self::Pointer> = &$table;

            fn fresh() -> Self::Pointer {
                static TARGET: Target = Target::new();
                TARGET.wakes.store(0, Ordering::Relaxed);
                &TARGET
            }

            fn observe(pointer: &Self::Pointer) -> (usize, Option<usize>) {
                (pointer.wakes.load(Ordering::Relaxed), None)
            }
        }
    };
}

static_subject!(StaticByPointer, STATIC_BY_POINTER);
static_subject!(StaticByReference, STATIC_BY_REFERENCE);

static ID_WAKES: [AtomicUsize; 2] = [const { AtomicUsize::new(0) }; 2];

fn by_id(id: usize) {
    ID_WAKES[id].fetch_add(1, Ordering::Relaxed);
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the shape is what is tested")]
fn by_id_reference(id: &usize) {
    ID_WAKES[*id].fetch_add(1, Ordering::Relaxed);
}

macro_rules! id_subject {
    ($subject:ident, $table:ident, $id:literal) => {
        pub struct $subject;

        impl Subject for $subject {
            type Pointer = usize;

            const TABLE: &'static WakerVTable<usize> = &$table;

            fn fresh() -> usize {
                ID_WAKES[$id].store(0, Ordering::Relaxed);
                $id
            }

            fn observe(id: &usize) -> (usize, Option<usize>) {
                (ID_WAKES[*id].load(Ordering::Relaxed), None)
            }
        }
    };
}

id_subject!(IdByPointer, ID_BY_POINTER, 0);
id_subject!(IdByReference, ID_BY_REFERENCE, 1);

/// A header with its count inside, as a runtime has one.
#[derive(Debug)]
pub struct Header {
    count: AtomicUsize,
    wakes: AtomicUsize,
}

#[derive(Debug)]
pub struct OwnPointer(NonNull<Header>);

// SAFETY: `Header` is `Send` and `Sync`.
unsafe impl Send for OwnPointer {}
// SAFETY: as above.
unsafe impl Sync for OwnPointer {}

impl OwnPointer {
    fn header(&self) -> &Header {
        // SAFETY: this value holds a count.
        unsafe { self.0.as_ref() }
    }
}

// SAFETY: the word is the header's address; `clone_raw` adds one to the count inside, `Drop` takes one away.
unsafe impl WakerPointer for OwnPointer {
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

impl Drop for OwnPointer {
    fn drop(&mut self) {
        if self.header().count.fetch_sub(1, Ordering::Release) == 1 {
            fence(Ordering::Acquire);
            // SAFETY: that was the last count of a box.
            drop(unsafe { Box::from_raw(self.0.as_ptr()) });
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape is what is tested")]
fn own_by_pointer(pointer: OwnPointer) {
    pointer.header().wakes.fetch_add(1, Ordering::Relaxed);
}

fn own_by_target(header: &Header) {
    header.wakes.fetch_add(1, Ordering::Relaxed);
}

macro_rules! own_subject {
    ($subject:ident, $table:ident) => {
        pub struct $subject;

        impl Subject for $subject {
            type Pointer = OwnPointer;

            const TABLE: &'static WakerVTable<OwnPointer> = &$table;

            fn fresh() -> OwnPointer {
                let header = Header { count: AtomicUsize::new(1), wakes: AtomicUsize::new(0) };
                OwnPointer(NonNull::from(Box::leak(Box::new(header))))
            }

            fn observe(pointer: &OwnPointer) -> (usize, Option<usize>) {
                let header = pointer.header();
                (header.wakes.load(Ordering::Relaxed), Some(header.count.load(Ordering::Relaxed)))
            }
        }
    };
}

own_subject!(OwnByPointer, OWN_BY_POINTER);
own_subject!(OwnByTarget, OWN_BY_TARGET);

#[cfg(all(feature = "portable-atomic", feature = "alloc"))]
waker_vtable! { static PORTABLE: portable_atomic_util::Arc<Target> => Target::woken; }

#[cfg(all(feature = "portable-atomic", feature = "alloc"))]
pub struct Portable;

#[cfg(all(feature = "portable-atomic", feature = "alloc"))]
impl Subject for Portable {
    type Pointer = portable_atomic_util::Arc<Target>;

    const TABLE: &'static WakerVTable<Self::Pointer> = &PORTABLE;

    fn fresh() -> Self::Pointer {
        portable_atomic_util::Arc::new(Target::new())
    }

    fn observe(pointer: &Self::Pointer) -> (usize, Option<usize>) {
        (pointer.wakes.load(Ordering::Relaxed), Some(portable_atomic_util::Arc::strong_count(pointer)))
    }
}
