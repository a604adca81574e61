//! Memory of one's own for tasks whose futures have no name.

use core::cell::UnsafeCell;
use core::fmt;
use core::future::Future;
use core::mem::MaybeUninit;

use super::joined::Joined;
use super::kind::AtHome;
use super::room::{Claim, sealed};
use super::slot::room_methods;
use super::task::task_layout;
use crate::sync::{AtomicUsize, Ordering};

/// Memory for one task at a time whose header and body, with some words of the crate's, take up to `SIZE` bytes and
/// `ALIGN` alignment, a power of two up to 1024; a [`TaskSlot`](crate::TaskSlot) for futures that have no name.
///
/// Declared by [`task_slot!`](crate::task_slot), which computes the two numbers. Nothing relies on them: a future that
/// does not fit does not compile.
#[repr(C)]
pub struct TaskMemory<const SIZE: usize, const ALIGN: usize>
where
    Aligned<ALIGN>: Alignment,
{
    memory: UnsafeCell<MaybeUninit<[u8; SIZE]>>,
    taken: AtomicUsize,
    aligned: <Aligned<ALIGN> as Alignment>::Type,
}

// SAFETY: it begins with `SIZE` bytes, and is aligned by its last field; the first two fields are cells, and used here
// alone.
unsafe impl<const SIZE: usize, const ALIGN: usize> sealed::Room for TaskMemory<SIZE, ALIGN>
where
    Aligned<ALIGN>: Alignment,
{
    const SIZE: usize = SIZE;
    const ALIGN: usize = ALIGN;

    #[cfg(not(loom))]
    const NEW: Self = Self::new();

    fn taken(&self) -> &AtomicUsize {
        &self.taken
    }
}

// SAFETY: as for `TaskSlot`.
unsafe impl<const SIZE: usize, const ALIGN: usize> Sync for TaskMemory<SIZE, ALIGN> where Aligned<ALIGN>: Alignment {}

impl<const SIZE: usize, const ALIGN: usize> TaskMemory<SIZE, ALIGN>
where
    Aligned<ALIGN>: Alignment,
{
    /// Free memory.
    #[cfg(not(loom))]
    #[must_use]
    pub const fn new() -> Self {
        let (memory, taken) = (UnsafeCell::new(MaybeUninit::uninit()), AtomicUsize::new(0));
        Self { memory, taken, aligned: <Aligned<ALIGN> as Alignment>::VALUE }
    }

    /// Free memory.
    #[cfg(loom)]
    #[must_use]
    pub fn new() -> Self {
        let (memory, taken) = (UnsafeCell::new(MaybeUninit::uninit()), AtomicUsize::new(0));
        Self { memory, taken, aligned: <Aligned<ALIGN> as Alignment>::VALUE }
    }

    room_methods!();
}

impl<const SIZE: usize, const ALIGN: usize> Default for TaskMemory<SIZE, ALIGN>
where
    Aligned<ALIGN>: Alignment,
{
    fn default() -> Self {
        Self::new()
    }
}

impl<const SIZE: usize, const ALIGN: usize> fmt::Debug for TaskMemory<SIZE, ALIGN>
where
    Aligned<ALIGN>: Alignment,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskMemory").field("size", &SIZE).field("free", &self.is_free()).finish_non_exhaustive()
    }
}

/// An alignment as a type.
#[derive(Debug)]
pub struct Aligned<const ALIGN: usize>;

/// The alignments that there are.
pub trait Alignment {
    /// A type without bytes that has it.
    type Type;
    /// That type's value.
    const VALUE: Self::Type;
}

/// The types of the alignments.
pub mod align {
    use super::{Aligned, Alignment};

    macro_rules! alignments {
        ($($name:ident $align:literal,)*) => {$(
            /// A type without bytes of this alignment.
            #[repr(align($align))]
            #[derive(Debug)]
            pub struct $name;

            impl Alignment for Aligned<$align> {
                type Type = $name;
                const VALUE: $name = $name;
            }
        )*};
    }

    alignments!(A1 1, A2 2, A4 4, A8 8, A16 16, A32 32, A64 64, A128 128, A256 256, A512 512, A1024 1024,);
}

/// A function that makes a future: what [`task_slot!`](crate::task_slot) measures.
pub trait MakesFuture<Arguments> {
    /// The future that it makes.
    type Future: Future;
}

macro_rules! makes_future {
    ($($argument:ident)*) => {
        impl<Function, Made: Future, $($argument),*> MakesFuture<($($argument,)*)> for Function
        where
            Function: Fn($($argument),*) -> Made,
        {
            type Future = Made;
        }
    };
}
makes_future!();
makes_future!(A);
makes_future!(A B);
makes_future!(A B C);
makes_future!(A B C D);
makes_future!(A B C D E);
makes_future!(A B C D E G);
makes_future!(A B C D E G I);
makes_future!(A B C D E G I J);

/// Header data of one word, for which [`task_slot!`](crate::task_slot) leaves room if it is not told a type. As a type
/// of the crate, since a user's module may call something else `usize`.
pub type Word = usize;

/// The size of a joined task of what `function` makes, with `H` in its header.
pub const fn task_size<H: 'static, A, F: MakesFuture<A> + Copy>(_function: F) -> usize {
    task_layout::<F::Future, H, AtHome, Joined>().size()
}

/// The alignment of a joined task of what `function` makes, with `H` in its header.
pub const fn task_align<H: 'static, A, F: MakesFuture<A> + Copy>(_function: F) -> usize {
    task_layout::<F::Future, H, AtHome, Joined>().align()
}
