//! The programs that each dependency is linked into: the same work, written for each.

use crate::report::Side;

/// A program and the dependency that it is for.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) name: &'static str,
    pub(super) side: Side,
    pub(super) package: &'static str,
    /// A line of a manifest; `PATH` stands for the workspace.
    pub(super) dependency: &'static str,
    pub(super) source: &'static str,
}

const OWN: &str = "waker_tables = { path = \"PATH\" }";
const OLD: &str = "waker_tables_04 = { package = \"waker_tables\", version = \"=0.4.0\" }";

/// Begin with the program that does nothing.
pub(super) const WAKERS: &[Program] = &[
    Program {
        name: "an empty crate",
        side: Side::Context,
        package: "empty",
        dependency: "",
        source: "fn main() {\n    std::hint::black_box(0);\n}\n",
    },
    Program {
        name: "waker_tables",
        side: Side::Own,
        package: "own",
        dependency: OWN,
        source: include_str!("own_waker.txt"),
    },
    Program {
        name: "waker_tables 0.4.0",
        side: Side::Peer,
        package: "old",
        dependency: OLD,
        source: include_str!("old_waker.txt"),
    },
    Program {
        name: "std Wake",
        side: Side::Peer,
        package: "std-wake",
        dependency: "",
        source: include_str!("std_waker.txt"),
    },
    Program {
        name: "futures-task",
        side: Side::Peer,
        package: "with-futures-task",
        dependency: "futures-task = \"0.3\"",
        source: include_str!("futures_waker.txt"),
    },
    Program {
        name: "cooked-waker",
        side: Side::Peer,
        package: "cooked",
        dependency: "cooked-waker = \"5.0\"",
        source: include_str!("cooked_waker.txt"),
    },
    Program {
        name: "waker-fn",
        side: Side::Peer,
        package: "closure",
        dependency: "waker-fn = \"1.2\"",
        source: include_str!("closure_waker.txt"),
    },
];

/// Begin with the program that does nothing.
pub(super) const TASKS: &[Program] = &[
    Program {
        name: "an empty crate",
        side: Side::Context,
        package: "empty",
        dependency: "",
        source: "fn main() {\n    std::hint::black_box(0);\n}\n",
    },
    Program {
        name: "waker_tables",
        side: Side::Own,
        package: "own-task",
        dependency: OWN,
        source: include_str!("own_task.txt"),
    },
    Program {
        name: "waker_tables 0.4.0",
        side: Side::Peer,
        package: "old-task",
        dependency: OLD,
        source: include_str!("old_task.txt"),
    },
    Program {
        name: "RwLock<HashMap> of functions",
        side: Side::Peer,
        package: "map-task",
        dependency: "",
        source: include_str!("map_task.txt"),
    },
];
