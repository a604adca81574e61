//! The exported macros. None of them emits `unsafe`; every path goes through `$crate::__private`.

/// Declares tables for wakers, one `static` each: `static NAME: POINTER => function;`.
///
/// `POINTER` is `Arc<T>`, `&'static T`, an own [`WakerPointer`](crate::WakerPointer), or `usize` for an id. The
/// function is a path to a safe function or method, or a closure that captures nothing; it returns `()` and takes one
/// of three things:
///
/// | it takes | `wake` | `wake_by_ref` |
/// |---|---|---|
/// | the pointer | hands over the waker's count | clones the pointer: for an `Arc`, two locked instructions |
/// | a reference to the pointer | calls, then gives up the count | calls: no refcount |
/// | a reference to the target, if the pointer counts (`Arc`) | calls, then gives up the count | calls: no refcount |
///
/// `T: Send + Sync + 'static` is enough: `T` need not implement [`Wake`](core::task). Attributes and visibility
/// go before `static`. Several tables for one type are fine, in one invocation or in many. A static cannot be generic:
/// for a `T` that only the caller knows there is [`best_effort`](crate::WakerVTable::best_effort).
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicUsize, Ordering};
/// use waker_tables::waker_vtable;
///
/// struct Job {
///     wakes: AtomicUsize,
/// }
///
/// impl Job {
///     fn on_wake(&self) {
///         self.wakes.fetch_add(1, Ordering::Relaxed);
///     }
/// }
///
/// waker_vtable! {
///     /// Wakers of jobs.
///     static JOB: Arc<Job> => Job::on_wake;
/// }
///
/// let job = Arc::new(Job { wakes: AtomicUsize::new(0) });
/// let waker = JOB.waker(job.clone());
/// waker.wake_by_ref();
/// assert_eq!(JOB.get(&waker).unwrap().wakes.load(Ordering::Relaxed), 1);
/// ```
///
/// A function that fits no shape is refused:
///
/// ```compile_fail,E0277
/// fn add(id: usize) -> usize { id + 1 }
/// waker_tables::waker_vtable! { static T: usize => add; }
/// ```
#[macro_export]
macro_rules! waker_vtable {
    ($($(#[$attribute:meta])* $visibility:vis static $name:ident: $pointer:ty => $function:expr;)+) => {$(
        $(#[$attribute])*
        $visibility static $name: $crate::__private::WakerVTable<$pointer> =
            $crate::__private::declare::<$pointer, _, _, _>(&$name, || &$name, $function);
    )+};
}

/// Implements `std::task::Wake` for `T` by calling one of its methods, and so
/// [`UnsafeWakeable`](crate::UnsafeWakeable).
///
/// `method` is safe, returns `()`, and takes `self: Arc<Self>`, `self: &Arc<Self>` or `&self`; with the last two
/// `wake_by_ref` takes no refcount. It belongs to `T` itself or to a trait in scope. A method named `wake` or
/// `wake_by_ref` must be `T`'s own: the trait method of that name would call itself, and is refused. Not on targets
/// without compare-and-swap, which have no `Arc`.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use std::task::Waker;
/// use waker_tables::derive_arc_unsafe_wakeable;
///
/// struct Job;
///
/// impl Job {
///     fn on_wake(self: Arc<Self>) { /* push into a run queue */ }
/// }
///
/// derive_arc_unsafe_wakeable!(Job, on_wake);
///
/// Waker::from(Arc::new(Job)).wake();
/// ```
///
/// ```compile_fail,E0034
/// use std::{sync::Arc, task::Wake};
/// struct Job;
/// waker_tables::derive_arc_unsafe_wakeable!(Job, wake);
/// ```
#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
#[macro_export]
macro_rules! derive_arc_unsafe_wakeable {
    ($target:ty, $method:ident) => {
        const _: () = {
            #[inline]
            fn wake(woken: $crate::__private::Woken<'_, $crate::__private::Arc<$target>>) {
                // Together they make the wrong method ambiguous.
                use $crate::__private::{NotAMethod as _, Wake as _};
                $crate::__private::wake::<$crate::__private::Arc<$target>, _, _, _>(woken, <$target>::$method)
            }

            impl $crate::__private::Wake for $target {
                #[inline]
                fn wake(self: $crate::__private::Arc<Self>) {
                    wake($crate::__private::Woken::Owned(self))
                }

                #[inline]
                fn wake_by_ref(self: &$crate::__private::Arc<Self>) {
                    wake($crate::__private::Woken::Borrowed(self))
                }
            }
        };
    };
}

/// Declares `pub static NAME: WakerVTable<Arc<T>>` over the four functions of `T`'s
/// [`UnsafeWakeable`](crate::UnsafeWakeable).
///
/// Costs: what `T`'s functions cost. For a type with `std::task::Wake` that is the shape table of
/// [`waker_vtable!`](crate::waker_vtable), if it overrides `wake_by_ref`, as
/// [`derive_arc_unsafe_wakeable!`](crate::derive_arc_unsafe_wakeable) does. Not on targets without compare-and-swap,
/// which have no `Arc`.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use std::task::Wake;
/// use waker_tables::{declare_raw_waker_vtable, waker_from_arc};
///
/// struct Job;
///
/// impl Wake for Job {
///     fn wake(self: Arc<Self>) {}
/// }
///
/// declare_raw_waker_vtable!(Job, JOB);
///
/// waker_from_arc(Arc::new(Job), &JOB).wake();
/// ```
#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
#[macro_export]
macro_rules! declare_raw_waker_vtable {
    ($target:ty, $name:ident) => {
        #[doc = $crate::__private::concat!("The table of wakers over `Arc<", $crate::__private::stringify!($target), ">`.")]
        pub static $name: $crate::__private::WakerVTable<$crate::__private::Arc<$target>> =
            $crate::__private::declare_wakeable::<$target>(&$name, || &$name);
    };
}

/// Declares `pub static NAME: TaskVTable` for a type with [`UnsafeWakeableTask`](crate::UnsafeWakeableTask).
///
/// For a type with the safe [`WakeableTask`](crate::WakeableTask) no macro is needed:
/// `static NAME: TaskVTable = TaskVTable::of::<T>();`.
///
/// # Examples
///
/// ```
/// use std::task::Poll;
/// use waker_tables::{UnsafeWakeableTask, derive_unsafe_wakeable_vtable};
///
/// struct Tick(u32);
///
/// // SAFETY: three plain functions, good in any order and number.
/// unsafe impl UnsafeWakeableTask for Tick {
///     unsafe fn poll(&mut self) -> Poll<()> {
///         self.0 += 1;
///         Poll::Ready(())
///     }
///     unsafe fn wake(&self) {}
///     unsafe fn drop_in_place(&mut self) {}
/// }
///
/// derive_unsafe_wakeable_vtable!(Tick, TICK);
/// assert!(TICK.is::<Tick>());
/// ```
#[macro_export]
macro_rules! derive_unsafe_wakeable_vtable {
    ($target:ty, $name:ident) => {
        #[doc = $crate::__private::concat!("The table of `", $crate::__private::stringify!($target), "` tasks.")]
        pub static $name: $crate::__private::TaskVTable = $crate::__private::TaskVTable::of_unsafe::<$target>();
    };
}

/// Declares memory for the task of an `async fn`, one `static` each: `static NAME: function(Argument, …);`, or for several at
/// a time: `static NAME: [function(Argument, …); 4];`.
///
/// The type of the future has no name; its size and alignment have, and the static is a
/// [`TaskMemory`](crate::TaskMemory) of those, or an array of such. `function` is a path to a safe function
/// that is not generic, of at most eight parameters, named by their types; its own body cannot name the slot directly. The
/// header data is at most one word, or else its type stands behind `in`.
///
/// Costs: the task's size, a joiner's two words, and a word for the flag, in memory that is zeroed at the start.
///
/// # Examples
///
/// ```
/// use waker_tables::{Anywhere, Linked, Queue, Ran, Runnable, Schedule, Task, TaskMemory, task_slot};
///
/// struct InQueue;
///
/// static QUEUE: Queue<InQueue> = Queue::new();
///
/// impl Schedule<Anywhere, Linked<Self>> for InQueue {
///     fn schedule(&self, runnable: Runnable<Linked<Self>>) {
///         let _ = QUEUE.push(runnable);
///     }
/// }
///
/// struct Led(u8);
/// async fn blink(led: Led) {
///     assert_eq!(led.0, 13);
/// }
///
/// task_slot!(static BLINK: blink(Led));
/// task_slot!(static WIDE: blink(Led) in [usize; 4]);
/// task_slot!(static POOL: [blink(Led); 4]);
///
/// let claim = BLINK.claim().expect("nobody uses it yet");
/// Task::init(Linked::new(InQueue), || blink(Led(13))).detached().spawn_in(claim).schedule();
/// let claim = POOL.iter().find_map(TaskMemory::claim).expect("four are free");
/// Task::init(Linked::new(InQueue), || blink(Led(13))).detached().spawn_in(claim).schedule();
/// let mut taker = QUEUE.taker().expect("nobody else takes");
/// assert!(taker.all(|runnable| runnable.run() == Ran::Complete));
/// ```
///
/// A task that does not fit its slot does not compile; the error says both sizes:
///
/// ```compile_fail,E0080
/// # use waker_tables::{Runnable, Schedule, Task, task_slot};
/// # struct Wide([usize; 9]);
/// # impl Schedule for Wide { fn schedule(&self, _: Runnable<Self>) {} }
/// async fn blink() {}
/// task_slot!(static BLINK: blink());
/// Task::new(blink(), Wide([0; 9])).spawn_in(BLINK.claim().unwrap());
/// ```
#[cfg(all(feature = "shared", any(target_has_atomic = "ptr", feature = "portable-atomic")))]
#[macro_export]
macro_rules! task_slot {
    ($(#[$attribute:meta])* $visibility:vis static $name:ident:
        [$($function:ident)::+ ($($argument:ty),* $(,)?) $(in $header:ty)?; $number:expr] $(;)?) => {
        $(#[$attribute])*
        $visibility static $name: [$crate::task_slot!(@type ($($function)::+) ($($argument,)*) $($header)?); $number] =
            [const { $crate::__private::TaskMemory::new() }; $number];
    };
    ($(#[$attribute:meta])* $visibility:vis static $name:ident:
        $($function:ident)::+ ($($argument:ty),* $(,)?) $(in $header:ty)? $(;)?) => {
        $(#[$attribute])*
        $visibility static $name: $crate::task_slot!(@type ($($function)::+) ($($argument,)*) $($header)?) =
            $crate::__private::TaskMemory::new();
    };
    (@type $function:tt $arguments:tt) => {
        $crate::task_slot!(@type $function $arguments $crate::__private::Word)
    };
    (@type ($function:expr) $arguments:tt $header:ty) => {
        $crate::__private::TaskMemory<
            { $crate::__private::task_size::<$header, $arguments, _>($function) },
            { $crate::__private::task_align::<$header, $arguments, _>($function) },
        >
    };
}

/// A macro whose feature is off says so.
#[allow(unused_macros, reason = "all features may be on")]
macro_rules! without {
    ($dollar:tt $($name:ident needs $what:literal;)+) => {$(
        #[doc(hidden)]
        #[macro_export]
        macro_rules! $name {
            ($dollar($dollar ignored:tt)*) => {
                $dollar crate::__private::compile_error! {
                    concat!("`", stringify!($name), "!` needs ", $what, " of `waker_tables`")
                }
            };
        }
    )+};
}
#[cfg(not(all(feature = "alloc", target_has_atomic = "ptr")))]
without! { $
    derive_arc_unsafe_wakeable needs "compare-and-swap and the feature `alloc`";
    declare_raw_waker_vtable needs "compare-and-swap and the feature `alloc`";
}
#[cfg(not(all(feature = "shared", any(target_has_atomic = "ptr", feature = "portable-atomic"))))]
without! { $
    task_slot needs "the feature `shared`, and without compare-and-swap `portable-atomic`,";
    static_task needs "the feature `shared`, and without compare-and-swap `portable-atomic`,";
}

/// Every macro expanded inside the crate, where the lints see what it emits.
#[cfg(all(test, feature = "std"))]
#[allow(
    private_interfaces,
    unreachable_pub,
    unused_imports,
    reason = "what a foreign crate's macro may do: `pub` statics of private types, an import against a wrong method"
)]
mod tests {
    use alloc::sync::Arc;
    use core::task::Poll;

    #[cfg(feature = "shared")]
    use crate::shared::TaskMemory;
    use crate::task::UnsafeWakeableTask;

    struct Job;

    impl Job {
        fn on_wake(self: &Arc<Self>) {
            assert!(Arc::strong_count(self) > 0, "the waker holds one");
        }
    }

    // SAFETY: nothing is done.
    unsafe impl UnsafeWakeableTask for Job {
        unsafe fn poll(&mut self) -> Poll<()> {
            Poll::Ready(())
        }
        unsafe fn wake(&self) {}
        unsafe fn drop_in_place(&mut self) {}
    }

    crate::derive_arc_unsafe_wakeable!(Job, on_wake);
    crate::declare_raw_waker_vtable!(Job, DECLARED);
    crate::derive_unsafe_wakeable_vtable!(Job, TASK);
    crate::waker_vtable! { static JOB: Arc<Job> => Job::on_wake; }
    #[cfg(feature = "shared")]
    crate::task_slot!(static SLOT: body(u8));
    #[cfg(feature = "shared")]
    crate::task_slot!(static POOL: [body(u8) in [usize; 2]; 2]);
    #[cfg(feature = "shared")]
    crate::static_task!(static PLACES: [body(u8); 2] in u8 = 7);

    #[cfg(feature = "shared")]
    async fn body(_: u8) {}

    #[test]
    fn every_macro_makes_what_it_says() {
        JOB.waker(Arc::new(Job)).wake();
        DECLARED.waker(Arc::new(Job)).wake();
        assert!(TASK.is::<Job>());
        #[cfg(feature = "shared")]
        assert!(SLOT.is_free() && POOL.iter().all(TaskMemory::is_free));
        #[cfg(feature = "shared")]
        assert!(PLACES.iter().all(|place| place.is_free() && *place.header() == 7));
    }
}
