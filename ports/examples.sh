#!/usr/bin/env bash
# Drives smol's examples to their ends: `examples.sh <folder with the programs>`. Prints `<name> ok` or `<name> FAILED`.
# All of them stay on loopback: the one client that asks a host by name does so in a namespace where that name is
# loopback, and the host is `openssl s_server`.
set -uo pipefail
programs=$(realpath "$1")
room=$(mktemp -d)
pids=()
finish() {
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null; done
    wait
    rm -rf "$room"
}
trap finish EXIT
trap 'exit 1' INT TERM
cd "$room"
export RUST_BACKTRACE=0

# The certificate of the examples is packed with a cipher that OpenSSL 3 has moved out of the way.
cat >openssl.cnf <<'END'
openssl_conf = begin
[begin]
providers = providers
[providers]
default = active
legacy = active
[active]
activate = 1
[req]
distinguished_name = name
x509_extensions = extensions
[name]
[extensions]
subjectAltName = DNS:www.rust-lang.org
END
export OPENSSL_CONF="$room/openssl.cnf"

start() { # <name> <program> [input]: in the background, with its output in <name>.out
    "$programs/$2" <"${3:-/dev/null}" >"$1.out" 2>&1 &
    pid=$!
    pids+=("$pid")
}
seen() { # <name> <pattern>: waits for a line, ten seconds at the most
    for ((i = 0; i < 100; i++)); do
        grep -qs -e "$2" "$1.out" && return
        sleep 0.1
    done
    return 1
}
stop() { kill "$1" && ! wait "$1" 2>/dev/null; }

tcp() {
    local server client
    mkfifo tcp.in
    start tcp-server tcp-server; server=$pid
    seen tcp-server "Now start" || return
    start tcp-client tcp-client tcp.in; client=$pid
    exec 3>tcp.in
    for ((line = 0; line < 100; line++)); do echo "line $line" >&3; done
    seen tcp-client "^line 99$" && [ "$(grep -c '^line' tcp-client.out)" = 100 ]
    local status=$?
    exec 3>&-
    stop "$client" && stop "$server" && return "$status"
}

chat() {
    local server one other
    mkfifo one.in other.in
    start chat-server chat-server; server=$pid
    seen chat-server "Start a chat client" || return
    start other chat-client other.in; other=$pid
    exec 4>other.in
    seen other "has joined" || return
    start one chat-client one.in; one=$pid
    exec 3>one.in
    seen one "has joined" && echo "good morning" >&3 && seen other "says: good morning" || return
    exec 3>&-
    seen one "Quit!" && wait "$one" && seen other "has left" || return
    exec 4>&-
    wait "$other" && stop "$server"
}

hyper_server() {
    local server
    start hyper-server hyper-server; server=$pid
    seen hyper-server "Listening on https" || return
    for ((request = 0; request < 20; request++)); do
        [ "$(curl -s --max-time 5 "http://127.0.0.1:8000/$request")" = "Hello from hyper!" ] || return
    done
    stop "$server"
}

hyper_client() {
    openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out certificate.pem -days 2 \
        -subj /CN=www.rust-lang.org 2>/dev/null || return
    echo "127.0.0.1 www.rust-lang.org" >hosts
    # shellcheck disable=SC2016 # The inner shell expands it.
    timeout 20 unshare --map-root-user --mount --net bash -c '
        ip link set lo up && mount --bind hosts /etc/hosts || exit
        openssl s_server -quiet -www -port 443 -cert certificate.pem -key key.pem & server=$!
        for ((i = 0; i < 100; i++)); do (: </dev/tcp/127.0.0.1/443) 2>/dev/null && break; sleep 0.1; done
        SSL_CERT_FILE=certificate.pem timeout 10 "$0/hyper-client"
        status=$?
        kill $server
        exit $status' "$programs" >hyper-client.out 2>&1 && seen hyper-client "status: 200"
}

timer() { timeout 20 "$programs/linux-timerfd" >timer.out 2>&1 && seen timer "Woke up after 1"; }

signal() {
    start "$1" "$1"
    local program=$pid
    seen "$1" "Waiting for" && kill -INT "$program" && wait "$program" && seen "$1" "Done!"
}

try() { # <name> <command…>
    local name=$1
    shift
    if "$@"; then echo "$name ok"; else
        echo "$name FAILED"
        tail -n 5 ./*.out >&2
    fi
}
try tcp tcp
try chat chat
try hyper-server hyper_server
try hyper-client hyper_client
try linux-timerfd timer
try unix-signal signal unix-signal
try ctrl-c signal ctrl-c
