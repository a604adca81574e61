//! The memory of a set: children, and what they share.

#[cfg(feature = "alloc")]
use core::alloc::Layout;
use core::ptr::{self, NonNull};

use super::child::Child;
use super::parent::Parent;
use crate::sync::{AtomicPtr, AtomicUsize, Ordering, abort, const_fn};

/// Children with consecutive indices, which stand right behind it. The first chunk of a set, its *root*, has what all of
/// them share; in later ones that part is unused.
///
/// # Invariants
///
/// 1. A chunk is never moved, and none of a set's is freed before the last count of its root is given up. In a static there
///    is one, for ever.
/// 2. The pointer to a chunk, and that to each of its children, may be used for the chunk and all its children.
/// 3. `root` and `previous` are chunks of the same set, or null: `root` until somebody has a child's pointer, `previous` in
///    the root alone. They do not change afterwards. (They are atomic for a static's sake, which is shared.)
#[repr(C)]
pub(super) struct Chunk {
    /// Of a root: the children that were woken since the last drain, last in, first out.
    pushed: AtomicPtr<Child>,
    /// Of a root: one of the set, one of each waker. In a static, whose wakers have none: whether the set is in use.
    pub(super) count: AtomicUsize,
    /// Of a root: who is called.
    pub(super) parent: Parent,
    /// Of a root: the chunk with the highest indices; the owner's, and then the last one's.
    newest: AtomicPtr<Chunk>,
    root: AtomicPtr<Chunk>,
    /// The chunk with the indices below.
    previous: AtomicPtr<Chunk>,
    /// The index of the first child.
    first: usize,
    len: usize,
}

const _: () = assert!(align_of::<Child>() <= align_of::<Chunk>(), "children stand right behind their chunk");

impl Chunk {
    const_fn! {
        /// For so many children, which are to be behind it.
        pub(super) fn new(count: usize, first: usize, len: usize) -> Self {
            Self {
                pushed: AtomicPtr::new(ptr::null_mut()),
                count: AtomicUsize::new(count),
                parent: Parent::new(),
                newest: AtomicPtr::new(ptr::null_mut()),
                root: AtomicPtr::new(ptr::null_mut()),
                previous: AtomicPtr::new(ptr::null_mut()),
                first,
                len,
            }
        }
    }

    /// The index behind the last child's.
    pub(super) fn end(&self) -> usize {
        self.first + self.len
    }

    /// Makes a chunk part of a set: the first one its root.
    ///
    /// # Safety
    ///
    /// The chunks are of one set, and alive; the caller is its owner.
    pub(super) unsafe fn link(chunk: NonNull<Self>, root: NonNull<Self>, previous: *mut Self) {
        // SAFETY: alive.
        let this = unsafe { chunk.as_ref() };
        this.root.store(root.as_ptr(), Ordering::Relaxed);
        this.previous.store(previous, Ordering::Relaxed);
        // SAFETY: alive.
        unsafe { root.as_ref() }.newest.store(chunk.as_ptr(), Ordering::Relaxed);
    }

    /// Puts a child on the list, which is in none and whose flag the caller has set; and calls the parent if it is the
    /// first one there.
    ///
    /// Of a parent that registers and then drains: either the drain's swap comes after this push and finds the child, or
    /// before it, and then what registering wrote is seen here.
    #[inline]
    fn push(&self, child: &Child, pointer: NonNull<Child>) {
        let mut top = self.pushed.load(Ordering::Relaxed);
        loop {
            child.set_next(top);
            match self.pushed.compare_exchange_weak(top, pointer.as_ptr(), Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) => break,
                Err(now) => top = now,
            }
        }
        if top.is_null() {
            if let Some(parent) = self.parent.take() {
                parent.wake();
            }
        }
    }

    /// The last one that was pushed; through it, all.
    #[inline]
    pub(super) fn take_pushed(&self) -> *mut Child {
        // Also where nothing is there: a push from here on must see who registered.
        self.pushed.swap(ptr::null_mut(), Ordering::AcqRel)
    }

    /// One count more.
    #[inline]
    pub(super) fn retain(&self) {
        if self.count.fetch_add(1, Ordering::Relaxed) > isize::MAX as usize {
            abort();
        }
    }
}

/// Wakes a child.
///
/// # Safety
///
/// It is alive, to the end of the call.
#[inline]
pub(super) unsafe fn wake(pointer: NonNull<Child>) {
    // SAFETY: alive.
    let child = unsafe { pointer.as_ref() };
    if child.wake() {
        // SAFETY: alive.
        let root = unsafe { root(pointer) };
        // SAFETY: by invariant 1.
        unsafe { root.as_ref() }.push(child, pointer);
    }
}

