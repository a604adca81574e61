#!/usr/bin/env bash
# Every interleaving of the atomic protocols, as far as the models go.
set -euo pipefail
cd "$(dirname "$0")/.."
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}/loom"
# Three changes of the thread beside those at its ends; and the registry's models are long.
export LOOM_MAX_PREEMPTIONS=3 LOOM_MAX_BRANCHES=10000

RUSTFLAGS="--cfg loom" cargo test --release --test models
