//! Places for futures that have no name.

use core::future::Future;
use core::mem::MaybeUninit;

/// In place of a type that has no name: room of `SIZE` bytes at `ALIGN` alignment. [`static_task!`](crate::static_task) and
/// [`task_slot!`](crate::task_slot) compute the two; a future that does not fit does not compile.
#[allow(missing_debug_implementations, reason = "there are no values of it")]
pub struct FutureMemory<const SIZE: usize, const ALIGN: usize>
where
    Aligned<ALIGN>: Alignment,
{
    _bytes: [MaybeUninit<u8>; SIZE],
    _aligned: <Aligned<ALIGN> as Alignment>::Type,
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

/// The size of what `function` makes.
pub const fn future_size<A, F: MakesFuture<A> + Copy>(_function: F) -> usize {
    size_of::<F::Future>()
}

/// The alignment of what `function` makes.
pub const fn future_align<A, F: MakesFuture<A> + Copy>(_function: F) -> usize {
    align_of::<F::Future>()
}

/// Declares places for the tasks of an `async fn`, whose future has no name, one `static` each:
/// `static NAME: function(Argument, …) in Header = header;`, or `[function(Argument, …); 4]` for an array of places.
///
/// It is a [`StaticTask`](crate::StaticTask), or an array of them, each with its own value of the header's expression, which is a
/// constant. Behind the header's type may stand `, AtHome`. `function` is as for [`task_slot!`](crate::task_slot).
///
/// # Examples
///
/// ```
/// use std::sync::mpsc::Sender;
/// use waker_tables::{AtHome, Home, LocalRunnable, Runnable, Schedule, StaticTask, static_task};
///
/// struct Drops; // the runnable, and so cancels the task
/// impl Schedule for Drops {
///     fn schedule(&self, _runnable: Runnable<Self>) {}
/// }
/// impl Schedule<AtHome> for Drops {
///     fn schedule(&self, _runnable: LocalRunnable<Self>) {}
/// }
///
/// struct Led(u8);
/// async fn blink(led: Led) {
///     assert_eq!(led.0, 13);
/// }
///
/// static_task!(static BLINK: blink(Led) in Drops = Drops);
/// static_task!(static LOCAL: [blink(Led); 2] in Drops, AtHome = Drops);
///
/// BLINK.claim().unwrap().spawn(|| blink(Led(13))).run();
///
/// let home = Home::new();
/// let claim = LOCAL.iter().find_map(StaticTask::claim).unwrap();
/// let runnable = claim.spawn_at(&home, || blink(Led(13)));
/// assert!(home.run(runnable).is_ok());
/// ```
///
/// A future that does not fit does not compile:
///
/// ```compile_fail,E0080
/// # use waker_tables::{Runnable, Schedule, static_task};
/// # struct Drops;
/// # impl Schedule for Drops { fn schedule(&self, _: Runnable<Self>) {} }
/// async fn blink() {}
/// async fn more(_: [u8; 99]) {}
/// static_task!(static BLINK: blink() in Drops = Drops);
/// BLINK.claim().unwrap().spawn(|| more([0; 99]));
/// ```
#[macro_export]
macro_rules! static_task {
    ($(#[$attribute:meta])* $visibility:vis static $name:ident:
        [$($function:ident)::+ ($($argument:ty),* $(,)?); $number:expr]
        in $header:ty $(, $kind:ty)? = $value:expr $(;)?) => {
        $(#[$attribute])*
        $visibility static $name: [
            $crate::static_task!(@type ($($function)::+) ($($argument,)*) $header $(, $kind)?); $number
        ] = [const { $crate::__private::StaticTask::new($value) }; $number];
    };
    ($(#[$attribute:meta])* $visibility:vis static $name:ident:
        $($function:ident)::+ ($($argument:ty),* $(,)?)
        in $header:ty $(, $kind:ty)? = $value:expr $(;)?) => {
        $(#[$attribute])*
        $visibility static $name: $crate::static_task!(@type ($($function)::+) ($($argument,)*) $header $(, $kind)?) =
            $crate::__private::StaticTask::new($value);
    };
    (@type ($function:expr) $arguments:tt $header:ty $(, $kind:ty)?) => {
        $crate::__private::StaticTask<
            $header,
            $crate::__private::FutureMemory<
                { $crate::__private::future_size::<$arguments, _>($function) },
                { $crate::__private::future_align::<$arguments, _>($function) },
            >
            $(, $kind)?
        >
    };
}
