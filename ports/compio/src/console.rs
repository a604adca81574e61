//! What a console is told of tasks, with the feature `console`; else nothing.

use std::future::Future;
#[cfg(feature = "console")]
use std::panic::Location;

/// What a console is told of a task: where it is spawned, and its name.
#[derive(Debug, Clone, Copy)]
pub struct SpawnMeta {
    #[cfg(feature = "console")]
    told: Option<(&'static Location<'static>, Option<&'static str>)>,
}

impl SpawnMeta {
    /// The caller's place in the source.
    #[inline]
    #[cfg_attr(feature = "console", track_caller)]
    pub fn capture() -> Self {
        Self {
            #[cfg(feature = "console")]
            told: Some((Location::caller(), None)),
        }
    }

    /// The same with a name.
    #[inline]
    #[must_use]
    #[cfg(feature = "console")]
    pub fn named(self, name: &'static str) -> Self {
        Self { told: self.told.map(|(place, _)| (place, Some(name))) }
    }

    /// The same with a name.
    #[inline]
    #[must_use]
    #[cfg(not(feature = "console"))]
    pub fn named(self, _name: &'static str) -> Self {
        self
    }

    /// What is told to nobody.
    #[inline]
    pub fn untracked() -> Self {
        Self {
            #[cfg(feature = "console")]
            told: None,
        }
    }
}

#[cfg(not(feature = "console"))]
mod told {
    use super::{Future, SpawnMeta};

    /// A function that is to block.
    #[doc(hidden)]
    pub fn instrument_blocking<T, F: FnOnce() -> T>(_meta: SpawnMeta, job: F) -> impl FnOnce() -> T {
        job
    }

    /// A future that is blocked on.
    #[doc(hidden)]
    pub fn instrument_block_on<F: Future>(_meta: SpawnMeta, future: F) -> impl Future<Output = F::Output> {
        future
    }
}

#[cfg(feature = "console")]
mod told {
    use std::future::poll_fn;
    use std::pin::pin;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    use tracing::{Span, trace_span};

    use super::{Future, SpawnMeta};

    static NUMBER: AtomicUsize = AtomicUsize::new(1);

    impl SpawnMeta {
        /// The span of what is `size` bytes large. It says on which thread that was made, since each has its executor.
        pub(crate) fn span(self, kind: &'static str, size: usize) -> Span {
            let Some((place, name)) = self.told else { return Span::none() };
            let thread = thread::current();
            let label = thread.name().map_or_else(|| format!("{:?}", thread.id()), str::to_owned);
            trace_span!(
                target: "compio::task",
                parent: None,
                "runtime.spawn",
                kind,
                task.id = NUMBER.fetch_add(1, Ordering::Relaxed),
                task.name = name,
                size.bytes = size,
                thread = label,
                loc.file = place.file(), loc.line = place.line(), loc.col = place.column(),
            )
        }
    }

    /// A function that is to block.
    #[doc(hidden)]
    pub fn instrument_blocking<T, F: FnOnce() -> T>(meta: SpawnMeta, job: F) -> impl FnOnce() -> T {
        let span = meta.span("blocking", size_of::<F>());
        move || span.in_scope(job)
    }

    /// A future that is blocked on. Its wakers are those of whoever blocks, who tells nothing of them.
    #[doc(hidden)]
    pub fn instrument_block_on<F: Future>(meta: SpawnMeta, future: F) -> impl Future<Output = F::Output> {
        let span = meta.span("block_on", size_of::<F>());
        async move {
            let mut future = pin!(future);
            poll_fn(|context| span.in_scope(|| future.as_mut().poll(context))).await
        }
    }
}

pub use told::{instrument_block_on, instrument_blocking};

/// A future that another runtime polls.
#[doc(hidden)]
pub fn instrument_execute<F: Future>(meta: SpawnMeta, future: F) -> impl Future<Output = F::Output> {
    instrument_block_on(meta, future)
}
