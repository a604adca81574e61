#!/usr/bin/env bash
# What the README tells people to run, the same optimised, and the whole workspace.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo test
cargo test --release
cargo test --all-features
cargo test --workspace
