#!/usr/bin/env bash
# The oldest compiler builds the library: for this machine, for 32 bits, for bare metal, and without compare-and-swap.
set -euo pipefail
cd "$(dirname "$0")/.."
. ci/common/oldest.sh

check() {
    echo "check $*"
    oldest check --quiet --package waker_tables --lib "$@"
}
check
check --all-features
check --no-default-features

export CARGO_PROFILE_DEV_DEBUG=0 # of core, which is compiled in full
core="--no-default-features -Zbuild-std=core,alloc"
with_cas="--target thumbv7em-none-eabi --target i686-unknown-linux-gnu"
without_cas="--target thumbv6m-none-eabi --target riscv32imc-unknown-none-elf"
for features in "" alloc; do
    check $core $with_cas $without_cas --features "$features"
done
check $core $with_cas --features portable-atomic
# Sound on one core with interrupts that can be masked, which is for the user of such a target to say.
check $core $without_cas --features portable-atomic,portable-atomic/unsafe-assume-single-core