/// The chunk of a child.
///
/// # Safety
///
/// The child is alive, for `'a`.
#[inline]
unsafe fn chunk<'a>(child: NonNull<Child>) -> &'a Chunk {
    // SAFETY: alive.
    let number = unsafe { child.as_ref() }.number();
    // SAFETY: by invariant 2; the chunk is so far before.
    let chunk = unsafe { child.byte_sub(size_of::<Chunk>() + number * size_of::<Child>()) };
    // SAFETY: a child lives as long as its chunk.
    unsafe { chunk.cast().as_ref() }
}

/// The root of a child's set.
///
/// # Safety
///
/// The child is alive.
#[inline]
pub(super) unsafe fn root(child: NonNull<Child>) -> NonNull<Chunk> {
    // SAFETY: the caller's promise.
    let root = unsafe { chunk(child) }.root.load(Ordering::Relaxed);
    // SAFETY: by invariant 3.
    unsafe { NonNull::new_unchecked(root) }
}

/// The index of a child.
///
/// # Safety
///
/// It is alive.
#[inline]
pub(super) unsafe fn index(child: NonNull<Child>) -> usize {
    // SAFETY: the caller's promise.
    let first = unsafe { chunk(child) }.first;
    // SAFETY: alive.
    first + unsafe { child.as_ref() }.number()
}

/// The child with an index.
///
/// # Safety
///
/// The chunks are the root and the newest of a set, which is alive, and the index is one of that set.
#[inline]
pub(super) unsafe fn child(root: NonNull<Chunk>, newest: NonNull<Chunk>, index: usize) -> NonNull<Child> {
    let (mut chunk, mut first) = (newest, 0);
    // What is known of the root is not read: other threads write beside it.
    while chunk != root {
        // SAFETY: alive, as the whole set.
        let this = unsafe { chunk.as_ref() };
        if index >= this.first {
            first = this.first;
            break;
        }
        // SAFETY: by invariant 3.
        chunk = unsafe { NonNull::new_unchecked(this.previous.load(Ordering::Relaxed)) };
    }
    // SAFETY: by invariant 2; the child is one of these.
    unsafe { chunk.byte_add(size_of::<Chunk>() + (index - first) * size_of::<Child>()) }.cast()
}

/// Memory for a chunk with so many children behind it.
#[cfg(feature = "alloc")]
fn layout(len: usize) -> Option<Layout> {
    Some(Layout::new::<Chunk>().extend(Layout::array::<Child>(len).ok()?).ok()?.0)
}

/// A chunk of idle children, of no set yet; `None` if there is no memory for it.
#[cfg(feature = "alloc")]
pub(super) fn allocate(count: usize, first: usize, len: usize) -> Option<NonNull<Chunk>> {
    let layout = layout(len)?;
    // SAFETY: a chunk has a size.
    let memory = NonNull::new(unsafe { alloc::alloc::alloc(layout) })?.cast::<Chunk>();
    // SAFETY: allocated for one.
    unsafe { memory.write(Chunk::new(count, first, len)) };
    for number in 0..len {
        // SAFETY: all of them are behind it. (To itself it is a root.)
        let child = unsafe { child(memory, memory, number) };
        // SAFETY: there is memory for it.
        unsafe { child.write(Child::new(number)) };
    }
    Some(memory)
}

/// Gives up a count of a root that was allocated. The last one frees the set's memory.
///
/// # Safety
///
/// The count is the caller's.
#[inline]
pub(super) unsafe fn release(root: NonNull<Chunk>) {
    // SAFETY: alive, since the caller has a count.
    if unsafe { root.as_ref() }.count.fetch_sub(1, Ordering::AcqRel) == 1 {
        #[cfg(feature = "alloc")]
        // SAFETY: nobody has another count.
        unsafe {
            free(root);
        }
    }
}

/// Frees all chunks of a set, its root last.
///
/// # Safety
///
/// They were allocated, and nobody else uses them.
#[cfg(feature = "alloc")]
#[cold]
unsafe fn free(root: NonNull<Chunk>) {
    // SAFETY: alive. Who added the newest one gave up a count before this.
    let mut newest = unsafe { root.as_ref() }.newest.load(Ordering::Relaxed);
    while let Some(chunk) = NonNull::new(newest) {
        // SAFETY: alive.
        let this = unsafe { chunk.as_ref() };
        let len = this.len;
        newest = this.previous.load(Ordering::Relaxed);
        if cfg!(loom) {
            // Loom's atomics have an end, and say then whether anybody may still use them.
            for number in 0..len {
                // SAFETY: one of these, as where they were made.
                let child = unsafe { child(chunk, chunk, number) };
                // SAFETY: nobody uses it again.
                unsafe { child.drop_in_place() };
            }
            // SAFETY: as above.
            unsafe { chunk.drop_in_place() };
        }
        let layout = layout(len);
        // SAFETY: it was allocated with one.
        let layout = unsafe { layout.unwrap_unchecked() };
        // SAFETY: with this one; nobody uses it again.
        unsafe { alloc::alloc::dealloc(chunk.as_ptr().cast(), layout) };
    }
}
