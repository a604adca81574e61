#!/usr/bin/env bash
# `compile_fail,E0277` is checked down to the code only where unstable features are allowed; else any error will do.
set -euo pipefail
cd "$(dirname "$0")/.."
export RUSTC_BOOTSTRAP=1
# Build scripts ask for that variable: one directory for both ways would be built twice over each time.
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}/bootstrap"

cargo test --doc --all-features
