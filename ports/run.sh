#!/usr/bin/env bash
# Known runtimes, unmodified, on this crate's tasks and wakers: `run.sh [step…]`, all steps if none is named.
#
#   tests     async-task's own tests; async-executor's own tests
#   futures   the tests of futures and futures-executor, on `futures-task`
#   sets      futures-buffered's own tests, with its module for wakers replaced; the tests of futures, with `FuturesUnordered`
#             replaced in futures-util
#   examples  async-executor's examples; smol's examples that need nothing but loopback
#   http      a server on smol and hyper: every route, then a load
#   bytes     what a task takes
#   steps     how long the steps of its life take
#   bench     async-executor's benchmarks
#   compio    compio-executor: its tests, its loom suite, instructions and bytes of its tasks. Fails where the port is dearer
#   lightproc lightproc, likewise
#   embassy   embassy-executor with its raw part on static tasks: its tests, timers, instructions and bytes; fails also where
#             a number is not reached
#
# Each runs with the published package and with the one here, put in its place through `[patch]`. What is published comes
# from the package registry, is used as it is, and stays under `target`. Fails if a test or an example that is well with the
# published package is not with ours, or if a request fails.
#
# PORTS_SECONDS (10): of each load. PORTS_ROUNDS (3): of loads; eight times as many
# of benchmarks. The two take turns, and the best round counts.
# PORTS_SCRATCH: where all is built.
set -euo pipefail
cd "$(dirname "$0")"
ports=$PWD
seconds=${PORTS_SECONDS:-10} rounds=${PORTS_ROUNDS:-3}
# shellcheck source=lib.sh
. "$ports/lib.sh"

executor() {
    mkdir -p executor
    printf '[workspace]\nresolver = "2"\nmembers = ["async-executor"]\n' >executor/Cargo.toml
    published async-executor 1.14.1 executor/async-executor
    lock executor async-task
}

step_tests() {
    published async-task 4.7.1 async-task
    mkdir -p tests/src && touch tests/src/lib.rs
    cp "$ports/published/async-task.toml" tests/Cargo.toml
    cp -r async-task/tests tests
    lock tests async-task
    compare_tests "async-task 4.7.1, its tests" tests async-task --tests
    executor
    compare_tests "async-executor 1.14.1, its tests" executor async-task --all-features
}

step_futures() {
    published futures 0.3.34 futures
    published futures-executor 0.3.34 futures-executor
    mkdir -p futures-tests/src && touch futures-tests/src/lib.rs
    cp "$ports/published/futures.toml" futures-tests/Cargo.toml
    cp -r futures/tests futures-executor/tests futures-tests
    lock futures-tests futures-task
    compare_tests "futures and futures-executor 0.3.34, their tests" futures-tests futures-task --tests
}

step_sets() {
    local which
    published futures-buffered 0.2.14 futures-buffered
    for which in plain patched; do
        rm -rf "buffered/$which" && mkdir -p "buffered/$which"
        cp -r futures-buffered/src futures-buffered/tests "buffered/$which"
        rm "buffered/$which/tests/http.rs" # It asks hosts of the internet.
        sed "s,@waker_tables@,$(dirname "$ports")," "$ports/published/futures-buffered.toml" >"buffered/$which/Cargo.toml"
        [ "$which" = plain ] || cp "$ports/futures-buffered/waker_list.rs" buffered/patched/src
        [ ! -e buffered/Cargo.lock ] || cp buffered/Cargo.lock "buffered/$which"
        (cd "buffered/$which" && timeout --kill-after=10 1800 cargo test --no-fail-fast --lib --tests) \
            >"buffered/$which.log" 2>&1 || true
        cp "buffered/$which/Cargo.lock" buffered
    done
    compare_logs "futures-buffered 0.2.14, its tests" buffered

    published futures 0.3.34 futures
    rm -rf changed/futures-util
    published futures-util 0.3.34 changed/futures-util
    rm -r changed/futures-util/src/stream/futures_unordered
    echo 'pub use futures_unordered::*;' >changed/futures-util/src/stream/futures_unordered.rs
    printf '[dependencies.futures-unordered]\npath = "%s"\n' "$ports/futures-unordered" >>changed/futures-util/Cargo.toml
    mkdir -p unordered/src && touch unordered/src/lib.rs
    cp "$ports/published/futures.toml" unordered/Cargo.toml
    cp -r futures/tests unordered
    lock unordered futures-util
    compare_tests "futures 0.3.34, its tests, on FuturesUnordered" unordered futures-util --tests
}

