#!/usr/bin/env bash
# `will_wake` and recovery are exact in every profile, across crates and beside a second copy of the crate.
set -euo pipefail
cd "$(dirname "$0")/.."

second=ci/identity/target/second
rm -rf "$second"
mkdir -p "$second"
cp -r src "$second"
sed -e '/^\(default-\)\?members /d' -e '0,/^version = .*/s//version = "99.0.0"/' Cargo.toml >"$second/Cargo.toml"

export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}/identity"
for profile in dev units-1 units-16 units-256 fat; do
    echo -n "$profile: "
    cargo run --quiet --manifest-path ci/identity/Cargo.toml --profile "$profile"
done
# The linker's own merging of equal functions comes on top.
echo -n "fat, equal functions merged by the linker: "
RUSTFLAGS="-Clink-arg=-Wl,--icf=all" cargo run --quiet --manifest-path ci/identity/Cargo.toml --profile fat
# Equal data too, though its addresses are compared: then only pointer types are told apart.
for profile in units-1 fat; do
    echo -n "$profile, equal functions and data merged by the linker, types: "
    RUSTFLAGS="-Clink-arg=-Wl,--icf=all,--ignore-data-address-equality" \
        cargo run --quiet --manifest-path ci/identity/Cargo.toml --profile "$profile" -- types
done
