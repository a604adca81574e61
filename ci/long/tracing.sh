#!/usr/bin/env bash
# What the feature `tracing` costs: instructions of a task's life without it, with it while nobody listens, and with a subscriber
# that does nothing. Fails where the second is more than 1.10 times the first, for a detached task that begins and ends, or that
# yields.
set -euo pipefail
cd "$(dirname "$0")/../.."
. ci/common/tools.sh
need valgrind

target="${CARGO_TARGET_DIR:-$PWD/target}"
build() { cargo build --quiet --release --manifest-path ci/cost/Cargo.toml --target-dir "$@"; }
build "$target/cost"
build "$target/cost-tracing" --features tracing
count() {
    valgrind --tool=callgrind --toggle-collect=measured --callgrind-out-file=/dev/null "$@" 2>&1 |
        sed -n 's/.*Collected : //p'
}
bad=0
printf '%-20s %10s %10s %7s %10s %7s\n' 'of a thousand' without unheard '' heard ''
for path in spawn_finish spawn_join yield_detached yield_joined shared_clone_drop static_spawn_finish static_yield; do
    off=$(count "$target/cost/release/cost" $path)
    on=$(count "$target/cost-tracing/release/cost" $path)
    heard=$(count "$target/cost-tracing/release/cost" $path heard)
    awk -v path=$path -v off="$off" -v on="$on" -v heard="$heard" 'BEGIN {
        printf "%-20s %10d %10d %7.2f %10d %7.2f\n", path, off, on, on / off, heard, heard / off
        exit path ~ /^spawn_finish$|^yield_detached$/ && on > 1.10 * off
    }' || bad=1
done
exit $bad
