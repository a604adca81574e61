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

/// Handles say nothing of a header's auto traits, which are asked for where a task is made; a join handle has its
/// output's.
#[cfg(feature = "shared")]
#[test]
fn shared_types() {
    struct Local(#[expect(dead_code, reason = "for its auto traits")] std::rc::Rc<u8>);
    struct Unsync(#[expect(dead_code, reason = "for its auto traits")] Cell<u8>);
    struct Plain;
    type Ready<T> = std::future::Ready<T>;
    impl Schedule for Plain {
        fn schedule(&self, _: Runnable<Self>) {}
    }
    impl Schedule<Anywhere, Linked<Self>> for Plain {
        fn schedule(&self, _: Runnable<Linked<Self>>) {}
    }
    let handle = |[send, sync, unpin, ..]: [bool; 5]| [send, sync, unpin];
    assert_eq!(handle(autos!(Runnable<Plain>)), [true; 3]);
    assert_eq!(handle(autos!(LocalRunnable<Plain>)), [true; 3]);
    assert_eq!(handle(autos!(TaskRef<Plain>)), [true; 3]);
    assert_eq!(handle(autos!(JoinHandle<u8, Plain>)), [true; 3]);
    assert_eq!(handle(autos!(JoinHandle<Unsync, Plain>)), [true; 3], "sent is all that an output is");
    assert_eq!(handle(autos!(JoinHandle<Local, Plain>)), [false, true, true], "shared, it shows no output");
    assert_eq!(handle(autos!(JoinHandle<std::marker::PhantomPinned, Plain>)), [true; 3]);
    assert_eq!(handle(autos!(Run<Plain>)), [true; 3]);
    assert_eq!(handle(autos!(LocalRun<Plain>)), [true; 3]);
    assert_eq!(handle(autos!(Home)), [false, false, true]);
    assert_eq!(handle(autos!(Queue<Plain>)), [true; 3]);
    assert_eq!(handle(autos!(Taker<'_, Plain>)), [true; 3]);
    assert_eq!(handle(autos!(Linked<Plain>)), [true; 3]);
    assert_eq!(handle(autos!(Linked<Local>)), [false, false, true]);
    assert_eq!(handle(autos!(Linked<Unsync>)), [true, false, true]);
    assert!(handle(autos!(TaskSlot<Plain, Ready<u8>>))[1], "it stands in a static");
    assert!(handle(autos!(TaskMemory<64, 8>))[1], "it stands in a static");
    assert_eq!(handle(autos!(TaskSlot<Plain, Ready<Local>>)), [false, true, true], "what is there stays at home");
    assert_eq!(handle(autos!(Claim<shared::Named<Plain, Ready<Local>>>)), [true; 3]);
    assert_eq!(handle(autos!(Claim<shared::FutureMemory<64, 8>>)), [true; 3]);
    assert_eq!(handle(autos!(Queue<Plain, AtHome>)), [true; 3]);
    assert_eq!(handle(autos!(Taker<'_, Plain, AtHome>)), [true; 3]);
    assert_eq!(handle(autos!(Batch<'_, Plain>)), [true; 3]);
    assert_eq!(handle(autos!(TaskList<Local>)), [true; 3], "its tasks' data is asked for where they are made");
    assert_eq!(
        handle(autos!(StaticTask<Plain, Ready<Local>>)),
        [false, true, true],
        "what is there may stay at home"
    );
    assert_eq!(handle(autos!(StaticTask<Plain, Ready<Local>, AtHome>)), [false, true, true]);
    assert!(!handle(autos!(StaticTask<Unsync, Ready<u8>>))[1], "its header is reached from everywhere");
    assert_eq!(handle(autos!(StaticClaim<Plain, Ready<Local>>)), [true; 3]);
    assert_eq!(handle(autos!(StaticRef<Plain>)), [true; 3]);
    assert_eq!(handle(autos!(AnyTask)), [true; 3]);
    assert_eq!([autos!(TaskState), autos!(Ran)], [ALL; 2]);
    assert_eq!(handle(autos!(Task<shared::Given<Ready<u8>>, Plain>)), [true; 3]);
    assert_eq!(
        handle(autos!(Task<shared::Given<Ready<u8>>, Plain, AtHome>)),
        [false, false, true],
        "its thread is the home's"
    );
    assert_eq!(autos!(JoinError), ALL);
    // Also where a subscriber hears of tasks: a feature that another crate turns on takes nothing away.
    assert_eq!([autos!(Runnable<Plain>), autos!(LocalRunnable<Plain>), autos!(Run<Plain>)], [ALL; 3]);
    assert_eq!([autos!(TaskRef<Plain>), autos!(AnyTask), autos!(StaticRef<Plain>)], [ALL; 3]);
    assert_eq!([autos!(JoinHandle<u8, Plain>), autos!(Task<shared::Given<Ready<u8>>, Plain>)], [ALL; 2]);
}

#[cfg(feature = "set")]
#[test]
fn set_types() {
    let first = |[send, sync, unpin, ..]: [bool; 5]| [send, sync, unpin];
    assert_eq!(first(autos!(WakerSet)), [true, false, true], "one owner at a time");
    assert_eq!(first(autos!(Drain<'_>)), [false, false, true], "it borrows the owner's");
    assert_eq!(first(autos!(StaticWakerSet<1>)), [true; 3]);
    assert_eq!(autos!(TooManyWakers), ALL);
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
