# Compares counts with a table's. Input: the table, then what `nm`, `readelf -r` and `objdump -d` print. With `write` set
# it prints the table with the counts of now.
BEGIN { FS = "\t"; split("locked indirect branches calls", kinds, " ") }
FILENAME != "-" { rows[++count] = $0; next }
/^[0-9a-f]+ [a-zA-Z] / { split($0, word, " "); name = substr($0, length(word[1]) + 4); at[name] = at[name] " " short(word[1]); next }
/R_X86_64_RELATIVE/ { split($0, word, " "); holds[short(word[1])] = short(word[4]); next }
/^[0-9a-f]+ <.*>:$/ { split($0, word, " "); here = short(word[1]); self = substr($0, index($0, "<")); sub(/>:$/, "", self); next }
/\tlock |\txchg .*\(/ { found[here, "locked"]++ }
/\t(call|jmp) +\*/ && !/\(%rip\)/ { found[here, "indirect"]++ }
/\tj[a-z]+ / && !/\tjmp/ { found[here, "branches"]++ }
/\tcall +(\*.*\(%rip\)|[0-9a-f])/ || /\tjmp +\*.*\(%rip\)/ { found[here, "calls"]++ }
/\tjmp +[0-9a-f]+ / && index($0, "<" self "+") == 0 && index($0, "<" self ">") == 0 { found[here, "calls"]++ } # its last call
function short(address) { sub(/^0+/, "", address); return address }
# The places of a function: of a symbol, or of one of the four functions of a waker's table, whatever symbol it has.
function places(name,    parts) {
    if (split(name, parts, ".") != 2) return at[name]
    return holds[offset(short(substr(at[parts[1]], 2)), 8 * index("cwrd", substr(parts[2], 1, 1)) - 8)]
}
function offset(address, more,    value, digit) {
    for (digit = 1; digit <= length(address); digit++) value = value * 16 + index("0123456789abcdef", substr(address, digit, 1)) - 1
    return sprintf("%x", value + more)
}
END {
    for (row = 1; row <= count; row++) {
        if (rows[row] ~ /^#/) { if (write) print rows[row]; continue }
        split(rows[row], field, "\t"); split(field[3], table, " ")
        number = split(places(field[2]), copies, " "); verdict = number ? "ok" : "MISSING"; now = ""
        for (kind = 1; kind <= 4; kind++) {
            most = 0 # The largest of a function's copies in several crates.
            for (copy = 1; copy <= number; copy++) if (found[copies[copy], kinds[kind]] > most) most = found[copies[copy], kinds[kind]] + 0
            now = now (kind > 1 ? " " : "") most
            if (most > table[kind]) verdict = "GREW from " field[3]
            else if (most < table[kind] && verdict == "ok") verdict = "less than " field[3] ", so lower the table"
        }
        if (write) { print field[1] "\t" field[2] "\t" now; continue }
        if (verdict ~ /^(MISSING|GREW)/) bad = 1
        printf "%-28s %-10s %s\n", field[1], now, verdict
    }
    exit bad
}
