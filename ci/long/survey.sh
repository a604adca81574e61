#!/usr/bin/env bash
# Tries the laws on the published implementations once more: the tables of `docs/laws.md` are what it finds, and the
# programs of its red cells build. Some five minutes, on a machine that does little else.
set -euo pipefail
cd "$(dirname "$0")/../.."

cargo build --locked --manifest-path laws/survey/Cargo.toml --bins --examples
diff <(sed -n '/^| implementation | version /,/^$/p' docs/laws.md | grep '^|') \
    <(cargo run --locked --quiet --manifest-path laws/survey/Cargo.toml 2>/dev/null)
