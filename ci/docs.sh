#!/usr/bin/env bash
# The documentation builds without a warning: for users, for maintainers, and as it is published.
set -euo pipefail
cd "$(dirname "$0")/.."
export RUSTDOCFLAGS="-D warnings"

cargo doc --no-deps
cargo doc --no-deps --all-features
cargo doc --no-deps --all-features --document-private-items
RUSTC_BOOTSTRAP=1 RUSTDOCFLAGS+=" --cfg docsrs" cargo doc --no-deps --all-features
