#!/usr/bin/env bash
# The likely mistakes give one error each, where the mistake is.
set -euo pipefail
cd "$(dirname "$0")/.."
. ci/common/tools.sh
need python3

output=$(mktemp)
trap 'rm "$output"' EXIT
python3 -B ci/mistakes/check.py "$output" ci/mistakes/programs/*.rs
