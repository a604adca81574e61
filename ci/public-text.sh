#!/usr/bin/env bash
# Nothing committed speaks of the machine it was written on, the README stays short, and the code on pages is whole: rustdoc
# hides lines that begin with `# `, other readers of Markdown do not.
set -euo pipefail
cd "$(dirname "$0")/.."

git ls-files --error-unmatch README.md >/dev/null # without a repository there is no verdict
# The brackets keep the pattern from finding itself.
if git grep -nIE '(^|[^[:alnum:]_.~-])/(root|home|Users|wor[k])(/|\b)|\.\./share[d]' -- . ':!Cargo.lock'; then
    echo "a path of one machine" >&2
    exit 1
fi
lines=$(wc -l <README.md)
[ "$lines" -le 180 ] || { echo "README.md has $lines lines, more than 180" >&2; exit 1; }

pages=$(git ls-files '*.md' ':!src' ':!tests')
# shellcheck disable=SC2086 # one word a page
awk '/^```/ { code = !code && /rust/; if (code) rust[FILENAME] } code && /^#( |$)/ { print FILENAME ":" FNR ": " $0; bad = 1 }
    END { for (page in rust) if (system("grep -qF " page " src/doctests.rs")) { print page " is not tested"; bad = 1 }; exit bad }' $pages
