#!/usr/bin/env bash
# AddressSanitizer and LeakSanitizer over the tests. The stable toolchain brings their runtime.
set -euo pipefail
cd "$(dirname "$0")/.."
export RUSTC_BOOTSTRAP=1
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}/bootstrap"
export ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1

# With a target the flags reach neither build scripts nor procedural macros. That test allows too few addresses for this.
# What a subscriber hears of tasks, and the memory of its spans, is of the feature.
RUSTFLAGS="-Zsanitizer=address" cargo test --package waker_tables --package waker_laws --package pipeline \
    --features waker_tables/tracing --lib --bins --tests --target x86_64-unknown-linux-gnu -- \
    --skip threads_that_cannot_be_had
