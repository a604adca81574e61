
# The story of a fleet. Behind server.sh; "$1" is the program, "$2" the tree.
set -euo pipefail
program=$1 tree=$(realpath -- "$2")
SERVER_BIN=$(server_bin)
dir=$(mktemp -d)
chmod 755 "$dir"
declare -A workers=()

clean_up() {
    trap - EXIT
    kill -TERM "${workers[@]}" 2>/dev/null || true
    wait || true
    server_stop "$dir" immediate 2>/dev/null || true
    rm -rf "$dir"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

say() { printf '\n== %s\n' "$*"; }
fleet() { printf '$ fleet %s\n' "$*"; "$program" "$@"; }
# A command that is to be refused with this exit status.
refused() {
    local status=0
    fleet "${@:2}" || status=$?
    [ "$status" -eq "$1" ] || { echo "exit status $status, not $1"; exit 1; }
}
worker() {
    printf '$ fleet work %s &\n' "${*:2}"
    "$program" work --lease 4 "${@:2}" 2>>"$dir/workers.log" &
    workers[$1]=$!
}
enqueue() { printf '$ fleet enqueue %s\n' "$*"; batch=$("$program" enqueue "$@"); }

say "A server on loopback, in $dir"
port=$(free_port)
server_make "$dir" "$port"
server_start "$dir"
export DATABASE_URL=postgres://postgres@127.0.0.1:$port/postgres
fleet init

say "Two workers of the old version, and a tree in it"
worker one --keys '*@v1'
worker two --keys '*@v1'
enqueue "$tree" --parse-version v1 --shard-bytes 50000
fleet query the --batch "$batch" --wait 300 --verify

say "Work of the newer version waits for a newer worker"
enqueue "$tree" --parse-version v2 --shard-bytes 50000
fleet status
worker three

say "A worker dies, with what it has"
kill -9 "${workers[three]}"
wait "${workers[three]}" 2>/dev/null || true
worker three
fleet query the --batch "$batch" --wait 300 --verify

say "Poison fails alone, and is dead after the third time"
fleet enqueue --key search/shard@v1 --bytes 'no JSON'
until [ -n "$("$program" dead)" ]; do sleep 0.2; done
fleet dead

say "The old version is drained, sealed and retired"
fleet drain search/shard@v1
enqueue "$tree" --shard-bytes 50000
refused 5 retire search/shard@v1
fleet seal search/shard@v1
refused 5 enqueue "$tree" --parse-version v1
fleet retire search/shard@v1
fleet query the --batch "$batch" --wait 300 --verify
fleet status

say "All stop; nothing is left"
kill -INT "${workers[@]}"
wait
