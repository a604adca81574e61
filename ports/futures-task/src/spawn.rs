//! What spawns objects.

use core::error::Error;
use core::fmt;

use crate::{FutureObj, LocalFutureObj};

/// Takes futures that may run on any thread.
pub trait Spawn {
    /// Takes one.
    ///
    /// # Errors
    ///
    /// The executor takes none any more.
    fn spawn_obj(&self, future: FutureObj<'static, ()>) -> Result<(), SpawnError>;

    /// Whether it would take one.
    ///
    /// # Errors
    ///
    /// The executor takes none any more.
    #[inline]
    fn status(&self) -> Result<(), SpawnError> {
        Ok(())
    }
}

/// Takes futures that run on this thread.
pub trait LocalSpawn {
    /// Takes one.
    ///
    /// # Errors
    ///
    /// The executor takes none any more.
    fn spawn_local_obj(&self, future: LocalFutureObj<'static, ()>) -> Result<(), SpawnError>;

    /// Whether it would take one.
    ///
    /// # Errors
    ///
    /// The executor takes none any more.
    #[inline]
    fn status_local(&self) -> Result<(), SpawnError> {
        Ok(())
    }
}

/// The executor has shut down.
pub struct SpawnError(());

impl SpawnError {
    /// The one kind there is.
    pub fn shutdown() -> Self {
        Self(())
    }

    /// Always so.
    pub fn is_shutdown(&self) -> bool {
        true
    }
}

impl fmt::Debug for SpawnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SpawnError(shutdown)")
    }
}

impl fmt::Display for SpawnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the executor has shut down")
    }
}

impl Error for SpawnError {}

/// Both traits through a pointer to one who has them.
macro_rules! through {
    ($($pointer:ty),* $(,)?) => {$(
        impl<S: ?Sized + Spawn> Spawn for $pointer {
            fn spawn_obj(&self, future: FutureObj<'static, ()>) -> Result<(), SpawnError> {
                (**self).spawn_obj(future)
            }

            fn status(&self) -> Result<(), SpawnError> {
                (**self).status()
            }
        }

        impl<S: ?Sized + LocalSpawn> LocalSpawn for $pointer {
            fn spawn_local_obj(&self, future: LocalFutureObj<'static, ()>) -> Result<(), SpawnError> {
                (**self).spawn_local_obj(future)
            }

            fn status_local(&self) -> Result<(), SpawnError> {
                (**self).status_local()
            }
        }
    )*};
}

through!(&S, &mut S);
#[cfg(feature = "alloc")]
through!(alloc::boxed::Box<S>, alloc::rc::Rc<S>);
#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
through!(alloc::sync::Arc<S>);
