# The step `embassy` of `../run.sh`: embassy-executor with its raw part on this crate's static tasks and `Queue`, beside the
# published one. The port is the published package, copied here, with `raw.rs` and `spawner.rs` in the places of its own.

executors=(plain patched)

embassy_executors() { # puts both into embassy/<plain|patched>
    local which
    mkdir -p embassy
    for which in "${executors[@]}"; do
        rm -rf "embassy/$which"
        published embassy-executor 0.10.0 "embassy/$which"
        chmod -R u+w "embassy/$which"
        # Published without a package that its tests need.
        printf '\n[dev-dependencies.embassy-sync]\nversion = "0.7"\n\n[workspace]\n' >>"embassy/$which/Cargo.toml"
    done
    rm -r embassy/patched/src/raw
    mkdir embassy/patched/src/raw
    cp "$ports/embassy/src/raw.rs" embassy/patched/src/raw/mod.rs
    cp "$ports/embassy/src/spawner.rs" embassy/patched/src/spawner.rs
    printf '\n[dependencies.waker_tables]\npath = "%s"\ndefault-features = false\nfeatures = ["shared", "alloc"]\n' \
        "$(dirname "$ports")" >>embassy/patched/Cargo.toml
}

embassy_tests() { # its own tests, and how the compiler refuses what it should
    local which kind title
    for which in "${executors[@]}"; do
        (
            cd "embassy/$which"
            timeout --kill-after=10 1800 cargo test --no-fail-fast --features metadata-name --tests 2>&1 || true
        ) | sed "s/\x1b\[[0-9;]*m//g" | sed -z "s/test ui has been running for over 60 seconds\n//" >"embassy/$which.log"
        sed -n 's/^test \([a-z_]* \.\.\. [a-zA-Z]*\)$/\1/p' "embassy/$which.log" | grep -v '^ui ' | sort >"embassy/$which.tests"
        sed -n 's/^test \(tests\/ui\/.*\)$/\1/p' "embassy/$which.log" | sort >"embassy/$which.ui"
    done
    for kind in tests ui; do
        [ "$kind" = tests ] && title="its tests" || title="its tests of errors"
        passed() { echo "$(grep -c ' ok$' "embassy/$1.$kind") of $(wc -l <"embassy/$1.$kind")"; }
        grep ' ok$' "embassy/plain.$kind" >/dev/null || fail "embassy-executor, $title: nothing ran, see embassy/plain.log"
        diff "embassy/plain.$kind" "embassy/patched.$kind" || fail "embassy-executor, $title"
        row "embassy-executor 0.10.0, $title, passed" "$(passed plain)" "$(passed patched)" ""
    done
}

embassy_program() { # <folder> <plain|patched> <profile's options>…: builds one of our programs
    rm -rf "embassy/$1" && cp -r "$ports/embassy/$1" "embassy/$1"
    cargo build --quiet --manifest-path "embassy/$1/Cargo.toml" \
        --config "patch.crates-io.embassy-executor.path=\"$scratch/embassy/$2\"" "${@:3}"
    mkdir -p "programs/$2"
}

embassy_timers() { # embassy-time's timers
    local which result=()
    for which in "${executors[@]}"; do
        embassy_program timers "$which"
        cp build/debug/timers "programs/$which"
        if timeout 60 "programs/$which/timers"; then result+=(ok); else result+=(FAILED) && fail "timers, $which"; fi
    done
    row "embassy-time's timers" "${result[@]}" ""
}

embassy_costs() { # instructions that a step executes, and bytes of a task
    local which what limit one two
    for which in "${executors[@]}"; do
        embassy_program costs "$which" --release
        cp build/release/costs "programs/$which"
    done
    instructions() { # <plain|patched> <step> <times>
        valgrind --tool=callgrind --callgrind-out-file=/dev/null "programs/$1/costs" "$2" "$3" 2>&1 | sed -n 's/.*Collected : //p'
    }
    each() { echo $((($(instructions "$1" "$2" 20000) - $(instructions "$1" "$2" 10000)) / 10000)); }
    while read -r what limit; do
        one=$(each plain "$what") two=$(each patched "$what")
        row "embassy: $what, instructions${limit:+ (at most $limit)}" "$one" "$two" "$(ratio "$one" "$two")"
        [ "$two" -le "${limit:-$two}" ] || fail "embassy: $what takes $two instructions, and should take at most $limit"
    done <<<$'yield 54\nyield-of-8\nspawn 161'
    one=$(programs/plain/costs bytes) two=$(programs/patched/costs bytes)
    row "embassy: task of a future of 48 bytes, bytes" "$one" "$two" "$(ratio "$one" "$two")"
    [ "$two" -le 80 ] || fail "embassy: a task takes $two bytes, and should take at most 80"
}

need valgrind valgrind
embassy_executors
embassy_tests
embassy_timers
embassy_costs
