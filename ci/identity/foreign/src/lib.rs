//! The same tables once more, over the second copy of the crate.

common::declare_tables!(second);
common::declare_tasks!(second);
