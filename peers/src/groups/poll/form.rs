//! The forms that a job can stand in behind one type.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use waker_tables::{OwnedTask, RegisteredTask, VTableKey};

use super::job::{Job, Task};

/// One function for each type, that makes a job of it in a form.
pub(super) type Makers<F> = [fn(u64) -> F; 64];

/// What a list of tasks holds.
pub(super) trait Form: Sized + 'static {
    fn make<const KIND: usize>(seed: u64) -> Self;
    fn poll(&mut self) -> Poll<()>;
}

/// `$with!` with the numbers of all types.
macro_rules! for_all_types {
    ($with:ident) => {
        $with!(
            0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31
            32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63
        )
    };
}

/// The makers of a form.
pub(super) fn makers<F: Form>() -> Makers<F> {
    macro_rules! list {
        ($($kind:literal)*) => { [$(F::make::<$kind>),*] };
    }
    for_all_types!(list)
}

/// Registers all types in the global registries of both versions.
pub(super) fn register() {
    macro_rules! register {
        ($($kind:literal)*) => {$({
            static OLD: waker_tables_04::UnsafeWakeableVTable =
                waker_tables_04::UnsafeWakeableVTable::of::<Job<$kind>>();
            waker_tables_04::GLOBAL_VTABLE_REGISTRY.register(old_key::<$kind>(), &OLD);
            waker_tables::GLOBAL_VTABLE_REGISTRY.register_task::<Job<$kind>>(key::<$kind>());
        })*};
    }
    for_all_types!(register);
}

fn key<const KIND: usize>() -> VTableKey {
    VTableKey::new("poll", "job", u16::try_from(KIND).expect("64 types"))
}

fn old_key<const KIND: usize>() -> waker_tables_04::VTableKey {
    let VTableKey { segment, kind, version } = key::<KIND>();
    waker_tables_04::VTableKey { segment, kind, version }
}

pub(super) struct Own(OwnedTask);

impl Form for Own {
    fn make<const KIND: usize>(seed: u64) -> Self {
        Self(OwnedTask::new(Box::new(Job::<KIND>::new(seed))))
    }

    #[inline]
    fn poll(&mut self) -> Poll<()> {
        self.0.poll()
    }
}

pub(super) struct Registered(RegisteredTask);

impl Form for Registered {
    fn make<const KIND: usize>(seed: u64) -> Self {
        Self(RegisteredTask::new(Box::new(Job::<KIND>::new(seed)), key::<KIND>()))
    }

    #[inline]
    fn poll(&mut self) -> Poll<()> {
        self.0.poll()
    }
}

pub(super) struct Boxed(Box<dyn Task>);

impl Form for Boxed {
    fn make<const KIND: usize>(seed: u64) -> Self {
        Self(Box::new(Job::<KIND>::new(seed)))
    }

    #[inline]
    fn poll(&mut self) -> Poll<()> {
        self.0.poll()
    }
}

pub(super) struct Future(Pin<Box<dyn std::future::Future<Output = ()>>>);

impl Form for Future {
    fn make<const KIND: usize>(seed: u64) -> Self {
        Self(Box::pin(Job::<KIND>::new(seed)))
    }

    #[inline]
    fn poll(&mut self) -> Poll<()> {
        self.0.as_mut().poll(&mut Context::from_waker(Waker::noop()))
    }
}

/// The published version before this one.
pub(super) struct Old(waker_tables_04::RegisteredTask);

impl Form for Old {
    fn make<const KIND: usize>(seed: u64) -> Self {
        Self(waker_tables_04::RegisteredTask::new(Box::new(Job::<KIND>::new(seed)), old_key::<KIND>()))
    }

    #[inline]
    fn poll(&mut self) -> Poll<()> {
        // SAFETY: a job's functions are good in any order and number, and `&mut self` makes the access exclusive.
        unsafe { self.0.poll() }
    }
}
