# A PostgreSQL server of one's own on loopback, out of Debian's packages. Sourced; needs bash.

server_bin() {
    local bin
    for bin in /usr/lib/postgresql/*/bin; do
        [ -x "$bin/initdb" ] && echo "$bin" && return
    done
    echo "no PostgreSQL server here; this installs it: apt-get install -y postgresql-15" >&2
    return 3
}

# Runs a command as who may run a server: not root.
as_postgres() {
    if [ "$(id -u)" -eq 0 ]; then
        setpriv --reuid=postgres --regid=postgres --init-groups env HOME=/tmp "$@"
    else
        "$@"
    fi
}

# server_make DIR PORT: a database cluster that trusts who is on this machine.
server_make() {
    mkdir -p "$1"
    [ "$(id -u)" -ne 0 ] || chown postgres "$1"
    as_postgres "$SERVER_BIN/initdb" -D "$1/data" -A trust -U postgres --no-locale -E UTF8 >"$1/initdb.log"
    as_postgres tee -a "$1/data/postgresql.conf" >/dev/null <<CONF
listen_addresses = '127.0.0.1'
port = $2
unix_socket_directories = '$1'
max_connections = 200
CONF
}

# server_start DIR [VARIABLE=VALUE...]: waits until it answers.
server_start() {
    local dir=$1
    shift
    as_postgres env "$@" "$SERVER_BIN/pg_ctl" -D "$dir/data" -l "$dir/log" -w -t 60 start >>"$dir/pg_ctl.log"
}

server_stop() {
    as_postgres "$SERVER_BIN/pg_ctl" -D "$1/data" -m "${2:-fast}" -w -t 60 stop >>"$1/pg_ctl.log"
}

# A port that nobody listens on.
free_port() {
    local port
    while port=$((20000 + RANDOM)); do
        (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
    done
}
