#!/usr/bin/env bash
# No two files import from each other, by however many steps, and none below the root through it.
set -euo pipefail
cd "$(dirname "$0")/.."
. ci/common/tools.sh
need python3
draw() {
    python3 -B ci/imports/imports.py "$@"
}

# A crate with one fault of each kind must be refused for both, else the last line proves nothing.
wrong=$(mktemp -d)
trap 'rm -r "$wrong"' EXIT
echo 'mod a; mod b; mod c; pub use a::A;' >"$wrong/lib.rs"
echo 'use crate::b; pub struct A(b::B);' >"$wrong/a.rs"
echo 'use super::{self as root, c::{C, D as E}}; pub struct B(C, E);' >"$wrong/b.rs"
echo 'pub struct C(super::a::A); pub struct D;' >"$wrong/c.rs"
if found=$(draw "$wrong"); then echo "a circle was not seen" >&2; exit 1; fi
[ "$(grep -c 'imports from' <<<"$found") $(grep -c 'through the root' <<<"$found")" = "3 1" ] || { echo "$found"; exit 1; }

draw src pipeline/src
