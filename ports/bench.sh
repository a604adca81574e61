#!/usr/bin/env bash
# Compares two builds of one criterion bench: `bench.sh <one> <other> <folder for criterion> <rounds>`.
# The builds take turns at each benchmark, so that what else the machine does hits both, and rounds are short, so that
# some see nothing else; the fastest counts. Prints nanoseconds, nanoseconds, and the ratio of the second to the first, and the geometric mean last.
set -euo pipefail
one=$(realpath "$1") other=$(realpath "$2") rounds=$4
mkdir -p "$3"
export CRITERION_HOME
CRITERION_HOME=$(realpath "$3")
cd "$CRITERION_HOME"

once() { # the lowest of criterion's three estimates, in nanoseconds
    "$1" --bench --noplot --discard-baseline --exact "$2" \
        --sample-size 10 --nresamples 1000 --warm-up-time 0.1 --measurement-time 0.15 2>/dev/null |
        awk '/time: / { sub(/.*time: *\[/, ""); unit = $2; x = $1
            print x * (unit == "s" ? 1e9 : unit == "ms" ? 1e6 : unit == "ns" ? 1 : unit == "ps" ? 1e-3 : 1e3) }'
}

"$one" --bench --list | sed -n 's/: benchmark$//p' | while read -r name; do
    for ((round = 0; round < rounds; round++)); do
        if ((round % 2)); then
            echo "two $(once "$other" "$name")"
            echo "one $(once "$one" "$name")"
        else
            echo "one $(once "$one" "$name")"
            echo "two $(once "$other" "$name")"
        fi
    done | awk -v name="$name" 'NF == 2 && (!($1 in best) || $2 < best[$1]) { best[$1] = $2 }
        END { printf "%-46s %12.0f %12.0f %6.2f\n", name, best["one"], best["two"], best["two"] / best["one"] }'
done | tee figures
awk '{ sum += log($NF); n++; if ($NF > worst) { worst = $NF; which = $1 } }
    END { printf "geometric mean of %d %.2f, worst %.2f (%s)\n", n, exp(sum / n), worst, which }' figures
