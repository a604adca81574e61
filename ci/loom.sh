#!/usr/bin/env bash
# Every interleaving of the atomic protocols, as far as the models go.
set -euo pipefail
cd "$(dirname "$0")/.."
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}/loom"

RUSTFLAGS="--cfg loom" cargo test --release --test models
