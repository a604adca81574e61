#!/usr/bin/env bash
# lightproc, published and on this crate: its tests, those of its module `state`, the programs in its docs; what a step of a
# process's life and a process cost, in instructions and bytes. Fails where a test is lost, where a row says more than 1.00,
# or where the port has more than 3 lines with `unsafe`.
set -euo pipefail
cd "$(dirname "$0")/.."
ports=$PWD
# shellcheck source=../lib.sh
. "$ports/lib.sh"
need valgrind valgrind

published lightproc 0.3.5 lightproc
mkdir -p lightproc-tests/src
cp "$ports/published/lightproc.toml" lightproc-tests/Cargo.toml
cp -r lightproc/tests lightproc-tests
: >lightproc-tests/src/lib.rs
for file in lightproc proc_stack proc_state; do
    sed -nE 's,^ *//[/!] ?,,p' "lightproc/src/$file.rs" | sed 's/crate::lightproc/lightproc/' >"lightproc-tests/src/$file.md"
    printf '#[doc = include_str!("%s.md")]\npub mod %s {}\n' "$file" "$file" >>lightproc-tests/src/lib.rs
done
lock lightproc-tests lightproc
compare_tests "lightproc 0.3.5, its tests and docs" lightproc-tests lightproc

# The tests of its module `state` see what is private there, so they move in with ours.
rm -rf lightproc-state && cp -r "$ports/lightproc" lightproc-state
sed -i -e "s,path = \"../..\",path = \"$(dirname "$ports")\"," -e '/^\[lints\]/,$d' lightproc-state/Cargo.toml
echo '[workspace]' | tee -a lightproc-state/Cargo.toml >>lightproc/Cargo.toml
sed -n '/^#\[cfg(test)\]/,$p' lightproc/src/state.rs >>lightproc-state/src/state.rs
state() { # <folder>: how many of them pass
    (cd "$1" && cargo test --lib 2>&1) | sed -nE 's/^test result: .* ([0-9]+) passed; ([0-9]+) failed.*/\1 \2/p' |
        awk '{ print $1 " of " $1 + $2 }'
}
row "lightproc 0.3.5, those of its module, passed" "$(state lightproc)" "$(state lightproc-state)" ""
[ "$(state lightproc)" = "$(state lightproc-state)" ] || fail "tests of the module state"

rm -rf lightproc-bench && cp -r "$ports/lightproc/bench" lightproc-bench
lock lightproc-bench lightproc
for which in plain patched; do
    mkdir -p "programs/$which"
    with "$which" lightproc-bench lightproc build --quiet --release
    cp build/release/lightproc-bench "programs/$which"
done
while IFS='|' read -r step title; do
    at_most 1.00 "$title, instructions" "$(instructions programs/plain/lightproc-bench "$step")" \
        "$(instructions programs/patched/lightproc-bench "$step")"
done <<'END'
self-wake|a process wakes itself, and runs
wake|wake by a waker, run
spawn|spawn, detach, run
join|spawn, run, join
wait-join|spawn, wait, run, join
cancel|spawn, cancel, run
END
at_most 1.00 "a process, bytes" "$(programs/plain/lightproc-bench bytes)" "$(programs/patched/lightproc-bench bytes)"

mapfile -t theirs < <(find lightproc/src -name '*.rs')
mapfile -t ours < <(find "$ports/lightproc/src" -name '*.rs')
row "lines of code" "$(code "${theirs[@]}")" "$(code "${ours[@]}")" ""
row "lines with unsafe" "$(unsafe_lines "${theirs[@]}")" "$(unsafe_lines "${ours[@]}")" ""
[ "$(unsafe_lines "${ours[@]}")" -le 3 ] || fail "more than 3 lines with unsafe"
finish
