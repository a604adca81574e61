#!/usr/bin/env bash
# Text and bytes off the wire, made up by libFuzzer under AddressSanitizer: each target for a minute, or for the seconds
# that are given. What it finds and keeps is under the target directory.
set -euo pipefail
cd "$(dirname "$0")/../.."
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}/fuzz"
target=x86_64-unknown-linux-gnu

# What cargo-fuzz would ask of the compiler. RUSTC_BOOTSTRAP: any toolchain will do.
export RUSTC_BOOTSTRAP=1
coverage=(level=4 inline-8bit-counters pc-table trace-compares)
RUSTFLAGS="--cfg fuzzing -Zsanitizer=address -Cpasses=sancov-module -Ccodegen-units=1"
for part in "${coverage[@]}"; do RUSTFLAGS+=" -Cllvm-args=-sanitizer-coverage-$part"; done
export RUSTFLAGS
cargo build --release --manifest-path fuzz/Cargo.toml --target "$target"

for fuzzer in parse build_task; do
    corpus="$CARGO_TARGET_DIR/corpus/$fuzzer"
    mkdir -p "$corpus"
    printf 'etl/count@v1 to be' >"$corpus/known"
    "$CARGO_TARGET_DIR/$target/release/$fuzzer" -max_total_time="${1:-60}" -max_len=400 -print_final_stats=1 \
        -artifact_prefix="$CARGO_TARGET_DIR/" "$corpus"
done
