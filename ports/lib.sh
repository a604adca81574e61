# shellcheck shell=bash
# What the scripts of the ports share. Sourced, with `ports` set to this folder.
scratch=${PORTS_SCRATCH:-$(dirname "$ports")/target/ports}
mkdir -p "$scratch"
cd "$scratch"
export CARGO_TARGET_DIR="$scratch/build" CARGO_PROFILE_DEV_DEBUG=0 RUST_BACKTRACE=0 CARGO_TERM_COLOR=never
summary=() failed=0
row() { summary+=("$(printf '%-46s %18s %18s %8s' "$@")"); }
fail() { echo "FAILED: $*" >&2; failed=1; }
ratio() { awk -v one="$1" -v two="$2" 'BEGIN { printf "%.2f", two / one }'; }

need() { # <program or file> <Debian package>: installs the package if the program is missing
    command -v "$1" >/dev/null || [ -e "$1" ] || {
        echo "installing $2"
        apt-get update -qq && apt-get install -qq -y "$2" >/dev/null
    }
}

published() { # <name> <version> <folder>: puts a published package there
    mkdir -p get/src && touch get/src/lib.rs
    printf '[package]\nname = "get"\nversion = "0.0.0"\n[dependencies]\n%s = "=%s"\n[workspace]\n' "$1" "$2" >get/Cargo.toml
    local manifest
    manifest=$(cargo metadata --quiet --format-version 1 --manifest-path get/Cargo.toml |
        grep -o "\"manifest_path\":\"[^\"]*/$1-$2/Cargo.toml\"" | cut -d'"' -f4)
    mkdir -p "$3" && cp -r "$(dirname "$manifest")/." "$3"
    rm -f "$3/Cargo.lock"
}

# Where the package of this name is, that stands in for the published one.
place() {
    if [ "$1" = compio-executor ]; then echo "$ports/compio"; elif [ -e "$ports/$1/Cargo.toml" ]; then echo "$ports/$1"; else
        echo "$scratch/changed/$1"
    fi
}

# The workspace in a folder, with either lock file; they differ in the one package that is patched.
lock() { # <folder> <package to patch>
    (
        cd "$1"
        [ -e plain.lock ] || { cargo generate-lockfile --quiet && mv Cargo.lock plain.lock; }
        cp plain.lock Cargo.lock
        local patch=(--config "patch.crates-io.$2.path=\"$(place "$2")\"")
        cargo update --quiet "${patch[@]}" "$2"
        cargo tree --quiet "${patch[@]}" --edges all --invert "$2" | grep -F "($(place "$2"))" >/dev/null
        mv Cargo.lock patched.lock
    )
}
with() { # <plain|patched> <folder> <package to patch> <cargo's arguments>…
    local patch=()
    [ "$1" = plain ] || patch=(--config "patch.crates-io.$3.path=\"$(place "$3")\"")
    (cd "$2" && cp "$1.lock" Cargo.lock && timeout --kill-after=10 1800 cargo "$4" "${patch[@]}" "${@:5}")
}

compare_tests() { # <title> <folder> <package to patch> <cargo test's arguments>…
    local which
    for which in plain patched; do
        with "$which" "$2" "$3" test --no-fail-fast "${@:4}" >"$2/$which.log" 2>&1 || true
    done
    compare_logs "$1" "$2"
}

compare_logs() { # <title> <folder with plain.log and patched.log>
    local which lost
    for which in plain patched; do
        awk '/^ *(Running|Doc-tests) / { sub(/ \(.*/, ""); binary = $NF }
            / \.\.\. (ok|FAILED)$/ { print binary, $0 }' "$2/$which.log" | sort >"$2/$which.tests"
        grep ' ok$' "$2/$which.tests" >"$2/$which.passed" || true
    done
    lost=$(comm -23 "$2/plain.passed" "$2/patched.passed")
    [ -s "$2/plain.passed" ] || lost="nothing ran, see $2/plain.log"
    [ -z "$lost" ] || fail "$1: $lost"
    count() { echo "$(wc -l <"$2/$1.passed") of $(wc -l <"$2/$1.tests")"; }
    row "$1, passed" "$(count plain "$2")" "$(count patched "$2")" ""
}

at_most() { # <limit> <title> <published> <ours>: a row, whose ratio must not be larger
    local ratio
    ratio=$(ratio "$3" "$4")
    row "${@:2}" "$ratio"
    awk -v ratio="$ratio" -v limit="$1" 'BEGIN { exit !(ratio <= limit) }' || fail "$2: $ratio is more than $1"
}

instructions() { # <program> <step>: of the step, by the difference of two runs
    count() { valgrind --tool=callgrind --callgrind-out-file=/dev/null "$1" "$2" "$3" 2>&1 | sed -n 's/.*Collected : //p'; }
    echo $((($(count "$1" "$2" 11200) - $(count "$1" "$2" 960)) / 10240))
}

code() { # <file>…: its lines of code
    cat "$@" | grep -cvE '^ *(//|$)'
}

unsafe_lines() { # <file>…: how many lines of code have the word
    cat "$@" | grep -vE '^ *(//|$)' | grep -cw unsafe || true
}

finish() { # prints the table; fails if something did
    echo
    printf '%-46s %18s %18s %8s\n' "" published "on waker_tables" ratio
    printf '%s\n' "${summary[@]}"
    [ "$failed" = 0 ]
}
