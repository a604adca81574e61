//! One of two siblings with the same text.

common::declare_tables!(waker_tables);
common::declare_makers!();
common::declare_tasks!(waker_tables);
