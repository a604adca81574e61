#!/usr/bin/env bash
# compio-executor, published and on this crate: its tests, its models of races, and what a step of a task's life and a task
# cost, in instructions and bytes. Fails where a test is lost, where a row says more than 1.00, or where the port has more than
# 360 lines or more than 3 with `unsafe`. (`wait, then join` may be 1.15: see README.md.)
set -euo pipefail
cd "$(dirname "$0")/.."
ports=$PWD
# shellcheck source=../lib.sh
. "$ports/lib.sh"
need valgrind valgrind

published compio-executor 0.1.4 compio-executor
mkdir -p compio-tests/src && touch compio-tests/src/lib.rs
cp "$ports/published/compio-executor.toml" compio-tests/Cargo.toml
mkdir -p compio-tests/tests && cp compio-executor/tests/{executor,console,loom}.rs compio-tests/tests
lock compio-tests compio-executor
compare_tests "compio-executor 0.1.4, its tests" compio-tests compio-executor --test executor
compare_tests "compio-executor 0.1.4, its console's tests" compio-tests compio-executor --features console --test console
mkdir -p compio-loom && cp -r compio-tests/{Cargo.toml,plain.lock,patched.lock,src,tests} compio-loom
(
    export RUSTFLAGS="--cfg loom --cap-lints warn" CARGO_TARGET_DIR="$scratch/build-loom" LOOM_MAX_PREEMPTIONS=3
    compare_tests "compio-executor 0.1.4, its loom suite" compio-loom compio-executor --release --test loom
    printf '%s\n' "${summary[@]: -1}" >compio-loom/summary
    [ "$failed" = 0 ]
) || failed=1
summary+=("$(cat compio-loom/summary)")

rm -rf compio-bench && cp -r "$ports/compio/bench" compio-bench
lock compio-bench compio-executor
for which in plain patched; do
    mkdir -p "programs/$which"
    with "$which" compio-bench compio-executor build --quiet --release
    cp build/release/compio-bench "programs/$which"
done
while IFS='|' read -r step limit title; do
    at_most "$limit" "$title, instructions" "$(instructions programs/plain/compio-bench "$step")" \
        "$(instructions programs/patched/compio-bench "$step")"
done <<'END'
self-wake|1.00|a task wakes itself, and runs
wake|1.00|wake by a waker, run
remote-wake|1.00|the same from another thread
spawn|1.00|spawn, detach, run
join|1.00|spawn, run, join
wait-join|1.15|spawn, wait, run, join
cancel|1.00|spawn, run, cancel, run
END
at_most 1.00 "a task with its place in the executor, bytes" "$(programs/plain/compio-bench bytes)" \
    "$(programs/patched/compio-bench bytes)"

mapfile -t theirs < <(find compio-executor/src -name '*.rs' ! -path '*console*')
mapfile -t ours < <(find "$ports/compio/src" -name '*.rs' ! -path '*console*')
row "lines of code, without the console's" "$(code "${theirs[@]}")" "$(code "${ours[@]}")" ""
[ "$(code "${ours[@]}")" -le 360 ] || fail "more than 360 lines"
row "lines with unsafe" "$(unsafe_lines "${theirs[@]}")" "$(unsafe_lines "${ours[@]}")" ""
[ "$(unsafe_lines "${ours[@]}")" -le 3 ] || fail "more than 3 lines with unsafe"
finish
