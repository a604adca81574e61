#!/usr/bin/env bash
# The rules that no machine checks, under both models of borrowing and with several schedules of the threads.
set -euo pipefail
cd "$(dirname "$0")/.."
. ci/common/tools.sh
cargo +nightly miri --version 2>/dev/null || lacking "Miri (rustup toolchain install nightly --component miri,rust-src)"

for model in "" -Zmiri-tree-borrows; do
    export MIRIFLAGS="-Zmiri-strict-provenance $model"
    echo "Miri $MIRIFLAGS"
    cargo +nightly miri test --package waker_tables --package waker_laws --features waker_tables/tracing
    # Pointers are counted by `Arc`, or not at all.
    MIRIFLAGS+=" -Zmiri-many-seeds=0..8" cargo +nightly miri test --features tracing --test it -- --skip laws::wakers
done
