# Compares counts with each other. Input: ratios.txt, then what instructions.sh prints, which goes on.
BEGIN { FS = "\t" }
FILENAME != "-" { if ($0 !~ /^#/) want[++wishes] = $0; next }
{ print; if ($0 ~ /^[a-z0-9_]+: [0-9]+/) { split($0, word, /[: ,]+/); count[word[1]] = word[2] } }
END {
    for (at = 1; at <= wishes; at++) {
        split(want[at], wish, "\t")
        one = count[wish[1]] - count[wish[4]]; two = count[wish[2]] - count[wish[4]]
        verdict = one > 0 && two > 0 && 100 * one <= wish[3] * two ? "ok" : "WANTED"
        if (verdict != "ok") bad = 1
        printf "%s: %s is %.1f hundredths of %s, at most %d\n", verdict, wish[1], two ? 100 * one / two : 0, wish[2], wish[3]
    }
    exit bad
}
