//! From bytes to a task.

use alloc::boxed::Box;
use core::error::Error;

use crate::task::{OwnedTask, WakeableTask};

/// A factory with its types erased: bytes and a context in, an owned task out.
pub(super) type Factory<C> = Box<dyn Fn(&[u8], &C) -> Result<OwnedTask, Box<dyn Error + Send + Sync>> + Send + Sync>;

/// Erases `make`. The task's box, table and type come from the one `T`, so they cannot disagree.
pub(super) fn erase<C, T, E, F>(make: F) -> Factory<C>
where
    F: Fn(&[u8], &C) -> Result<T, E> + Send + Sync + 'static,
    T: WakeableTask + Send + 'static,
    E: Into<Box<dyn Error + Send + Sync>>,
{
    Box::new(move |bytes, context| match make(bytes, context) {
        Ok(task) => Ok(OwnedTask::new(Box::new(task))),
        Err(error) => Err(error.into()),
    })
}
