#!/usr/bin/env bash
# No example reads what it may not, or leaks. One that reads its input gets `examples/<name>.in`.
set -euo pipefail
cd "$(dirname "$0")/.."
. ci/common/tools.sh
need valgrind

cargo build --examples
for example in examples/*.rs; do
    name=$(basename "$example" .rs)
    input=/dev/null
    [ ! -e "examples/$name.in" ] || input="examples/$name.in"
    echo "example $name"
    # Std holds the handles of threads by pointers into their middle, which look possibly lost.
    valgrind --quiet --leak-check=full --show-leak-kinds=definite,indirect \
        --errors-for-leak-kinds=definite,indirect --error-exitcode=99 \
        "${CARGO_TARGET_DIR:-target}/debug/examples/$name" <"$input"
done
