#!/usr/bin/env bash
# Locked instructions that a thousand rounds of a path execute, beside those of ci/cost/locks.txt, exactly. The first row is
# known, and proves that they are found. Called with the program.
set -euo pipefail
cd "$(dirname "$0")"
scratch=$(mktemp -d)
trap 'rm -r "$scratch"' EXIT
objdump -d --no-show-raw-insn "$1" >"$scratch/code"
bad=0
while IFS=$'\t' read -r path table; do
    valgrind --quiet --tool=callgrind --dump-instr=yes --toggle-collect=measured \
        --callgrind-out-file="$scratch/costs" "$1" "$path" >/dev/null 2>&1
    now=$(awk -f locks.awk "$scratch/code" "$scratch/costs")
    echo "locked instructions of $path: $now, in the table $table"
    [ "$now" -eq "$table" ] || { echo "^ DIFFERS"; bad=1; }
done < <(grep -v '^#' locks.txt)
exit $bad
