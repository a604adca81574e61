//! Futures without a type, behind three words.
//!
//! None of this is on the crate's tables: those poll without a context, have no output, and own what is `'static`.

use core::fmt;
use core::future::Future;
use core::marker::PhantomData;
use core::pin::Pin;
use core::task::{Context, Poll};

#[cfg(feature = "alloc")]
use alloc::boxed::Box;

type Object<'a, T> = dyn Future<Output = T> + 'a;

/// A pointer to a future that may become a [`LocalFutureObj`].
///
/// # Safety
///
/// The pointer that `into_raw` gives is good for pinned polls until `drop` has it, for `'a`, and the future is not moved
/// meanwhile.
pub unsafe trait UnsafeFutureObj<'a, T>: 'a {
    /// Gives up ownership.
    fn into_raw(self) -> *mut (dyn Future<Output = T> + 'a);

    /// Drops what `into_raw` gave.
    ///
    /// # Safety
    ///
    /// `ptr` came from `into_raw` of this type, and is not used again.
    unsafe fn drop(ptr: *mut (dyn Future<Output = T> + 'a));
}

/// A future without a type, to be polled on this thread.
pub struct LocalFutureObj<'a, T> {
    /// Its lifetime is `'a`, whatever is written here; so the type is covariant in that.
    future: *mut Object<'static, T>,
    drop: unsafe fn(*mut Object<'static, T>),
    life: PhantomData<&'a ()>,
}

/// [`UnsafeFutureObj::drop`].
///
/// # Safety
///
/// As said there.
unsafe fn drop_as<'a, T, F: UnsafeFutureObj<'a, T>>(future: *mut Object<'static, T>) {
    // SAFETY: the caller's promise.
    unsafe { F::drop(future) }
}

impl<T> Unpin for LocalFutureObj<'_, T> {}

impl<'a, T> LocalFutureObj<'a, T> {
    /// Takes a pointer to a future.
    #[inline]
    pub fn new<F: UnsafeFutureObj<'a, T> + 'a>(future: F) -> Self {
        let future: *mut Object<'a, T> = future.into_raw();
        #[expect(clippy::transmute_ptr_to_ptr, reason = "a cast would not say that a lifetime grows")]
        // SAFETY: the two types differ in a lifetime alone, and the object remembers the true one.
        let future = unsafe { core::mem::transmute::<*mut Object<'a, T>, *mut Object<'static, T>>(future) };
        Self { future, drop: drop_as::<T, F>, life: PhantomData }
    }

    /// The same, for any thread.
    ///
    /// # Safety
    ///
    /// The future is `Send`.
    #[inline]
    pub unsafe fn into_future_obj(self) -> FutureObj<'a, T> {
        FutureObj(self)
    }
}

impl<T> Future for LocalFutureObj<'_, T> {
    type Output = T;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        // SAFETY: the pointer is good for that, and `&mut self` makes it the only one.
        let future = unsafe { &mut *self.future };
        // SAFETY: the pointer is for pinned polls.
        unsafe { Pin::new_unchecked(future) }.poll(context)
    }
}

impl<T> Drop for LocalFutureObj<'_, T> {
    fn drop(&mut self) {
        // SAFETY: the function is that of the type whose `into_raw` gave the pointer, which is not used again.
        unsafe { (self.drop)(self.future) }
    }
}

impl<T> fmt::Debug for LocalFutureObj<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalFutureObj").finish_non_exhaustive()
    }
}

impl<'a, T> From<FutureObj<'a, T>> for LocalFutureObj<'a, T> {
    #[inline]
    fn from(object: FutureObj<'a, T>) -> Self {
        object.0
    }
}

/// A future without a type, to be polled on any thread.
pub struct FutureObj<'a, T>(LocalFutureObj<'a, T>);

impl<T> Unpin for FutureObj<'_, T> {}
// SAFETY: `new` asks for a pointer that is `Send`, and `into_future_obj` has the caller's word.
unsafe impl<T> Send for FutureObj<'_, T> {}

impl<'a, T> FutureObj<'a, T> {
    /// Takes a pointer to a future.
    #[inline]
    pub fn new<F: UnsafeFutureObj<'a, T> + Send>(future: F) -> Self {
        Self(LocalFutureObj::new(future))
    }
}

impl<T> Future for FutureObj<'_, T> {
    type Output = T;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        Pin::new(&mut self.0).poll(context)
    }
}

impl<T> fmt::Debug for FutureObj<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FutureObj").finish_non_exhaustive()
    }
}

