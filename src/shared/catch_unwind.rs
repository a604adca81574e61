//! A panic as the output of a task.

use alloc::boxed::Box;
use core::any::Any;
use core::future::Future;
use core::mem::ManuallyDrop;
use core::panic::AssertUnwindSafe;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::panic::catch_unwind;

/// A future whose panic is its output, so that whoever joins the task gets the payload and may
/// [resume](std::panic::resume_unwind) it.
///
/// The future that panicked is dropped at once; where its destructor panics too, the first payload is the output. One
/// word more than the larger of the future and its end.
#[derive(Debug)]
pub struct CatchUnwind<F> {
    future: Option<F>,
}

impl<F: Future> CatchUnwind<F> {
    /// Wraps `future`.
    pub const fn new(future: F) -> Self {
        Self { future: Some(future) }
    }
}

impl<F: Future> Future for CatchUnwind<F> {
    type Output = Result<F::Output, Box<dyn Any + Send>>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // SAFETY: the future is not moved: it is polled in place, and dropped in place by `set`.
        let mut future = unsafe { self.map_unchecked_mut(|this| &mut this.future) };
        let polled = catch_unwind(AssertUnwindSafe(|| {
            future.as_mut().as_pin_mut().expect("it is not polled after its end").poll(context)
        }));
        match polled {
            Ok(polled) => polled.map(Ok),
            Err(payload) => {
                // The first payload counts. A second one is dropped, and what that panics with forgotten.
                if let Err(second) = catch_unwind(AssertUnwindSafe(|| future.set(None))) {
                    if let Err(third) = catch_unwind(AssertUnwindSafe(|| drop(second))) {
                        let _ = ManuallyDrop::new(third);
                    }
                }
                Poll::Ready(Err(payload))
            }
        }
    }
}
