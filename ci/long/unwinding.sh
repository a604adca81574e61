#!/usr/bin/env bash
# Writers of a registry leave it as it was when an allocation fails and unwinds.
set -euo pipefail
cd "$(dirname "$0")/../.."
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}/unwinding"

# RUSTC_BOOTSTRAP: the hook of failed allocations is unstable; any toolchain will do.
RUSTC_BOOTSTRAP=1 cargo run --quiet --manifest-path ci/unwinding/Cargo.toml
