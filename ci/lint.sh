#!/usr/bin/env bash
# Clippy over everything, and over the library as those see it who turn features off or on.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo clippy --workspace --all-targets -- -D warnings
cargo clippy --package waker_tables --lib --no-default-features -- -D warnings
cargo clippy --package waker_tables --lib --no-default-features --features alloc -- -D warnings
cargo clippy --package waker_tables --all-targets --all-features -- -D warnings
