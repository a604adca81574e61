#!/usr/bin/env bash
# A look-up does not scan the index: among 100 000 keys it takes at most twice the instructions that it takes among 1 000.
set -euo pipefail
cd "$(dirname "$0")/.."
. ci/common/tools.sh
need valgrind
target="${CARGO_TARGET_DIR:-$PWD/target}/lookup"
cargo build --quiet --release --manifest-path ci/lookup/Cargo.toml --target-dir "$target"
steps() {
    valgrind --tool=callgrind --toggle-collect=ask_all --callgrind-out-file=/dev/null \
        "$target/release/lookup" "$1" 2>&1 | sed -n 's/.*Collected : //p'
}
few=$(steps 1000)
many=$(steps 100000)
echo "4096 look-ups: $few instructions among 1000 keys, $many among 100000"
test "$few" -gt 0 && test "$many" -le $((2 * few))
