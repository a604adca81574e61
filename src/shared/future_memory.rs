//! Memory for a future that has no name.

use core::fmt;
use core::mem::MaybeUninit;

use super::task_memory::{Aligned, Alignment, MakesFuture};

/// In place of the future's type in a [`StaticTask`](crate::StaticTask): room for one of up to `SIZE` bytes and `ALIGN`
/// alignment. [`static_task!`](crate::static_task) computes the two; a future that does not fit does not compile.
pub struct FutureMemory<const SIZE: usize, const ALIGN: usize>
where
    Aligned<ALIGN>: Alignment,
{
    _bytes: [MaybeUninit<u8>; SIZE],
    _aligned: <Aligned<ALIGN> as Alignment>::Type,
}

impl<const SIZE: usize, const ALIGN: usize> fmt::Debug for FutureMemory<SIZE, ALIGN>
where
    Aligned<ALIGN>: Alignment,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FutureMemory").field("size", &SIZE).finish_non_exhaustive()
    }
}

/// The size of what `function` makes.
pub const fn future_size<A, F: MakesFuture<A> + Copy>(_function: F) -> usize {
    size_of::<F::Future>()
}

/// The alignment of what `function` makes.
pub const fn future_align<A, F: MakesFuture<A> + Copy>(_function: F) -> usize {
    align_of::<F::Future>()
}
