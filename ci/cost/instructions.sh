#!/usr/bin/env bash
# Instructions that a thousand rounds of each path execute, beside those of ci/cost/instructions.txt. Paths of
# ci/cost/ratios.txt call the system's allocator or comparison: they are printed for ratios.awk. Called with the program; with
# `--write` behind it, writes the table.
set -euo pipefail
cd "$(dirname "$0")"
table=instructions.txt compiler=$(rustc --version) bad=0
count() {
    valgrind --tool=callgrind --toggle-collect=measured --callgrind-out-file=/dev/null "$1" "$2" 2>&1 |
        sed -n 's/.*Collected : //p'
}
is_relative() { cut -f 1,2 ratios.txt | grep -qw -- "$1"; }
paths=$(sed -n 's/^        "\([a-z0-9_]*\)" => .*/\1/p' src/main.rs)
if [ "${2:-}" = --write ]; then
    { echo "# $compiler"; for path in $paths; do is_relative "$path" || echo "$path $(count "$1" "$path")"; done; } >$table
fi
grep -qxF "# $compiler" $table || { echo "the table is of $(head -1 $table), this is $compiler: printed, not compared"; skip=1; }
for path in $paths; do
    now=$(count "$1" "$path") before=$(sed -n "s/^$path //p" $table)
    if is_relative "$path"; then echo "$path: $now"; continue; fi
    echo "$path: $now, in the table ${before:-none}"
    [ -n "${skip:-}" ] || { [ -n "$before" ] && [ $((now * 100)) -le $((before * 102)) ]; } || { echo "^ GREW"; bad=1; }
done
exit $bad
