//! What stands around the future in a task.

#[cfg(feature = "std")]
use alloc::boxed::Box;
use core::future::Future;
#[cfg(feature = "std")]
use core::mem::ManuallyDrop;
use core::pin::Pin;
use core::task::{Context, Poll};
#[cfg(feature = "std")]
use std::thread::{self, ThreadId};

/// What a panic left.
#[cfg(feature = "std")]
pub(crate) type Payload = Box<dyn core::any::Any + Send>;
/// No panic is caught without `std`.
#[cfg(not(feature = "std"))]
pub(crate) type Payload = core::convert::Infallible;

/// Goes on with a panic that was caught.
#[cold]
pub(crate) fn resume(payload: Payload) -> ! {
    #[cfg(feature = "std")]
    std::panic::resume_unwind(payload);
    #[cfg(not(feature = "std"))]
    match payload {}
}

/// A future whose panic is its output, if it `CATCHES`.
pub(crate) struct Body<F, const CATCHES: bool>(pub(crate) F);

impl<F: Future, const CATCHES: bool> Future for Body<F, CATCHES> {
    type Output = Result<F::Output, Payload>;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // SAFETY: the field is pinned as the whole is: it is not moved, and there is no other way to it.
        let future = unsafe { self.map_unchecked_mut(|body| &mut body.0) };
        #[cfg(feature = "std")]
        if CATCHES {
            // After a panic the future is dropped and not looked at.
            let polled = std::panic::catch_unwind(core::panic::AssertUnwindSafe(|| future.poll(context)));
            return match polled {
                Ok(polled) => polled.map(Ok),
                Err(payload) => Poll::Ready(Err(payload)),
            };
        }
        future.poll(context).map(Ok)
    }
}

#[cfg(feature = "std")]
fn this_thread() -> ThreadId {
    std::thread_local! {
        static ID: ThreadId = thread::current().id();
    }
    ID.try_with(|id| *id).unwrap_or_else(|_| thread::current().id())
}

/// A future that refuses other threads than the one where it was made. Dropped elsewhere, it ends the process: whatever else
/// its destructor did, the task would be over with it and its memory free, and what is pinned there may be in use.
#[cfg(feature = "std")]
pub(crate) struct Local<F> {
    home: ThreadId,
    future: ManuallyDrop<F>,
}

#[cfg(feature = "std")]
impl<F> Local<F> {
    pub(crate) fn new(future: F) -> Self {
        Self { home: this_thread(), future: ManuallyDrop::new(future) }
    }
}

#[cfg(feature = "std")]
impl<F: Future> Future for Local<F> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        assert!(self.home == this_thread(), "a local task was run on another thread");
        // SAFETY: the field is pinned as the whole is: it is dropped where it stands.
        unsafe { self.map_unchecked_mut(|local| &mut *local.future) }.poll(context)
    }
}

#[cfg(feature = "std")]
impl<F> Drop for Local<F> {
    #[inline]
    fn drop(&mut self) {
        if self.home != this_thread() {
            std::eprintln!("a local task was dropped on another thread");
            std::process::abort();
        }
        // SAFETY: the field is not used again.
        unsafe { ManuallyDrop::drop(&mut self.future) }
    }
}
