//! Enums of one, eight and sixty-four types of jobs.

use std::task::Poll;

use super::form::Form;
use super::job::Job;

/// An enum over the jobs with these numbers.
macro_rules! job_enum {
    ($name:ident: $($variant:ident $kind:literal)*) => {
        #[derive(Debug)]
        pub(super) enum $name {
            $($variant(Job<$kind>),)*
        }

        impl Form for $name {
            fn make<const KIND: usize>(seed: u64) -> Self {
                match KIND {
                    $($kind => Self::$variant(Job::new(seed)),)*
                    _ => unreachable!("a list of fewer types asks for no more"),
                }
            }

            #[inline]
            fn poll(&mut self) -> Poll<()> {
                match self {
                    $(Self::$variant(job) => job.step(),)*
                }
            }
        }
    };
}

job_enum!(Enum1: T0 0);
job_enum!(Enum8: T0 0 T1 1 T2 2 T3 3 T4 4 T5 5 T6 6 T7 7);
job_enum!(Enum64:
    T0 0 T1 1 T2 2 T3 3 T4 4 T5 5 T6 6 T7 7
    T8 8 T9 9 T10 10 T11 11 T12 12 T13 13 T14 14 T15 15
    T16 16 T17 17 T18 18 T19 19 T20 20 T21 21 T22 22 T23 23
    T24 24 T25 25 T26 26 T27 27 T28 28 T29 29 T30 30 T31 31
    T32 32 T33 33 T34 34 T35 35 T36 36 T37 37 T38 38 T39 39
    T40 40 T41 41 T42 42 T43 43 T44 44 T45 45 T46 46 T47 47
    T48 48 T49 49 T50 50 T51 51 T52 52 T53 53 T54 54 T55 55
    T56 56 T57 57 T58 58 T59 59 T60 60 T61 61 T62 62 T63 63);
