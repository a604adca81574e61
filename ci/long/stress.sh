#!/usr/bin/env bash
# Ten million random steps with shared tasks, on several threads, against counts of what was done. The seed can be given.
set -euo pipefail
cd "$(dirname "$0")/../.."

export WAKER_TABLES_STRESS_SEED="${1:-$RANDOM}" WAKER_TABLES_STRESS_STEPS="${2:-10000000}"
echo "seed $WAKER_TABLES_STRESS_SEED"
cargo test --release --test it -- shared::stress --nocapture
