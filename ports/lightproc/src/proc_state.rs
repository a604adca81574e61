//! What the callbacks of a process share.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, Mutex};

/// What may be shared.
pub trait State: Send + Sync + AsAny + 'static {}

impl<T: Send + Sync + 'static> State for T {}

impl fmt::Debug for dyn State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("State")
    }
}

/// A shared state of any type.
pub type ProcState = Arc<Mutex<dyn State>>;

/// A way to find out its type.
pub trait AsAny {
    /// The same as [`Any`].
    fn as_any(&mut self) -> &mut dyn Any;
}

impl<T: Any> AsAny for T {
    fn as_any(&mut self) -> &mut dyn Any {
        self
    }
}

/// The state of a process that was given none.
pub type EmptyProcState = Box<EmptyState>;

/// Nothing.
#[derive(Debug)]
pub struct EmptyState;
