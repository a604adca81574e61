#!/usr/bin/env bash
# Compares two builds of one criterion bench: `bench.sh <one> <other> <folder for criterion> <rounds>`.
# The builds take turns, so that what else the machine does hits both; a round is short and goes through all benchmarks,
# so that each sees some quiet moment; the fastest round counts. Prints nanoseconds, nanoseconds, and the ratio of the
# second to the first, and the geometric mean last.
set -euo pipefail
one=$(realpath "$1") other=$(realpath "$2") rounds=$4
mkdir -p "$3"
export CRITERION_HOME
CRITERION_HOME=$(realpath "$3")
cd "$CRITERION_HOME"

once() { # <build> <benchmark>: the lowest of criterion's three estimates, in nanoseconds
    timeout 120 "$1" --bench --noplot --discard-baseline --exact "$2" \
        --sample-size 10 --nresamples 1000 --warm-up-time 0.1 --measurement-time 0.15 2>/dev/null |
        awk '/time: / { sub(/.*time: *\[/, "")
            print $1 * ($2 == "s" ? 1e9 : $2 == "ms" ? 1e6 : $2 == "ns" ? 1 : $2 == "ps" ? 1e-3 : 1e3) }'
}

"$one" --bench --list | sed -n 's/: benchmark$//p' >names
for ((round = 0; round < rounds; round++)); do
    while read -r name; do
        if ((round % 2)); then order="two one"; else order="one two"; fi
        for which in $order; do
            if [ "$which" = one ]; then build=$one; else build=$other; fi
            echo "$name $which $(once "$build" "$name")"
        done
    done <names
done >rounds

awk 'NF == 3 && (!(($1, $2) in best) || $3 < best[$1, $2]) { best[$1, $2] = $3 }
    NF == 3 && !seen[$1]++ { names[++n] = $1 }
    END {
        for (i = 1; i <= n; i++) {
            name = names[i]; ratio = best[name, "two"] / best[name, "one"]
            printf "%-46s %18.0f %18.0f %8.2f\n", name, best[name, "one"], best[name, "two"], ratio
            sum += log(ratio)
            if (ratio > worst) { worst = ratio; which = name }
        }
        printf "geometric mean of %d: %.2f, worst: %.2f (%s)\n", n, exp(sum / n), worst, which
    }' rounds
