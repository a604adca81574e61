#!/usr/bin/env bash
# Asks every route of the program `http` with curl, then loads it with wrk: `http.sh <program> <seconds>`. All on
# loopback. Prints what came, for each load `load: <which>|<requests a second>|<median>|<99th percentile>|<processor time a
# request>`, the last three in µs; fails if a request failed.
set -euo pipefail
program=$1 seconds=$2
ulimit -n 4096
room=$(mktemp -d)
mkfifo "$room/in"
"$program" 0 <"$room/in" >"$room/out" 2>"$room/err" &
server=$!
exec 3>"$room/in"
trap 'kill $server 2>/dev/null || true; rm -rf "$room"' EXIT
trap 'exit 1' INT TERM
for ((i = 0; i < 100; i++)); do grep -q : "$room/out" && break; sleep 0.1; done
address="http://$(cat "$room/out")"

ask() { # <path> <answer> [options of curl]
    local answer
    answer=$(curl --silent --show-error --max-time 10 "${@:3}" "$address$1")
    [ "$answer" = "$2" ] || { echo "$1: $answer" >&2; exit 1; }
}
body=$(seq 20000)
ask / "Hello."
ask /echo "$body" --data-binary @- <<<"$body"
ask /ticks "$(printf 'line %d\n' {0..9})"
ask /sum 5050
ask /wait waited
ask /blocking "from another thread"
ask /cancel None
ask /panic 'Some("on purpose")'
ask /nowhere "not here"
ask / "Hello." --http1.1 --next --silent --output /dev/null "$address/sum" # one connection, two requests
echo "routes: 9 of 9"

ticks() { awk '{ print $14 + $15 }' "/proc/$server/stat"; } # hundredths of a second of the server's processor time

for load in "64 /" "1000 /" "64 /sum"; do
    read -r connections path <<<"$load"
    before=$(ticks)
    wrk --threads 2 --connections "$connections" --duration "${seconds}s" --timeout 10s --latency "$address$path" \
        >"$room/wrk"
    if grep -E 'Socket errors|Non-2xx' "$room/wrk" >&2; then exit 1; fi
    awk -v load="$load" -v cpu=$((($(ticks) - before) * 10000)) 'function us(t) { return t ~ /us$/ ? t + 0 : t ~ /ms$/ ? t * 1e3 : t * 1e6 }
        / requests in / { requests = $1 }
        $1 == "50%" { p50 = us($2) } $1 == "99%" { p99 = us($2) } $1 == "Requests/sec:" { rate = $2 }
        END { if (!rate) exit 1; sub(" ", " connections, ", load); printf "load: %s|%s|%s|%s|%.2f\n", load, rate, p50, p99, cpu / requests }' "$room/wrk"
done
exec 3>&-
for ((i = 0; i < 100; i++)); do kill -0 "$server" 2>/dev/null || break; sleep 0.1; done
if kill -0 "$server" 2>/dev/null; then echo "the server does not end with its input" >&2 && exit 1; fi
wait "$server"
[ ! -s "$room/err" ] || { cat "$room/err" >&2; exit 1; }
