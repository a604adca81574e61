#!/usr/bin/env bash
# The ports pass their own tests, and async-task's and async-executor's published tests pass on them as they do without.
# `ports/run.sh` with no argument does the rest.
set -euo pipefail
cd "$(dirname "$0")/.."

target="${CARGO_TARGET_DIR:-$PWD/target}"
export CARGO_TARGET_DIR="$target/ports/build" CARGO_PROFILE_DEV_DEBUG=0
cargo clippy --quiet --manifest-path ports/Cargo.toml --workspace --all-targets -- -D warnings
cargo clippy --quiet --manifest-path ports/Cargo.toml --package async-task --package futures-task --no-default-features -- \
    -D warnings
cargo clippy --quiet --manifest-path ports/Cargo.toml --package compio-executor --all-features -- -D warnings
cargo test --quiet --manifest-path ports/Cargo.toml --workspace
cargo run --quiet --manifest-path ports/Cargo.toml --package work-stealing
PORTS_SCRATCH="$target/ports" ports/run.sh tests
