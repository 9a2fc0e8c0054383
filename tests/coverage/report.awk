# report.awk: reads missed.tsv (file, function, reason) and an .info file of lcov. Prints the lines that
# ran of each layer and of all, and each function with lines that did not run, with the reason. Exits
# with 1 if less than floor of 100 lines ran.
BEGIN { FS = "\t" }

FNR == NR {
    if ($0 !~ /^#/ && NF >= 3)
        reason[$1 SUBSEP $2] = $3
    next
}

/^SF:/ {
    file = substr($0, 4)
    sub(root, "", file)
    layer = file
    sub(/^src\//, "", layer)
    sub(/\/.*/, "", layer)
    functions = 0
}
/^FN:/ {
    split(substr($0, 4), part, ",")
    functions++
    begin[functions] = part[1] + 0
    name[functions] = part[2]
}
/^DA:/ {
    split(substr($0, 4), part, ",")
    if (!(layer in lines))
        order[++layers] = layer
    lines[layer]++
    if (part[2] + 0 > 0)
        next
    missed[layer]++
    # The function is the one that begins last before the line.
    best = 0
    for (i = 1; i <= functions; i++) {
        if (begin[i] <= part[1] + 0 && (best == 0 || begin[i] > begin[best]))
            best = i
    }
    key = file SUBSEP (best ? name[best] : "?")
    if (!(key in list))
        keys[++found] = key
    list[key] = list[key] " " part[1]
}

function percent(of, without) { return of ? 100 * (of - without) / of : 100 }

END {
    for (i = 1; i <= found; i++) {
        split(keys[i], part, SUBSEP)
        printf "%s %s:%s\n    %s\n", part[1], part[2], list[keys[i]], \
            (keys[i] in reason) ? reason[keys[i]] : "no reason is given"
        if (!(keys[i] in reason))
            without_reason++
    }
    for (i = 1; i <= layers; i++) {
        l = order[i]
        printf "%-8s %6d lines, %5.1f %% ran\n", l, lines[l], percent(lines[l], missed[l])
        all += lines[l]
        not += missed[l]
    }
    printf "%-8s %6d lines, %5.1f %% ran, %d did not; %d functions have such lines, %d of them without a reason in missed.tsv\n", \
        "all", all, percent(all, not), not, found, without_reason
    exit percent(all, not) < floor
}
