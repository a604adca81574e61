#!/usr/bin/env bash
# What the README tells people to run; the rest again optimised, with all features, and for the rest of the workspace.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo test
# Documentation is tested once here, and once more, with its error codes, by `ci/refusals.sh`.
CARGO_PROFILE_RELEASE_DEBUG=0 CARGO_PROFILE_RELEASE_CODEGEN_UNITS=2 cargo test --release --all-features --lib --tests
cargo test --workspace --exclude waker_tables --lib --bins --tests
