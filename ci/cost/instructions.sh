#!/usr/bin/env bash
# What a thousand rounds of each path execute, beside the numbers of ci/cost/instructions.txt: instructions, conditional
# jumps, indirect jumps and calls. `.._of_..` are the same things done by others. Paths of ci/cost/ratios.txt call the
# system's allocator or comparison: they are printed for ratios.awk. Called with the program; with `--write` behind it,
# writes the table.
set -euo pipefail
cd "$(dirname "$0")"
table=instructions.txt compiler=$(rustc --version) bad=0
count() {
    valgrind --tool=callgrind --branch-sim=yes --toggle-collect=measured --callgrind-out-file=/dev/null "$1" "$2" 2>&1 |
        sed -n 's/.*Collected : \([0-9]*\) \([0-9]*\) [0-9]* \([0-9]*\) .*/\1 \2 \3/p'
}
is_relative() { cut -f 1,2 ratios.txt | grep -qw -- "$1"; }
paths=$(sed -n 's/^        "\([a-z0-9_]*\)" => .*/\1/p' src/main.rs)
if [ "${2:-}" = --write ]; then
    { echo "# $compiler"; for path in $paths; do is_relative "$path" || echo "$path $(count "$1" "$path")"; done; } >$table.new
    mv $table.new $table
fi
grep -qxF "# $compiler" $table || { echo "the table is of $(head -1 $table), this is $compiler: printed, not compared"; skip=1; }
for path in $paths; do
    read -r now jumps calls <<<"$(count "$1" "$path")"
    if is_relative "$path"; then echo "$path: $now $jumps $calls"; continue; fi
    read -r before jumps_before calls_before <<<"$(sed -n "s/^$path //p" $table)"
    echo "$path: $now $jumps $calls, in the table ${before:-nothing} ${jumps_before:-} ${calls_before:-}"
    [[ -z "${skip:-}" && $path != *_of_* ]] || continue # Others' code.
    { [ -n "$before" ] && [ $((now * 100)) -le $((before * 102)) ] && [ "$jumps" -le "$jumps_before" ] &&
        [ "$calls" -le "$calls_before" ]; } || { echo "^ GREW"; bad=1; }
done
exit $bad
