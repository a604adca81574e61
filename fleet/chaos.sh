#!/usr/bin/env bash
# chaos.sh MINUTES: a fleet while everything goes wrong that may, and a count at the end. Needs postgresql-15 and
# libfaketime; as root and with iproute2, half the workers are another host: a network namespace behind a veth pair.
# PROGRAM and CUT are the two programs, if they are not in target/debug.
set -euo pipefail
cd "$(dirname "$0")"
. ./server.sh
minutes=${1:?chaos.sh MINUTES}
program=$(realpath "${PROGRAM:-target/debug/fleet}") cut=$(realpath "${CUT:-target/debug/examples/cut}")
SERVER_BIN=$(server_bin)
faketime=$(ls /usr/lib/*/faketime/libfaketime.so.1 2>/dev/null || true)
[ -n "$faketime" ] || { echo "no libfaketime; this installs it: apt-get install -y libfaketime" >&2; exit 3; }
total=$((minutes * 60)) lease=4
dir=$(mktemp -d)
chmod 755 "$dir"
here=() there=() proxy="" namespaces=""
declare -A worker=() kinds=()

clean_up() {
    local status=$?
    trap - EXIT
    kill -CONT "${worker[@]}" 2>/dev/null || true
    kill -9 "${worker[@]}" $proxy ${producer:-} 2>/dev/null || true
    wait 2>/dev/null || true
    server_stop "$dir" immediate 2>/dev/null || true
    for name in $namespaces; do ip netns del "$name" || true; done
    if [ "$status" -eq 0 ]; then rm -rf "$dir"; else echo "what is left of it: $dir" >&2; fi
}
trap clean_up EXIT
trap 'exit 130' INT TERM

# Two hosts, if this machine lets us make them.
port=$(free_port) proxy_port=$(free_port)
address=127.0.0.1 hosts="one host"
server=() remote=()
tag=$$
if [ "$(id -u)" -eq 0 ] && ip netns add "fleet-a-$tag" 2>/dev/null; then
    namespaces="fleet-a-$tag fleet-b-$tag"
    ip netns add "fleet-b-$tag"
    ip -n "fleet-a-$tag" link add name veth-a type veth peer name veth-b netns "fleet-b-$tag"
    for side in a b; do
        ip -n "fleet-$side-$tag" link set lo up
        ip -n "fleet-$side-$tag" link set "veth-$side" up
    done
    ip -n "fleet-a-$tag" addr add 10.77.0.1/30 dev veth-a
    ip -n "fleet-b-$tag" addr add 10.77.0.2/30 dev veth-b
    address=10.77.0.1 hosts="two hosts"
    server=(ip netns exec "fleet-a-$tag") remote=(ip netns exec "fleet-b-$tag")
fi

echo "+0" >"$dir/clock"
server_make "$dir" "$port"
if [ "$address" != 127.0.0.1 ]; then
    echo "listen_addresses = '127.0.0.1, $address'" >>"$dir/data/postgresql.conf"
    echo "host all all 10.77.0.0/30 trust" >>"$dir/data/pg_hba.conf"
fi
# The commands of server.sh on the server's host, and its clock in our hands.
start() {
    local try
    for try in $(seq 60); do
        "${server[@]}" bash -c '. ./server.sh; SERVER_BIN=$1; shift; server_start "$@"' - "$SERVER_BIN" "$dir" \
            "LD_PRELOAD=$faketime" "FAKETIME_TIMESTAMP_FILE=$dir/clock" FAKETIME_CACHE_DURATION=1 DONT_FAKE_MONOTONIC=1 \
            2>/dev/null && return
        sleep 0.5
    done
    echo "the server does not start" >&2
    exit 1
}
near=postgres://postgres@127.0.0.1:$port/postgres
far=postgres://postgres@127.0.0.1:$proxy_port/postgres
fleet() { "${server[@]}" "$program" --database "$near" "$@"; }
sql() { "${server[@]}" "$SERVER_BIN/psql" -qXAt -v ON_ERROR_STOP=1 "$near" -c "$1"; }
# The server may be away.
steadily() { until "$@" 2>>"$dir/steadily.log"; do sleep 0.3; done; }

start
fleet init $(for kind in echo sleep panic abort; do echo "--key trial/$kind@v1"; done) >/dev/null
"${remote[@]}" "$cut" "127.0.0.1:$proxy_port" "$address:$port" "$dir/cut" &
proxy=$!

# Workers 0 to 2 are near the server, 3 to 5 behind the proxy.
launch() {
    local url=$near host=("${server[@]}")
    [ "$1" -lt 3 ] || { url=$far host=("${remote[@]}"); }
    "${host[@]}" "$program" --database "$url" work --lease $lease --trial=1 --slots 4 --poll-limit 5 ${kinds[$1]} \
        2>>"$dir/worker.$1.log" &
    worker[$1]=$!
    disown # its end is no news
}
# Those that ended, by poison or because they were told to.
relaunch() {
    local number
    for number in 0 1 2 3 4 5; do
        kill -0 "${worker[$number]}" 2>/dev/null || { died=$((died + 1)) && launch "$number"; }
    done
}
died=0
set -f # the keys' stars are no files
for number in 0 1 2 3 4 5; do
    kinds[$number]="--keys *@v1"
    launch "$number"
done
set +f

mkdir "$dir/tree"
cp -r src tests "$dir/tree"
# The producer: a tree again and again, in v1 while that is open, and small jobs of all kinds.
produce() {
    local number=0 version
    while [ ! -e "$dir/enough" ]; do
        number=$((number + 1))
        version=""
        [ -e "$dir/drained" ] || version="--parse-version v1"
        # The same again until it is known to be there: its name makes that one batch.
        steadily fleet enqueue "$dir/tree" --batch "b$number" --shard-bytes 12000 $version >>"$dir/batches"
        steadily fleet enqueue --key trial/echo@v1 --bytes hello --count 40 --token "echo$number" >>"$dir/jobs"
        steadily fleet enqueue --key trial/sleep@v1 --bytes 300 --count 4 --token "sleep$number" >>"$dir/jobs"
        if [ $((number % 8)) -eq 1 ]; then
            steadily fleet enqueue --key trial/panic@v1 --token "panic$number" >>"$dir/poison"
            steadily fleet enqueue --key trial/sleep@v1 --bytes none --token "refused$number" >>"$dir/poison"
        fi
        [ "$number" -ne 2 ] || steadily fleet enqueue --key trial/abort@v1 --token abort >>"$dir/poison"
        sleep 0.5
    done
}
produce &
producer=$!

killed=0 stopped=0 restarts=0 crashes=0 cuts=0 jumps=0 stop_at="" stopped_worker="" cut_at="" retired=""
begin=$SECONDS
percent() { echo $(((SECONDS - begin) * 100 / total)); }
declare -A did=()
# once NAME PERCENT: true the first time that so much of the time is over.
once() { [ -z "${did[$1]:-}" ] && [ "$(percent)" -ge "$2" ] && did[$1]=1; }
set -f
while [ $((SECONDS - begin)) -lt "$total" ]; do
    sleep 1
    victim=$((RANDOM % 6))
    relaunch
    if [ "${stopped_worker:-x}" != "$victim" ] && kill -9 "${worker[$victim]}" 2>/dev/null; then
        killed=$((killed + 1))
        while kill -0 "${worker[$victim]}" 2>/dev/null; do sleep 0.01; done
        launch "$victim"
    fi
    # Beyond its lease, again and again.
    if [ -z "$stopped_worker" ] && [ $(((SECONDS - begin) % 20)) -ge 5 ]; then
        stopped_worker=$((RANDOM % 6)) stop_at=$SECONDS
        kill -STOP "${worker[$stopped_worker]}" 2>/dev/null && stopped=$((stopped + 1))
    elif [ -n "$stopped_worker" ] && [ $((SECONDS - stop_at)) -gt $((lease * 2)) ]; then
        kill -CONT "${worker[$stopped_worker]}" 2>/dev/null || true
        stopped_worker=""
    fi
    if [ -z "$cut_at" ] && { once cut1 15 || once cut2 70; }; then
        touch "$dir/cut" && cut_at=$SECONDS cuts=$((cuts + 1))
    elif [ -n "$cut_at" ] && [ $((SECONDS - cut_at)) -ge 9 ]; then
        rm "$dir/cut" && cut_at=""
    fi
    if once restart 30; then
        server_stop "$dir" fast && start && restarts=$((restarts + 1))
    fi
    if once crash 45; then
        kill -9 "$(head -1 "$dir/data/postmaster.pid")" && crashes=$((crashes + 1))
        start
    fi
    if once forth 20; then echo "+3600" >"$dir/clock" && jumps=$((jumps + 1)); fi
    if once back 55; then echo "-3600" >"$dir/clock" && jumps=$((jumps + 1)); fi
    if once right 80; then echo "+0" >"$dir/clock" && jumps=$((jumps + 1)); fi
    # v1 to v2: new workers one by one, then no new work of v1, then none at all.
    for number in 0 1 2 3 4 5; do
        if once "new$number" $((25 + 3 * number)); then kinds[$number]=""; kill -INT "${worker[$number]}" 2>/dev/null || true; fi
    done
    if once drain 50; then steadily fleet drain search/shard@v1 >/dev/null && touch "$dir/drained"; fi
    if once seal 60; then steadily fleet seal search/shard@v1 >/dev/null; fi
    if [ -n "${did[seal]:-}" ] && [ -z "$retired" ] && fleet retire search/shard@v1 >"$dir/retired" 2>/dev/null; then
        retired=$(percent)
        ended_v1=$(sql "select count(*), count(*) filter (where status = 'Done') from apalis.jobs where job_type = 'search/shard@v1'")
    fi
done
set +f

touch "$dir/enough"
rm -f "$dir/cut"
kill -CONT "${worker[@]}" 2>/dev/null || true
wait "$producer"
set -f
# What is open ends: no more harm is done, but poison still kills.
end=$((SECONDS + 180))
open="select count(*) from apalis.jobs where fleet.is_open(status, attempts, max_attempts)"
while [ "$(sql "$open")" -gt 0 ]; do
    [ $SECONDS -lt $end ] || { echo "open after 180 s:"; fleet status; exit 1; }
    relaunch
    sleep 0.5
done
set +f
if [ -z "$retired" ]; then
    fleet retire search/shard@v1 >"$dir/retired"
    retired="100" ended_v1=$(sql "select count(*), count(*) filter (where status = 'Done') from apalis.jobs where job_type = 'search/shard@v1'")
fi

failures=0
check() { [ "$2" = "$3" ] || { echo "WRONG: $1: $2, not $3" >&2; failures=$((failures + 1)); }; }
batches=$(sort -u "$dir/batches" | wc -l)
sent=$(($(cat "$dir/jobs" "$dir/poison" | sort -u | wc -l) + $(sql "select sum((info ->> 'shards')::int + (info ->> 'parts')::int) from fleet.batch")))
results=$(sql "select count(*) from fleet.result")
dead=$(sql "select count(*) from apalis.jobs where status = 'Killed'")
check "jobs in the table, and jobs sent" "$(sql "select count(*) from apalis.jobs")" "$sent"
check "results and dead" "$((results + dead))" "$sent"
check "batches" "$(sql "select count(*) from fleet.batch where missing = 0")" "$batches"
check "the dead, which are the poison" "$(sql "select id from apalis.jobs where status = 'Killed' order by id")" "$(sort -u "$dir/poison")"
check "jobs done without exactly one result" \
    "$(sql "select count(*) from apalis.jobs j left join fleet.result r on r.job = j.id where (j.status = 'Done') <> (r.job is not null)")" 0
check "jobs of v1, and done ones, since it was retired" \
    "$(sql "select count(*), count(*) filter (where status = 'Done') from apalis.jobs where job_type = 'search/shard@v1'")" "$ended_v1"
check "a job of v1 after all" "$(fleet enqueue --key search/shard@v1 >/dev/null 2>&1; echo $?)" 5
# The first and the last batch, those around the change of versions, and some between.
verified=0
for name in $(sql "select name from (select name, row_number() over (order by at) as n, count(*) over () as all_of_them,
        lag(info ->> 'key') over (order by at) <> info ->> 'key' or lead(info ->> 'key') over (order by at) <> info ->> 'key' as edge
        from fleet.batch) as b where n in (1, all_of_them) or edge or n % 10 = 0"); do
    fleet query --batch "$name" --verify >>"$dir/verified" || { echo "WRONG: the index of $name" >&2; failures=$((failures + 1)); }
    verified=$((verified + 1))
done
check "versions among the indexes that were compared" "$(grep -o 'shard@v[12]' "$dir/verified" | sort -u | wc -l)" 2

cat <<COUNTS
$minutes min, $hosts, 6 workers, lease $lease s
killed with -9     $killed, and $died died of poison or were told to stop
stopped and continued beyond the lease   $stopped
server             $restarts restarted, $crashes crashed, clock moved $jumps times
cuts of 9 s        $cuts
jobs sent          $sent in $batches batches and $(sort -u "$dir/jobs" | wc -l) small jobs
results            $results
dead               $dead, all poison: $(sql "select string_agg(distinct job_type, ' ') from apalis.jobs where status = 'Killed'")
lost, twice        $((sent - results - dead)), $(sql "select count(*) - count(distinct job) from fleet.result")
ends refused       $(cat "$dir"/worker.*.log | grep -c 'is refused' || true), leases lost $(cat "$dir"/worker.*.log | grep -c 'lost the lease' || true)
attempts           $(sql "select sum(attempts) from apalis.jobs"), alone $(sql "select count(*) from fleet.attempt where alone")
indexes equal      $verified of $verified compared
v1 retired         at $retired %: $(cat "$dir/retired")
COUNTS
[ "$failures" -eq 0 ] || { echo "$failures checks failed" >&2; exit 1; }