step_examples() {
    need openssl openssl
    need unshare util-linux
    need curl curl
    need pkg-config pkg-config
    need /usr/include/openssl/ssl.h libssl-dev
    executor
    mkdir -p smol
    printf '[workspace]\nresolver = "2"\nmembers = ["smol"]\n' >smol/Cargo.toml
    published smol 2.0.2 smol/smol
    lock smol async-task
    local which name examples=()
    for name in tcp-server tcp-client chat-server chat-client hyper-server hyper-client linux-timerfd unix-signal ctrl-c; do
        examples+=(--example "$name")
    done
    for which in plain patched; do
        rm -rf "programs/$which" && mkdir -p "programs/$which"
        with "$which" smol async-task build --quiet "${examples[@]}"
        with "$which" executor async-task build --quiet --examples
        find build/debug/examples -maxdepth 1 -type f -perm -u+x ! -name '*-????????????????' \
            -exec cp -t "programs/$which" {} +
        timeout --kill-after=10 180 "$ports/examples.sh" "programs/$which" | tee "programs/$which.examples"
        for name in limit priority; do
            if timeout 60 "programs/$which/$name" >/dev/null; then echo "$name ok"; else echo "$name FAILED"; fi
        done | tee -a "programs/$which.examples"
    done
    comm -23 <(grep ok programs/plain.examples | sort) <(sort programs/patched.examples) >lost
    [ ! -s lost ] || fail "examples: $(cat lost)"
    ok() { echo "$(grep -c ok "programs/$1.examples") of $(wc -l <"programs/$1.examples")"; }
    row "examples of async-executor and smol, to their end" "$(ok plain)" "$(ok patched)" ""
}

http() { # builds our two programs
    cp -r "$ports/http" .
    lock http async-task
    for which in plain patched; do
        mkdir -p "programs/$which"
        with "$which" http async-task build --quiet --release
        cp build/release/{http,bytes,steps} "programs/$which"
    done
}

step_http() {
    need wrk wrk
    need curl curl
    http
    local which round name
    rm -f programs/*.http
    for ((round = 0; round < rounds; round++)); do
        for which in plain patched; do
            timeout --kill-after=10 $((seconds * 3 + 120)) "$ports/http.sh" "programs/$which/http" "$seconds" | tee -a "programs/$which.http" ||
                fail "http, $which: a request failed"
        done
    done
    row "routes of the HTTP server" "$(sed -n 's/routes: //p' programs/plain.http | head -n 1)" \
        "$(sed -n 's/routes: //p' programs/patched.http | head -n 1)" ""
    best() { # <plain|patched> <load> <field> <sort's options>: the best of the rounds
        grep -F "load: $2|" "programs/$1.http" | cut -d'|' -f"$3" | sort "$4" | head -n 1
    }
    both() { # <title> <load> <field> <sort's options>
        local one two
        one=$(best plain "${@:2}") two=$(best patched "${@:2}")
        row "$1" "$one" "$two" "$(ratio "$one" "$two")"
    }
    while read -r name; do
        both "$name: requests/s" "$name" 2 -gr
        both "    median, µs" "$name" 3 -g
        both "    99th percentile, µs" "$name" 4 -g
        both "    processor time a request, µs" "$name" 5 -g
    done < <(sed -n 's/load: \([^|]*\)|.*/\1/p' programs/plain.http | sort -u)
}

step_bytes() {
    http
    local size bytes allocations bytes2 allocations2
    while read -r size bytes allocations _ bytes2 allocations2; do
        row "task of a future of $size bytes, bytes" "$bytes" "$bytes2" "$(ratio "$bytes" "$bytes2")"
        row "    allocations" "$allocations" "$allocations2" "$(ratio "$allocations" "$allocations2")"
    done < <(paste -d' ' <(programs/plain/bytes) <(programs/patched/bytes))
}

step_steps() {
    http
    local which round
    rm -f programs/*.steps
    for ((round = 0; round < rounds; round++)); do
        for which in plain patched; do "programs/$which/steps" >>"programs/$which.steps"; done
    done
    local name
    while read -r name; do
        best() { grep -F "$2|" "programs/$1.steps" | cut -d'|' -f2 | sort -g | head -n 1; }
        row "$name, ns" "$(best plain "$name")" "$(best patched "$name")" \
            "$(ratio "$(best plain "$name")" "$(best patched "$name")")"
    done < <(cut -d'|' -f1 programs/plain.steps | awk '!seen[$0]++')
}

step_bench() {
    executor
    local which
    for which in plain patched; do
        mkdir -p "programs/$which"
        with "$which" executor async-task bench --quiet --all-features --no-run --message-format json |
            sed -n 's/.*"name":"executor".*"executable":"\([^"]*\)".*/\1/p' | xargs -I{} cp {} "programs/$which/bench"
    done
    "$ports/bench.sh" programs/plain/bench programs/patched/bench criterion $((rounds * 8)) | tee bench.txt
    mapfile -t -O "${#summary[@]}" summary <bench.txt
}

step_embassy() {
    . "$ports/embassy/steps.sh"
}

steps=("$@")
[ $# -gt 0 ] || steps=(tests futures sets examples http bytes steps bench compio lightproc embassy)
for step in "${steps[@]}"; do
    echo "=== $step"
    if [ -e "$ports/$step/run.sh" ]; then
        "$ports/$step/run.sh" || failed=1
    else
        "step_$step"
    fi
done
[ ${#summary[@]} = 0 ] || finish
[ "$failed" = 0 ]
