#!/usr/bin/env bash
# The kit of laws by itself: its documentation, the example in it, and the package as it would be published.
set -euo pipefail
cd "$(dirname "$0")/.."

RUSTDOCFLAGS="-D warnings" cargo doc --package waker_laws --no-deps
cargo test --package waker_laws --doc
cargo package --package waker_laws --allow-dirty
# It depends on nothing, and on what it judges least of all.
[ "$(cargo tree --package waker_laws --edges all --prefix none | wc -l)" -eq 1 ]
