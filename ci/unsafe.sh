#!/usr/bin/env bash
# `unsafe` stands in the files that a row of docs/safety.md names, in all of those, and in nothing that a macro emits.
set -euo pipefail
cd "$(dirname "$0")/.."

code() { # without comments and without the tests at the end of a file
    sed -e '/^#\[cfg(.*\<test\>.*)\]/,$d' -e 's,//.*,,' "$1"
}
listed=$(sed -n 's/^| `\(src\/[^`]*\)`.*/\1/p' docs/safety.md | sort)
found=$(find src -name '*.rs' | sort | while read -r file; do
    if code "$file" | grep -w unsafe >/dev/null; then echo "$file"; fi
done)
diff <(echo "$listed") <(echo "$found") || { echo "< docs/safety.md, > the code" >&2; exit 1; }
if code src/macros.rs | grep -nw unsafe; then
    echo "a macro emits unsafe" >&2
    exit 1
fi

lines=$(wc -l <src/lib.rs)
[ "$lines" -le 150 ] || { echo "src/lib.rs has $lines lines, a front door 150" >&2; exit 1; }
