#!/usr/bin/env bash
# What tokio-console shows of the tasks of `examples/console`: all of them, with polls, times and wakers, and a warning for each
# of the three that are ill. Leaves its screens as text in `console/screens.txt` of the target directory; docs/seeing.md has some.
set -euo pipefail
cd "$(dirname "$0")/../.."
. ci/common/tools.sh
need tmux

export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}/console"
[ -x "$CARGO_TARGET_DIR/bin/tokio-console" ] ||
    cargo install --quiet tokio-console --version 0.1.14 --locked --root "$CARGO_TARGET_DIR"
(cd examples/console && cargo fmt --check && cargo clippy --quiet -- -D warnings && cargo build --quiet)
screens="$CARGO_TARGET_DIR/screens.txt"
: >"$screens"

port=$((20000 + RANDOM % 20000))
TOKIO_CONSOLE_BIND=127.0.0.1:$port "$CARGO_TARGET_DIR/debug/console" 600 &
program=$!
window=(tmux -L "console-$$" -f /dev/null -u)
trap '"${window[@]}" kill-server 2>/dev/null; kill $program 2>/dev/null' EXIT
LANG=C.UTF-8 "${window[@]}" new-session -d -x 120 -y 36 \
    "$CARGO_TARGET_DIR/bin/tokio-console --no-colors --lang C.UTF-8 http://127.0.0.1:$port"

screen() { # <pattern>…: waits until the screen has all of them, and keeps it
    local text pattern tries
    for ((tries = 0; tries < 120; tries++)); do
        sleep 0.5
        text=$("${window[@]}" capture-pane -p)
        for pattern; do grep -qE -- "$pattern" <<<"$text" || continue 2; done
        printf '%s\n\n' "$text" >>"$screens"
        return
    done
    printf 'not shown: %s, but\n%s\n' "$*" "$text" >&2
    exit 1
}
key() { "${window[@]}" send-keys "$@"; }

# name, warnings, polls and kind of each task; a time is a number with a unit
time='[0-9]+(ns|µs|ms|s|m)'
row() { echo "$1 +.*$2 +($time +){4}$3 +$4 +src/main.rs:[0-9:]+"; }
screen '1 tasks have woken themselves' '1 tasks have lost their wakers' '1 tasks have never yielded' \
    "$(row ⏸ 'at home' '[0-9]+' local)" "$(row . busy '[0-9]+' task)" "$(row ⏸ quiet '[0-9]+' task)" \
    "$(row . parent '[0-9]+' task)" "$(row . static '[0-9]+' task)" "$(row . child 2 task)" \
    "⚠ 1 .*$(row . 'wakes itself' '[0-9]+' task)" "⚠ 1 .*$(row ⏸ 'lost its waker' 2 task)" \
    "⚠ 1 .*$(row ▶ 'never yields' 1 task)"

details() { # <task> <its wakers now> <wakes> <pattern>…: the page of the task in the next row
    key Enter
    screen "Name: $1 " "Current wakers: $2 " "Woken: $3 times" "${@:4}"
    key Escape
    screen 'Warn  ID'
    key Down
}
key g g
details 'at home' '[01]' '[1-9][0-9]*' 'Busy: '
details busy '[01]' '[1-9][0-9]*' 'Scheduled: |Sched Times'
details quiet '[01]' '[1-9][0-9]*' 'Idle: |Poll Times'
details parent '[01]' '[1-9][0-9]*'
details static '[01]' '[1-9][0-9]*' 'Clones: [1-9]' 'Drops: [1-9]'
details 'wakes itself' 0 '[1-9][0-9]*' 'woken itself for more than 50%' 'Self Wakes: '
details 'lost its waker' 0 1 'has lost its waker, and will never be woken again' 'Clones: 1,' 'Drops: 1 '
details 'never yields' 0 0 'has never yielded'
echo "all tasks are shown, and three warnings; the screens are in $screens"
