#!/usr/bin/env bash
# Each function of `src/` without its body, each operator turned round, one at a time: the tests must tell. All parts, or
# those that are named. `mutants.toml` lists what no test can tell, with the reasons. Some seconds for each.
set -euo pipefail
set -f # globs are cargo-mutants' own
cd "$(dirname "$0")/../.."
cargo mutants --version 2>/dev/null || { echo "lacking: cargo install cargo-mutants --locked" >&2; exit 1; }

# Of each part its files, and the tests that are about it: they compile quickly. Unit tests' names collide, all of them.
declare -A files tests
files[set]='set/** set.rs' tests[set]='allocations set'
files[waker]='waker/** waker.rs' tests[waker]='laws waker_recovery'
files[wake_state]='wake_state.rs' tests[wake_state]='wake_state'
files[task]='task/** task.rs'
tests[task]='entries families registry sizes task_drops task_owners task_pins'
files[state]='shared/state.rs shared/state/end.rs' tests[state]='shared/{world,matrix,states,stress,handles,local}'
files[statics]='shared/static* shared/state/place.rs' tests[statics]='shared/{world,static_cells,statics,stress}'
files[handles]='shared/{body,join,joined,joiner,recovery,runnable,task_ref,trace}.rs'
tests[handles]='shared/{world,handles,hooks,wakers,matrix,seen,task_future}'
files[spawns]='shared/{header,home,hook,ids,kind,slot,spawn,task,task_place}.rs'
tests[spawns]='shared/{world,slots,builder,local,hooks}'
files[lists]='shared/{linked,list,member,queue,taker}.rs' tests[lists]='shared/{world,queues,lists,statics,walks,stress}'
files[futures]='shared/{catch_unwind,cell,future_memory,memory,schedule,source,task_future,vtable}.rs shared.rs sync/** sync.rs'
tests[futures]='shared/{world,builder,task_future,hooks,handles,matrix,slots,statics}'
files[hash]='registry/{hash,static_table}.rs registry/dynamic/index.rs' tests[hash]=unit
files[registry]='registry/dynamic/{block,catalog,error,family,global,node,registry,state,task,writer}.rs
    registry/{dynamic,key,key_buf,serde}.rs registry.rs macros.rs'
tests[registry]='allocations entries families history hostile keys large_families manifest registered_drops registry
    registry_model serde'

listed() { cargo mutants --list --config ci/long/mutants.toml "$@" | wc -l; }
all=()
for glob in ${files[*]}; do all+=(--file "src/$glob"); done
[ "$(listed)" -eq "$(listed "${all[@]}")" ] || { echo "a file of src/ is in no part" >&2; exit 1; }

# What is committed, in a copy of its own: mutants are made in place there, and build on what was built before.
work="${CARGO_TARGET_DIR:-$PWD/target}/mutants"
tree=$work/tree
[ -d "$tree" ] || git clone --quiet --shared . "$tree"
git -C "$tree" fetch --quiet "$PWD" HEAD
git -C "$tree" reset --quiet --hard FETCH_HEAD
unset CARGO_TARGET_DIR
export CARGO_INCREMENTAL=1 CARGO_PROFILE_DEV_DEBUG=0 WAKER_TABLES_STRESS_STEPS=20000

# One run into `$work/$1`; the rest are arguments. It ends with 2 if one was missed, with 3 if one hung, which is told.
run() {
    local output=$work/$1 status=0 glob chosen=()
    for glob in ${files[${1%.*}]}; do chosen+=(--file "src/$glob"); done
    rm -rf "$output"
    (cd "$tree" && cargo mutants --in-place --config ci/long/mutants.toml --output "$output" --all-features \
        --cap-lints true --build-timeout 120 --colors never "${chosen[@]}" "${@:2}") || status=$?
    [[ $status == [023] ]]
}

# Leaves out the modules of `tests/it/$1.rs` that are not in `$2`.
keep() {
    local file=$tree/tests/it/$1.rs
    awk -v kept=" $(tr '\n{},' ' ' <<<"${2%%/*}") " '
        /^#\[cfg/ { attribute = $0; next }
        /^(pub )?mod / { name = $NF; sub(";", "", name); if (!index(kept, " " name " ")) { attribute = ""; next } }
        { if (attribute) print attribute; attribute = ""; print }' "$file" >"$work/kept.rs"
    cp "$work/kept.rs" "$file"
}

count() {
    cat "$work/$part/mutants.out/$1.txt" "$work/$part.again/mutants.out/$1.txt" 2>/dev/null | wc -l
}

status=0
[ $# -gt 0 ] || set -- set waker wake_state task state statics handles spawns lists futures hash registry
for part; do
    target=--test=it
    case ${tests[$part]} in
        unit) target=--lib ;;
        shared/*)
            keep main shared
            keep shared "${tests[$part]#*/}"
            ;;
        *) keep main "${tests[$part]}" ;;
    esac
    run "$part" --minimum-test-timeout 10 --timeout-multiplier 3 --cargo-arg="$target" -- \
        -- --skip executors --skip abort --skip process # some wait long
    git -C "$tree" checkout --quiet tests

    # What these missed, with all tests but the documentation's.
    rm -rf "$work/$part.again"
    names=()
    while IFS= read -r name; do names+=(--re "^$(sed 's/[][\\.*^$()+?{}|]/\\&/g' <<<"$name")\$"); done \
        <"$work/$part/mutants.out/missed.txt"
    [ ${#names[@]} -eq 0 ] || run "$part.again" --cargo-arg=--lib --cargo-arg=--test=it "${names[@]}"

    left=$(cat "$work/$part.again/mutants.out/missed.txt" 2>/dev/null || true)
    echo "$part: $(count caught) caught, $(count timeout) hung, $(grep -c . <<<"$left") missed, $(count unviable) do not compile"
    [ -z "$left" ] || { echo "$left" && status=1; }
done
exit $status
