#!/usr/bin/env bash
# What the hot paths cost: locked instructions, indirect calls and conditional jumps in their machine code, and how many
# instructions they execute. The first may not grow at all, the second by 2 % where the compiler is the table's; some are
# held against each other, and of some the locked instructions that they execute are counted. `--write` takes what is there
# for the new tables; the difference belongs into the commit that made it.
set -euo pipefail
cd "$(dirname "$0")/.."
. ci/common/tools.sh
need valgrind binutils
test "$(uname -m)" = x86_64 || { echo "lacking: an x86-64 machine"; exit 1; }
target="${CARGO_TARGET_DIR:-$PWD/target}/cost"
RUSTFLAGS="-C symbol-mangling-version=v0" \
    cargo build --quiet --release --manifest-path ci/cost/Cargo.toml --target-dir "$target"
listing() {
    # Names first, since equal functions share an address and the disassembly names one of them.
    nm -C "$1"
    readelf -rW "$1"
    objdump -dC --no-show-raw-insn "$1"
}
table=ci/cost/costs.txt
if [ "${1:-}" = --write ]; then
    listing "$target/release/libcost.so" | awk -v write=1 -f ci/cost/count.awk $table - >"$target/costs.txt"
    cp "$target/costs.txt" $table
fi
bad=0
listing "$target/release/libcost.so" | awk -f ci/cost/count.awk $table - || bad=1
bash ci/cost/instructions.sh "$target/release/cost" "$@" | awk -f ci/cost/ratios.awk ci/cost/ratios.txt - || bad=1
bash ci/cost/locks.sh "$target/release/cost" || bad=1
exit $bad
