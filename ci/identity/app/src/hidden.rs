//! What safe code can do with the hidden parts that the macros expand to: tables in constants, whose addresses an
//! optimiser may merge with those of other constants and even of statics.

use std::hint::black_box;
use std::sync::Arc;
use std::task::Poll;

use waker_tables::__private::declare;
use waker_tables::{OwnedTask, WakeableTask, WakerVTable, waker_vtable};

use crate::first::{bare_row, row};
use crate::{Checks, Kind, Row};

/// Of one layout, as in `common`, but all their code is compiled here, where it is merged.
struct Number(usize);
struct Alike(usize);
struct Address(&'static usize);

macro_rules! hidden_tables {
    ($module:ident, $target:ident) => {
        mod $module {
            use super::*;

            pub type Table = WakerVTable<Arc<$target>>;

            /// Never gives a table, so the functions of all three targets have one body.
            fn diverging() -> &'static Table {
                std::process::abort()
            }

            fn woken<const CODE: u8>(_: &Arc<$target>) {
                black_box(CODE);
            }

            impl $target {
                fn on_wake(&self) {
                    black_box(&self.0);
                }
            }

            waker_vtable! {
                pub static DECLARED: Arc<$target> => $target::on_wake;
            }

            const fn at(home: &'static Table) -> Table {
                declare(home, diverging, woken::<0>)
            }

            pub static HOME: Table = at(&HOME);

            /// Of `HOME`'s bytes, then each at home in the one before.
            const COPY: &Table = &at(&HOME);
            const CHAIN: &Table = &at(COPY);
            const LONGER: &Table = &at(CHAIN);
            const GUEST: &Table = &at(&DECLARED);
            /// Of no static's bytes: two such constants of different targets are the likeliest to be merged.
            const STRAY: &Table = &declare(&HOME, diverging, woken::<1>);
            pub const CONSTANTS: [&Table; 5] = [COPY, CHAIN, LONGER, GUEST, STRAY];

            /// Statics that say they are another one.
            static LIAR: Table = at(&HOME);
            static CIRCLE: [Table; 2] = [at(&CIRCLE[1]), at(&CIRCLE[0])];
            static STATIC_GUEST: Table = at(&DECLARED);
            pub static LIARS: [&Table; 4] = [&LIAR, &CIRCLE[0], &CIRCLE[1], &STATIC_GUEST];

            /// In memory that no linker saw.
            pub fn heap() -> &'static Table {
                Box::leak(Box::new(at(&HOME)))
            }
        }
    };
}

hidden_tables!(number, Number);
hidden_tables!(alike, Alike);
hidden_tables!(address, Address);

pub fn rows() -> Vec<Row> {
    let (number, alike, address) = (&Arc::new(Number(7)), &Arc::new(Alike(7)), &Arc::new(Address(&common::NUMBER)));
    let mut rows = Vec::new();
    macro_rules! rows_of {
        ($module:ident) => {
            let name = concat!("hidden ", stringify!($module));
            rows.push(row(name, &$module::DECLARED, $module));
            rows.push(bare_row(name, Kind::Table, &$module::HOME, $module));
            rows.extend($module::CONSTANTS.map(|table| bare_row(name, Kind::Constant, table, $module)));
            rows.extend($module::LIARS.map(|table| bare_row(name, Kind::Liar, table, $module)));
            rows.push(bare_row(name, Kind::Liar, $module::heap(), $module));
        };
    }
    rows_of!(number);
    rows_of!(alike);
    rows_of!(address);
    rows
}

impl WakeableTask for Number {
    fn poll(&mut self) -> Poll<()> {
        Poll::Ready(())
    }
}

impl WakeableTask for Address {
    fn poll(&mut self) -> Poll<()> {
        Poll::Ready(())
    }
}

/// Task tables are constants; their identity is their type's.
pub fn task_types(checks: &mut Checks) {
    let number = black_box(OwnedTask::new(Box::new(Number(7))));
    let address = black_box(OwnedTask::new(Box::new(Address(&common::NUMBER))));
    checks.that(number.is::<Number>() && address.is::<Address>(), || "a task is not of its type".into());
    let number = number.downcast::<Address>().map(|task| *task.0);
    let address = address.downcast::<Number>().map(|task| task.0);
    checks.that(number.is_err() && address.is_err(), || format!("{number:?} and {address:?} changed their type"));
}
