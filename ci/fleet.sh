#!/usr/bin/env bash
# The fleet: lints, its tests over a server of their own, and a minute of chaos. The long run is `fleet/chaos.sh 10`.
set -euo pipefail
cd "$(dirname "$0")/.."
. ci/common/tools.sh
need postgresql-15 libfaketime iproute2

target="${CARGO_TARGET_DIR:-$PWD/target}/fleet"
export CARGO_TARGET_DIR=$target
cargo clippy --quiet --manifest-path fleet/Cargo.toml --all-targets -- -D warnings
cargo test --quiet --manifest-path fleet/Cargo.toml
cargo build --quiet --manifest-path fleet/Cargo.toml --bins --example cut
PROGRAM="$target/debug/fleet" CUT="$target/debug/examples/cut" fleet/chaos.sh 1
"$target/debug/fleet" demo pipeline/src >/dev/null
