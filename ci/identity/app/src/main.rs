//! Every waker against every waker (`will_wake`) and against every table (recovery).
//!
//! With the argument `types` two tables of one pointer type may be one, as some linkers can be told to make them.

#![forbid(unsafe_code)]

use std::any::TypeId;
use std::hint::black_box;
use std::process::ExitCode;
use std::sync::Arc;
use std::task::Waker;

use common::{ALIKE_TARGET, Alike, JOB_TARGET, Job, Link, NUMBER};

mod hidden;
mod shared;

/// Rows over the crate.
mod first {
    use super::*;
    use std::ptr;
    use waker_tables::{WakerPointer, WakerVTable};

    include!("row.rs");
}

/// Rows over its second copy, whose types are others.
mod second_copy {
    use super::*;
    use second::{WakerPointer, WakerVTable};
    use std::ptr;

    include!("row.rs");
}

/// Two modules of one crate.
mod here {
    common::declare_tables!(waker_tables);
    common::declare_makers!();
}
mod there {
    common::declare_tables!(waker_tables);
    common::declare_makers!();
}

#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    /// A declared table: exact.
    Table,
    /// A constant made through the hidden constructor. It may be its own static or nobody, never another type.
    Constant,
    /// A static or heap table, made the same way, that names another one as itself: nobody.
    Liar,
    /// No table of ours.
    Foreign,
}

/// One table with the wakers made over it, all of one pointer.
pub struct Row {
    name: &'static str,
    kind: Kind,
    pointer_type: TypeId,
    word: usize,
    makers: Vec<Box<dyn Fn() -> Waker>>,
    answer: Box<dyn Fn(Waker) -> Option<usize>>,
}

impl Row {
    fn and(mut self, make: impl Fn() -> Waker + 'static) -> Self {
        self.makers.push(Box::new(make));
        self
    }

    fn foreign(name: &'static str, make: impl Fn() -> Waker + 'static) -> Self {
        let row = Self {
            name,
            kind: Kind::Foreign,
            pointer_type: TypeId::of::<()>(),
            word: 0,
            makers: Vec::new(),
            answer: Box::new(|_| None),
        };
        row.and(make)
    }

    fn wakers(&self) -> impl Iterator<Item = Waker> {
        self.makers.iter().map(|make| black_box(make()))
    }
}

/// The rows of one crate's tables, in the order of `declare_tables!`.
macro_rules! tables {
    ($rows:ident, $module:ident, $tables:ident, $targets:ident) => {
        $rows.extend([
            $module::row(concat!(stringify!($tables), "::JOB"), &$tables::JOB, &$targets.0),
            $module::row(concat!(stringify!($tables), "::JOB_AGAIN"), &$tables::JOB_AGAIN, &$targets.0),
            $module::row(concat!(stringify!($tables), "::ALIKE"), &$tables::ALIKE, &$targets.1),
            $module::row(concat!(stringify!($tables), "::LINK"), &$tables::LINK, &$targets.2),
            $module::row(concat!(stringify!($tables), "::STATIC_JOB"), &$tables::STATIC_JOB, &&JOB_TARGET),
            $module::row(concat!(stringify!($tables), "::STATIC_ALIKE"), &$tables::STATIC_ALIKE, &&ALIKE_TARGET),
            $module::row(concat!(stringify!($tables), "::ID"), &$tables::ID, &7),
            $module::row(concat!(stringify!($tables), "::ID_AGAIN"), &$tables::ID_AGAIN, &7),
            $module::row(concat!(stringify!($tables), "::STD_JOB"), &$tables::STD_JOB, &$targets.0),
            $module::row(concat!(stringify!($tables), "::STD_ALIKE"), &$tables::STD_ALIKE, &$targets.1),
        ]);
    };
}

type Targets = (Arc<Job>, Arc<Alike>, Arc<Link>);

fn rows(targets: &Targets) -> Vec<Row> {
    let mut rows = Vec::new();
    tables!(rows, first, common, targets);
    for (at, makers) in [(0, shared_job(&targets.0)), (4, shared_static()), (6, shared_id())] {
        rows[at].makers.extend(makers);
    }
    tables!(rows, first, left, targets);
    tables!(rows, first, right, targets);
    tables!(rows, first, here, targets);
    tables!(rows, first, there, targets);
    tables!(rows, second_copy, foreign, targets);
    rows.extend(hidden::rows());
    let job = targets.0.clone();
    rows.push(Row::foreign("std's waker", move || Waker::from(job.clone())));
    rows.push(Row::foreign("noop", || Waker::noop().clone()));
    rows
}

/// One shared table, used from every crate and module.
fn shared_job(job: &Arc<Job>) -> Vec<Box<dyn Fn() -> Waker>> {
    let mut makers: Vec<Box<dyn Fn() -> Waker>> = Vec::new();
    for make in [
        common::job,
        common::borrowed_job,
        common::generic_job,
        left::job,
        left::borrowed_job,
        left::generic_job,
        right::job,
        right::borrowed_job,
        right::generic_job,
        here::job,
        here::borrowed_job,
        here::generic_job,
        there::job,
        there::borrowed_job,
        there::generic_job,
    ] {
        let job = job.clone();
        makers.push(Box::new(move || make(&job)));
    }
    makers
}

