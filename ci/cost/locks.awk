# Locked instructions that a path executed. Input: what `objdump -d` prints, then callgrind's costs by instruction.
# Valgrind loads a position-independent program at 0x108000.
function number(text,    digit, value) {
    for (digit = 1; digit <= length(text); digit++) value = value * 16 + index("0123456789abcdef", substr(text, digit, 1)) - 1
    return value
}
FNR == 1 { file++ }
file == 1 { if ($2 == "lock" || ($2 == "xchg" && /\(/)) { sub(/:$/, "", $1); locked[number($1)] = 1 } next }
/^calls=/ { skip = 1; next } # The next line has the cost of what was called, which is listed at its own place.
/^(0x[0-9a-f]+|[+-][0-9]+|\*) / {
    if ($1 ~ /^0x/) at = number(substr($1, 3)); else if ($1 != "*") at += $1
    if (!skip && ((at in locked) || ((at - 1081344) in locked))) sum += $3
    skip = 0
}
END { print sum + 0 }
