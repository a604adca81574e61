# Sourced by the jobs that need more than cargo.

# Says what this machine cannot have, and ends the job as not run.
lacking() {
    echo "lacking: $*"
    exit 77
}

# Debian packages, each `name` or `name=version`. Asks for nothing that is there already.
need() {
    local package missing=()
    for package; do
        dpkg-query -W -f '${db:Status-Status} ${Package} ${Package}=${Version} \n' "${package%%=*}" 2>/dev/null |
            grep -q "^installed.* $package " || missing+=("$package")
    done
    [ ${#missing[@]} -ne 0 ] || return 0
    local install=(install -y --no-install-recommends --allow-downgrades "${missing[@]}")
    # Fresh lists are fetched only where the machine's own do not do. A lock is waited for.
    local as_root=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3)
    [ "$(id -u)" -eq 0 ] || as_root=(sudo "${as_root[@]}")
    "${as_root[@]}" "${install[@]}" &>/dev/null || { "${as_root[@]}" update && "${as_root[@]}" "${install[@]}"; } ||
        { echo "lacking: ${missing[*]}"; exit 1; }
}
