//! The types, and the tables that everybody shares.

use std::hint::black_box;
use std::sync::Arc;
use std::task::{Wake, Waker};

use waker_tables::{WakerPointer, WakerVTable};

/// Three types of one layout, whose functions compile to the same code: what a linker or optimiser may merge.
/// Reading a `Job` as a `Link` follows a number as an address.
pub struct Job(pub usize);
pub struct Alike(pub usize);
pub struct Link(pub &'static usize);

macro_rules! targets {
    ($($target:ident)+) => {$(
        impl $target {
            pub fn on_wake(&self) {
                black_box(std::ptr::from_ref(self).cast::<u8>());
            }
        }

        impl Wake for $target {
            fn wake(self: Arc<Self>) {
                self.on_wake();
            }

            fn wake_by_ref(self: &Arc<Self>) {
                self.on_wake();
            }
        }
    )+};
}
targets!(Job Alike Link);

pub fn by_id(id: usize) {
    black_box(id);
}

pub static NUMBER: usize = 7;
pub static JOB_TARGET: Job = Job(7);
pub static ALIKE_TARGET: Alike = Alike(7);

/// The same tables, declared once in each crate: same types, same functions.
#[macro_export]
macro_rules! declare_tables {
    ($tables:ident) => {
        $tables::waker_vtable! {
            pub static JOB: ::std::sync::Arc<$crate::Job> => $crate::Job::on_wake;
            pub static JOB_AGAIN: ::std::sync::Arc<$crate::Job> => $crate::Job::on_wake;
            pub static ALIKE: ::std::sync::Arc<$crate::Alike> => $crate::Alike::on_wake;
            pub static LINK: ::std::sync::Arc<$crate::Link> => $crate::Link::on_wake;
            pub static STATIC_JOB: &'static $crate::Job => $crate::Job::on_wake;
            pub static STATIC_ALIKE: &'static $crate::Alike => $crate::Alike::on_wake;
            pub static ID: usize => $crate::by_id;
            pub static ID_AGAIN: usize => $crate::by_id;
        }
        $tables::declare_raw_waker_vtable!($crate::Job, STD_JOB);
        $tables::declare_raw_waker_vtable!($crate::Alike, STD_ALIKE);
    };
}
declare_tables!(waker_tables);

/// Wakers over the shared tables, made in the crate or module that invokes this.
#[macro_export]
macro_rules! declare_makers {
    () => {
        #[inline(never)]
        pub fn job(job: &::std::sync::Arc<$crate::Job>) -> ::std::task::Waker {
            $crate::JOB.waker(job.clone())
        }

        #[inline]
        pub fn borrowed_job(job: &::std::sync::Arc<$crate::Job>) -> ::std::task::Waker {
            $crate::JOB.waker_ref(job).clone()
        }

        pub fn generic_job(job: &::std::sync::Arc<$crate::Job>) -> ::std::task::Waker {
            $crate::make(&$crate::JOB, job.clone())
        }

        pub fn recovered<'w>(waker: &'w ::std::task::Waker) -> Option<&'w $crate::Job> {
            $crate::JOB.get(waker)
        }

        pub static CONST_STATIC_JOB: ::std::task::Waker = $crate::STATIC_JOB.const_waker(&$crate::JOB_TARGET);
        pub const CONST_ID: ::std::task::Waker = $crate::ID.const_waker(7);
    };
}
declare_makers!();

/// Instantiated in every crate that calls it.
pub fn make<P: WakerPointer>(table: &'static WakerVTable<P>, pointer: P) -> Waker {
    table.waker(pointer)
}

/// Header data of shared tasks, of one layout. The last two are one generic type.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Header {
    Job,
    Alike,
    Link,
    OfJob,
    OfAlike,
}

pub const HEADERS: [Header; 5] = [Header::Job, Header::Alike, Header::Link, Header::OfJob, Header::OfAlike];

pub struct Of<T: 'static>(pub usize, pub std::marker::PhantomData<fn(T) -> T>);

/// Tasks with each header, and how they are recovered, in the crate or module that invokes this.
#[macro_export]
macro_rules! declare_tasks {
    ($tables:ident) => {
        /// A waker of a new task that waits.
        #[inline(never)]
        pub fn task(header: $crate::Header) -> ::std::task::Waker {
            fn waker<H: Send + Sync + 'static>(header: H) -> ::std::task::Waker {
                let body = ::std::future::pending::<()>();
                let (runnable, handle) = $tables::Task::new(body, header).hook(|_, runnable| drop(runnable)).spawn();
                let waker = runnable.task().to_waker();
                assert!(runnable.run() == $tables::Ran::Pending);
                drop(handle);
                waker
            }
            match header {
                $crate::Header::Job => waker($crate::Job(7)),
                $crate::Header::Alike => waker($crate::Alike(7)),
                $crate::Header::Link => waker($crate::Link(&$crate::NUMBER)),
                $crate::Header::OfJob => waker($crate::Of::<$crate::Job>(7, ::std::marker::PhantomData)),
                $crate::Header::OfAlike => waker($crate::Of::<$crate::Alike>(7, ::std::marker::PhantomData)),
            }
        }

        /// The number in the header behind `waker`, by each type, in the order of `HEADERS`.
        pub fn headers(waker: &::std::task::Waker) -> [Option<usize>; 5] {
            use $tables::TaskRef;
            let found = [
                TaskRef::from_waker(waker).map(|task: TaskRef<$crate::Job>| task.header().0),
                TaskRef::from_waker(waker).map(|task: TaskRef<$crate::Alike>| task.header().0),
                TaskRef::from_waker(waker).map(|task: TaskRef<$crate::Link>| *task.header().0),
                TaskRef::from_waker(waker).map(|task: TaskRef<$crate::Of<$crate::Job>>| task.header().0),
                TaskRef::from_waker(waker).map(|task: TaskRef<$crate::Of<$crate::Alike>>| task.header().0),
            ];
            let behind = [
                TaskRef::header_behind(waker).map(|header: &$crate::Job| header.0),
                TaskRef::header_behind(waker).map(|header: &$crate::Alike| header.0),
                TaskRef::header_behind(waker).map(|header: &$crate::Link| *header.0),
                TaskRef::header_behind(waker).map(|header: &$crate::Of<$crate::Job>| header.0),
                TaskRef::header_behind(waker).map(|header: &$crate::Of<$crate::Alike>| header.0),
            ];
            assert_eq!(found, behind);
            found
        }

        /// Another waker of the task behind `waker`, if its header is a `Job`.
        pub fn again(waker: &::std::task::Waker) -> Option<::std::task::Waker> {
            $tables::TaskRef::<$crate::Job>::from_waker(waker).map(|task| task.to_waker())
        }
    };
}
declare_tasks!(waker_tables);
