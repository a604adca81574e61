#!/usr/bin/env bash
# The oldest compiler builds the library: for this machine, for 32 bits, for bare metal, and without compare-and-swap.
set -euo pipefail
cd "$(dirname "$0")/.."
. ci/common/oldest.sh

# Without debug information, most of which would be core's: that is compiled in full.
export CARGO_PROFILE_DEV_DEBUG=0 RUSTFLAGS="-D warnings"
check() {
    echo "check $*"
    oldest check --quiet --package waker_tables --lib "$@"
}
check
check --all-features
core="--no-default-features -Zbuild-std=core,alloc"
with_cas="--target thumbv7em-none-eabi --target i686-unknown-linux-gnu"
without_cas="--target thumbv6m-none-eabi --target riscv32imc-unknown-none-elf"
check $core $with_cas $without_cas
check $core $with_cas $without_cas --features shared,set
check $core $with_cas $without_cas --features alloc,registry,shared,set
check $core $with_cas --features alloc,registry,shared,set,portable-atomic
check $core $with_cas --features shared,tracing
# Sound on one core with interrupts that can be masked, which is for the user of such a target to say.
one_core=portable-atomic,portable-atomic/unsafe-assume-single-core
check $core $without_cas --features shared,set,$one_core
check $core $without_cas --features alloc,registry,shared,set,$one_core
