# Compares counts with wishes, of which a `?` wishes nothing. Input: costs.txt, then what `nm` and `objdump` print.
BEGIN { FS = "\t" }
FILENAME != "-" { if ($0 !~ /^#/) want[$1] = $2; next }
/^[0-9a-f]+ [a-zA-Z] / { split($0, word, " "); name = substr($0, length(word[1]) + 4); at[name] = word[1]; next }
/^[0-9a-f]+ <.*>:$/ { split($0, word, " "); here = word[1]; next }
/\tlock |\txchg .*\(/ { locked[here]++ }
/\t(call|jmp) +\*/ && !/\(%rip\)/ { indirect[here]++ } # through `rip` it is a function of the library
/\tj[a-z]+ / && !/\tjmp/ { branches[here]++ }
END {
    for (name in want) {
        place = at[name]
        got = (locked[place] + 0) " " (indirect[place] + 0) " " (branches[place] + 0)
        split(got, is, " "); split(want[name], wish, " "); verdict = place == "" ? "MISSING" : "ok"
        for (i = 1; i <= 3; i++) if (wish[i] != "?" && wish[i] != is[i]) verdict = "WANTED " want[name]
        if (verdict != "ok") bad = 1
        print verdict ": " got "  " name
    }
    exit bad
}
