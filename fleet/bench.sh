#!/usr/bin/env bash
# Figures for docs/fleet.md, on a server of its own. Build first: cargo build --release --bins --examples
#   bench.sh jobs ROUNDS JOBS KEYS WORKERS SLOTS   jobs/s beside the engine alone, in alternation
#   bench.sh lease                                 a lease of one key behind 10^6 jobs of another
#   bench.sh index TREE                            the index job on 1, 2 and 4 workers, and beside pipeline
#   bench.sh log                                   bytes of the server's log for each job
set -euo pipefail
cd "$(dirname "$0")"
. ./server.sh
program=$(realpath "${PROGRAM:-target/release/fleet}") bare=${BARE:-target/release/examples/bare}
SERVER_BIN=$(server_bin)
dir=$(mktemp -d)
chmod 755 "$dir"
workers=()
stop_workers() {
    [ ${#workers[@]} -eq 0 ] || kill -9 "${workers[@]}" 2>/dev/null || true
    wait 2>/dev/null || true
    workers=()
}
clean_up() {
    trap - EXIT
    stop_workers
    server_stop "$dir" immediate || true
    rm -rf "$dir"
}
trap clean_up EXIT
trap 'exit 130' INT TERM
port=$(free_port)
server_make "$dir" "$port"
echo "shared_buffers = 1GB
max_wal_size = 8GB" >>"$dir/data/postgresql.conf"
server_start "$dir"
export DATABASE_URL=postgres://postgres@127.0.0.1:$port/postgres
sql() { "$SERVER_BIN/psql" -qXAt -v ON_ERROR_STOP=1 "$DATABASE_URL" -c "$1"; }
"$program" init >/dev/null

# load JOBS KEYS FIRST: rows as fleet.enqueue makes them, without the notice that each sends.
load() {
    sql "select fleet.announce(array(select 'trial/echo@v' || k from generate_series(1, $2) k));
        alter table apalis.jobs disable trigger notify_workers;
        insert into apalis.jobs (id, job_type, job, run_at, max_attempts)
            select '0' || $3 || lpad(n::text, 24, '0'), 'trial/echo@v' || (n % $2 + 1), '\"hello\"', fleet.due(), 1000000
            from generate_series(1, $1) n;
        alter table apalis.jobs enable trigger notify_workers" >/dev/null
    sql "vacuum analyze apalis.jobs"
    sql "checkpoint"
}
# work COMMAND...: so many workers until everything is done; sets `seconds`, between the first end and the last, and
# `whole`, from before the workers start.
work() {
    local worker started
    started=$(sql "select clock_timestamp()")
    for worker in $(seq "$count"); do
        "$@" 2>>"$dir/workers.log" >&2 &
        workers+=($!)
        disown
    done
    while [ "$(sql "select exists (select from apalis.jobs where status in ('Pending', 'Queued', 'Running', 'Failed'))")" = t ]; do
        sleep 0.3
    done
    stop_workers
    seconds=$(sql "select extract(epoch from max(done_at) - min(done_at))::numeric(9, 3) from apalis.jobs")
    whole=$(sql "select extract(epoch from max(done_at) - '$started')::numeric(9, 3) from apalis.jobs")
}
empty() { sql "set client_min_messages = warning; truncate apalis.jobs, apalis.workers, fleet.batch cascade"; }

case ${1:-} in
jobs)
    rounds=$2 jobs=$3 keys=$4 count=$5 slots=$6
    for round in $(seq "$rounds"); do
        for engine in fleet bare; do
            load "$jobs" "$keys" 1
            if [ $engine = fleet ]; then
                work "$program" work --trial="$keys" --keys 'trial/echo@*' --slots "$slots"
            else
                work "$bare" "$keys" "$slots"
            fi
            awk -v e=$engine -v j="$jobs" -v s="$seconds" -v k="$keys" -v w="$count" -v n="$slots" \
                'BEGIN { printf "%-5s %8d jobs %4d keys %2d workers x %2d slots  %8.1f s  %8.0f jobs/s\n", e, j, k, w, n, s, j / s }'
            empty
        done
    done | tee "$dir/figures"
    awk '{ rate[$1] = rate[$1] " " $(NF - 1) } END { print "fleet:" rate["fleet"] "; bare:" rate["bare"] }' "$dir/figures"
    awk '$1 == "fleet" { f[++i] = $(NF - 1) } $1 == "bare" { b[++k] = $(NF - 1) }
        END { for (n = 1; n <= i; n++) printf "round %d: %.2f of the engine alone\n", n, f[n] / b[n] }' "$dir/figures"
    ;;
lease)
    load 1000000 1 1
    sql "insert into fleet.key values ('trial/echo@v2')"
    sql "insert into apalis.workers (id, worker_type, storage_name) values ('w', 'trial/echo@v2', '')"
    sql "insert into apalis.jobs (id, job_type, job, run_at) select '02' || lpad(n::text, 24, '0'), 'trial/echo@v2', 'x', fleet.due()
        from generate_series(1, 10000) n"
    sql "analyze apalis.jobs"
    for options in "" "-c jit=off" "-c enable_hashjoin=off -c enable_mergejoin=off" \
        "-c enable_hashjoin=off -c enable_mergejoin=off -c jit=off"; do
        {
            echo '\timing on' '\o /dev/null'
            echo "begin;"
            for _ in $(seq 9); do echo "select * from apalis.get_jobs('w', 'trial/echo@v2', 10);"; done
            echo "rollback;"
        } | sed 's/timing on /timing on\n/' | PGOPTIONS=$options "$SERVER_BIN/psql" -qX "$DATABASE_URL" |
            awk '/Time/ { t[++n] = $2 } END { print t[6] }' | sed "s/$/ ms  [${options:-as it comes}]/"
    done
    ;;
index)
    tree=$2
    cargo build --quiet --release --manifest-path ../pipeline/Cargo.toml
    ../target/release/pipeline "$tree" --threads 1 | tail -40
    ../target/release/pipeline "$tree" | tail -40
    for count in 1 2 4; do
        "$program" enqueue "$tree" --parse-version v1 --shard-bytes 500000
        work "$program" work --slots 1
        echo "$count workers: $whole s from their start; $(sql "select count(*) from fleet.result") jobs," \
            "$(sql "select sum(length(value)) from fleet.result") bytes of results"
        empty
    done
    ;;
log)
    count=1
    sql "select fleet.announce(array['trial/echo@v1'])"
    before=$(sql "select pg_current_wal_lsn()")
    sql "select count(fleet.enqueue('trial/echo@v1', 'hello', n::text)) from generate_series(1, 20000) n" >/dev/null
    enqueued=$(sql "select pg_current_wal_lsn()")
    work "$program" work --trial --keys 'trial/*' --slots 32
    echo "$(sql "select round(('$enqueued'::pg_lsn - '$before') / 20000)") bytes to enqueue," \
        "$(sql "select round((pg_current_wal_lsn() - '$enqueued') / 20000)") to run"
    ;;
*) sed -n '2,7p' "$0" && exit 2 ;;
esac
