//! Auto traits of every public type, both ways.

use std::cell::Cell;
use std::marker::PhantomData;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;

use waker_tables::*;

/// Whether a type has an auto trait: the inherent constant exists only if it does, and hides the trait's.
struct Has<T: ?Sized>(PhantomData<T>);

macro_rules! probes {
    ($($probe:ident $constant:ident: $bound:path;)+) => {$(
        #[allow(dead_code, reason = "not for a trait that all types have")]
        trait $probe {
            const $constant: bool = false;
        }
        impl<T: ?Sized> $probe for Has<T> {}
        impl<T: ?Sized + $bound> Has<T> {
            const $constant: bool = true;
        }
    )+};
}

probes! {
    NoSend SEND: Send;
    NoSync SYNC: Sync;
    NoUnpin UNPIN: Unpin;
    NoUnwind UNWIND: UnwindSafe;
    NoRefUnwind REF_UNWIND: RefUnwindSafe;
}

/// `[Send, Sync, Unpin, UnwindSafe, RefUnwindSafe]` of a type.
macro_rules! autos {
    ($type:ty) => {
        [<Has<$type>>::SEND, <Has<$type>>::SYNC, <Has<$type>>::UNPIN, <Has<$type>>::UNWIND, <Has<$type>>::REF_UNWIND]
    };
}

const ALL: [bool; 5] = [true; 5];

#[test]
fn waker_types() {
    assert_eq!(autos!(WakerVTable<Arc<Cell2>>), ALL);
    assert_eq!(autos!(WakerVTable<usize>), ALL);
    assert_eq!(autos!(WakerRef<'_>), ALL);
    assert_eq!(autos!(BestEffort<Cell<u8>>), ALL);
    assert_eq!(autos!(Counted), ALL);
    assert_eq!(autos!(Free), ALL);
}

/// `Sync`, and not unwind safe.
struct Cell2(#[expect(dead_code, reason = "for its auto traits")] std::sync::atomic::AtomicU8);

#[test]
fn task_types() {
    let owner = |send| [send, false, true, false, false];
    assert_eq!(autos!(OwnedTask), owner(true));
    assert_eq!(autos!(LocalOwnedTask), owner(false));
    assert_eq!(autos!(UnsafeWakeableVTable), ALL);
    assert_eq!(autos!(TaskVTable), ALL);
    assert_eq!(autos!(UnsafeWakeablePtr), [false, false, true, true, true]);
    assert_eq!(autos!(RawTask), [false, false, true, true, true]);
    assert_eq!(autos!(WakeState), ALL);
    assert_eq!([autos!(Woke), autos!(Start), autos!(Pause), autos!(Completed)], [ALL; 4]);
}

#[cfg(feature = "registry")]
#[test]
fn registry_types() {
    assert_eq!(autos!(RegisteredTask), [true, false, true, false, false]);
    assert_eq!(autos!(VTableRegistry), ALL);
    assert_eq!([autos!(Entry<'_>), autos!(CachedEntry), autos!(StaticTable<1>)], [ALL; 3]);
    assert_eq!(autos!(Family<'_, *const Cell<u8>>), ALL, "as the registry");
    assert_eq!([autos!(LookupError), autos!(UpdateError), autos!(VersionReq), autos!(VersionState)], [ALL; 4]);
    assert_eq!(autos!(VTableRegistry<*const Cell<u8>>), ALL, "a context is only ever borrowed for a call");
    assert_eq!([autos!(VTableKey), autos!(KeyRef<'_>), autos!(Asked)], [ALL; 3]);
    assert_eq!([autos!(ParseKeyError), autos!(NameError), autos!(RegisterError)], [ALL; 3]);
    assert_eq!(autos!(NewTaskError<u8>), ALL);
    assert_eq!(autos!(NewTaskError<*const u8>)[..2], [false, false], "it holds the task");
    assert_eq!(autos!(BuildError), [true, true, true, false, false], "it holds the factory's error");
}