fn shared_static() -> Vec<Box<dyn Fn() -> Waker>> {
    vec![
        Box::new(|| common::CONST_STATIC_JOB.clone()),
        Box::new(|| left::CONST_STATIC_JOB.clone()),
        Box::new(|| right::CONST_STATIC_JOB.clone()),
        Box::new(|| here::CONST_STATIC_JOB.clone()),
        Box::new(|| there::CONST_STATIC_JOB.clone()),
    ]
}

fn shared_id() -> Vec<Box<dyn Fn() -> Waker>> {
    vec![
        Box::new(|| common::CONST_ID),
        Box::new(|| left::CONST_ID),
        Box::new(|| right::CONST_ID.clone()),
        Box::new(|| here::CONST_ID),
        Box::new(|| there::CONST_ID.clone()),
    ]
}

#[derive(Default)]
struct Checks {
    /// Asks only that tables of different pointer types are told apart, and that each knows its own wakers.
    types: bool,
    done: usize,
    failed: usize,
}

impl Checks {
    fn that(&mut self, good: bool, what: impl FnOnce() -> String) {
        self.done += 1;
        if !good {
            self.failed += 1;
            println!("wrong: {}", what());
        }
    }
}

fn main() -> ExitCode {
    let targets = (Arc::new(Job(7)), Arc::new(Alike(7)), Arc::new(Link(&NUMBER)));
    let rows = rows(&targets);
    let mut checks = Checks { types: std::env::args().any(|argument| argument == "types"), ..Checks::default() };
    for (i, a) in rows.iter().enumerate() {
        for (j, b) in rows.iter().enumerate() {
            will_wake(&mut checks, a, b, i == j);
            recovery(&mut checks, a, b, i == j);
        }
    }
    same_table_other_pointer(&mut checks, &targets.0);
    siblings_recover(&mut checks, &targets.0);
    hidden::task_types(&mut checks);
    shared::checks(&mut checks, &rows);
    println!("{} rows, {} checks, {} wrong", rows.len(), checks.done, checks.failed);
    ExitCode::from(u8::from(checks.failed != 0))
}

fn will_wake(checks: &mut Checks, a: &Row, b: &Row, same: bool) {
    if a.kind == Kind::Constant || b.kind == Kind::Constant || (same && a.kind == Kind::Foreign) {
        return;
    }
    if checks.types && !same && a.pointer_type == b.pointer_type {
        return;
    }
    for (i, left) in a.wakers().enumerate() {
        for (j, right) in b.wakers().enumerate() {
            let answer = left.will_wake(&right);
            checks.that(answer == same, || format!("{} [{i}] will_wake {} [{j}] is {answer}", a.name, b.name));
        }
    }
}

/// What `table` says to the wakers of `row`.
fn recovery(checks: &mut Checks, row: &Row, table: &Row, same: bool) {
    for (i, waker) in row.wakers().enumerate() {
        let answer = (table.answer)(waker);
        let good = match (answer, row.kind, table.kind) {
            (None, ..) => !(same && table.kind == Kind::Table),
            (Some(word), ..) if checks.types => row.pointer_type == table.pointer_type && word == row.word,
            (Some(word), Kind::Table, Kind::Table) => same && word == row.word,
            // One of the two may stand at the other's address.
            (Some(word), Kind::Table | Kind::Constant, Kind::Table | Kind::Constant) => {
                row.pointer_type == table.pointer_type && word == row.word
            }
            (Some(_), ..) => false,
        };
        checks.that(good, || format!("{} answers {answer:x?} to {} [{i}]", table.name, row.name));
    }
}

fn same_table_other_pointer(checks: &mut Checks, job: &Arc<Job>) {
    let other = Arc::new(Job(7));
    let (a, b) = (black_box(left::job(job)), black_box(right::job(&other)));
    checks.that(!a.will_wake(&b), || "two targets of one table wake each other".into());
    let (a, b) = (black_box(common::ID.waker(7)), black_box(common::ID.waker(8)));
    checks.that(!a.will_wake(&b), || "two ids of one table wake each other".into());
}

/// A waker made in one crate is recovered in every other.
fn siblings_recover(checks: &mut Checks, job: &Arc<Job>) {
    for make in [common::job, left::borrowed_job, right::generic_job, here::job, there::borrowed_job] {
        let waker = black_box(make(job));
        let found = [left::recovered, right::recovered, common::recovered, here::recovered, there::recovered]
            .map(|recovered| recovered(&waker).is_some_and(|found| std::ptr::eq(found, &**job)));
        checks.that(found == [true; 5], || format!("recovered in {found:?} of five places"));
    }
}
