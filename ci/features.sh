#!/usr/bin/env bash
# Every combination of features builds without a warning, and without any the crate links and runs with no library.
set -euo pipefail
cd "$(dirname "$0")/.."

mapfile -t features < <(sed -n '/^\[features\]/,/^\[dep/s/^\([a-z-]*\) = .*/\1/p' Cargo.toml | grep -vx default)
[ ${#features[@]} -ge 4 ] # else the line above reads Cargo.toml wrongly
# `std` brings `alloc`, for one: a set that does not say so is the same as one that does.
for set in $(seq 0 $((2 ** ${#features[@]} - 1))); do
    chosen=
    for at in "${!features[@]}"; do
        if ((set >> at & 1)); then chosen+="${features[at]},"; fi
    done
    for feature in ${chosen//,/ }; do
        for brought in $(sed -n "s/^$feature = \[\(.*\)\]/\1/p" Cargo.toml | grep -o '"[a-z]*"' | tr -d '"'); do
            [[ ,$chosen == *",$brought,"* ]] || continue 3
        done
    done
    echo "features: ${chosen:-none}"
    RUSTFLAGS="-D warnings" cargo check --quiet --package waker_tables --lib --no-default-features --features "$chosen"
done
cargo run --quiet --no-default-features --example no_alloc

export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}/freestanding"
RUSTFLAGS="-Clink-arg=-nostartfiles -Clink-arg=-nostdlib -Clink-arg=-static -Crelocation-model=static" \
    cargo build --quiet --release --manifest-path ci/freestanding/Cargo.toml
"$CARGO_TARGET_DIR/release/freestanding"
echo "the freestanding program ran to its end"