// SAFETY: the future may be moved, and is borrowed for `'a`.
unsafe impl<'a, T, F: Future<Output = T> + Unpin + 'a> UnsafeFutureObj<'a, T> for &'a mut F {
    fn into_raw(self) -> *mut (dyn Future<Output = T> + 'a) {
        self
    }

    unsafe fn drop(_ptr: *mut (dyn Future<Output = T> + 'a)) {}
}

// SAFETY: as above.
unsafe impl<'a, T> UnsafeFutureObj<'a, T> for &'a mut (dyn Future<Output = T> + Unpin + 'a) {
    fn into_raw(self) -> *mut (dyn Future<Output = T> + 'a) {
        self
    }

    unsafe fn drop(_ptr: *mut (dyn Future<Output = T> + 'a)) {}
}

// SAFETY: the future is pinned, and borrowed for `'a`.
unsafe impl<'a, T, F: Future<Output = T> + 'a> UnsafeFutureObj<'a, T> for Pin<&'a mut F> {
    fn into_raw(self) -> *mut (dyn Future<Output = T> + 'a) {
        // SAFETY: it is not moved: the pointer is used for pinned polls alone.
        unsafe { self.get_unchecked_mut() }
    }

    unsafe fn drop(_ptr: *mut (dyn Future<Output = T> + 'a)) {}
}

// SAFETY: as above.
unsafe impl<'a, T> UnsafeFutureObj<'a, T> for Pin<&'a mut (dyn Future<Output = T> + 'a)> {
    fn into_raw(self) -> *mut (dyn Future<Output = T> + 'a) {
        // SAFETY: it is not moved: the pointer is used for pinned polls alone.
        unsafe { self.get_unchecked_mut() }
    }

    unsafe fn drop(_ptr: *mut (dyn Future<Output = T> + 'a)) {}
}

/// Boxes, pinned or not: of a type `F`, and of the two kinds of objects.
#[cfg(feature = "alloc")]
macro_rules! boxes {
    ($([$($generics:tt)*] $future:ty $(, $cast:ident as $sized:ty)?);* $(;)?) => {$(
        // SAFETY: the box is the future's only owner, and does not move it; it is dropped by its own type.
        unsafe impl<'a, T: 'a, $($generics)*> UnsafeFutureObj<'a, T> for Box<$future> {
            fn into_raw(self) -> *mut (dyn Future<Output = T> + 'a) {
                Box::into_raw(self)
            }

            unsafe fn drop(ptr: *mut (dyn Future<Output = T> + 'a)) {
                // SAFETY: the pointer came from `into_raw` above, whose type this is, or with one auto trait more.
                drop(unsafe { Box::from_raw(ptr$(.$cast::<$sized>())?) });
            }
        }

        // SAFETY: as above.
        unsafe impl<'a, T: 'a, $($generics)*> UnsafeFutureObj<'a, T> for Pin<Box<$future>> {
            fn into_raw(self) -> *mut (dyn Future<Output = T> + 'a) {
                // SAFETY: it is not moved: the pointer is used for pinned polls alone.
                Box::into_raw(unsafe { Pin::into_inner_unchecked(self) })
            }

            unsafe fn drop(ptr: *mut (dyn Future<Output = T> + 'a)) {
                // SAFETY: the pointer came from `into_raw` above, whose type this is, or with one auto trait more.
                drop(unsafe { Box::from_raw(ptr$(.$cast::<$sized>())?) });
            }
        }
    )*};
}

#[cfg(feature = "alloc")]
boxes!(
    [F: Future<Output = T> + 'a] F, cast as F;
    [] dyn Future<Output = T> + 'a;
    [] dyn Future<Output = T> + Send + 'a;
);

/// What becomes an object by `into`.
#[cfg(feature = "alloc")]
macro_rules! into {
    ($($object:ident: [$($generics:tt)*] $future:ty),* $(,)?) => {$(
        impl<'a, $($generics)*> From<Box<$future>> for $object<'a, ()> {
            fn from(future: Box<$future>) -> Self {
                Self::new(future)
            }
        }

        impl<'a, $($generics)*> From<Pin<Box<$future>>> for $object<'a, ()> {
            fn from(future: Pin<Box<$future>>) -> Self {
                Self::new(future)
            }
        }
    )*};
}

#[cfg(feature = "alloc")]
into!(
    FutureObj: [F: Future<Output = ()> + Send + 'a] F,
    FutureObj: [] dyn Future<Output = ()> + Send + 'a,
    LocalFutureObj: [F: Future<Output = ()> + 'a] F,
    LocalFutureObj: [] dyn Future<Output = ()> + 'a,
);
