#!/usr/bin/env bash
# One layout for all Rust in the repository, also outside the workspace.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo fmt --all --check
cargo fmt --all --check --manifest-path ports/Cargo.toml
cargo fmt --check --manifest-path ports/http/Cargo.toml
cargo fmt --check --manifest-path fleet/Cargo.toml
cargo fmt --check --manifest-path laws/survey/Cargo.toml
cargo fmt --check --manifest-path ports/compio/bench/Cargo.toml
cargo fmt --check --manifest-path ports/lightproc/bench/Cargo.toml
# `ci/identity` is whole only while its job runs, so these files are named one by one.
rustfmt --check --edition 2024 ci/*/src/*.rs ci/identity/*/src/*.rs ci/mistakes/programs/*.rs
