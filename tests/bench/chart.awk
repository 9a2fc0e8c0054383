# Draws the rows of the table that have a target as an SVG: bars in parts of the target, which is the
# line at 1. Input: the CSV of report.awk. -v when=TEXT is set under the title.
BEGIN {
    FS = ","
    left = 430; unit = 330; step = 24; top = 70; most = 1.6
}

# The text column is quoted and may hold commas: rebuild the fields around it.
NR > 1 {
    split($0, part, "\"")
    sub(/,$/, "", part[1]); sub(/^,/, "", part[3])
    n = split(part[3], f, ",")
    # f: unit, gonet, peer, peer value, ratio, lower, upper, target, met
    if (f[8] == "")
        next
    rows++
    what[rows] = part[2] (f[3] == "" ? "" : " / " f[3])
    value = f[3] == "" ? f[2] : f[5]
    share[rows] = value / f[8]
    low[rows] = f[6] == "" ? share[rows] : f[6] / f[8]
    high[rows] = f[7] == "" ? share[rows] : f[7] / f[8]
    note[rows] = sprintf(f[3] == "" && f[2] >= 100 ? "%.0f (target %s)" : "%.2f (target %s)", value, f[8])
    met[rows] = f[9]
}

function x(v) {
    return left + (v > most ? most : v) * unit
}

function bar(r,    y) {
    y = top + (r - 1) * step
    printf "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n", left - 8, y + 14, what[r]
    printf "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"16\" fill=\"%s\"/>\n", left, y + 2,
        x(share[r]) - left, met[r] == "yes" ? "#4c9f70" : "#c8553d"
    if (high[r] > low[r])
        printf "<path d=\"M%.1f %dH%.1f\" stroke=\"#222\" stroke-width=\"1.5\"/>\n", x(low[r]), y + 10, x(high[r])
    printf "<text x=\"%.1f\" y=\"%d\" fill=\"#444\">%s</text>\n",
        x(share[r] > high[r] ? share[r] : high[r]) + 6, y + 14, note[r]
}

END {
    width = left + most * unit + 130
    height = top + rows * step + 30
    printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" font-family=\"sans-serif\" font-size=\"12\">\n", width, height
    print "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>"
    print "<text x=\"16\" y=\"26\" font-size=\"16\">gonet: figures in parts of their targets (shorter is better)</text>"
    printf "<text x=\"16\" y=\"46\" fill=\"#444\">%s; thin lines: quartiles</text>\n", when
    for (r = 1; r <= rows; r++)
        bar(r)
    printf "<path d=\"M%d %dV%d\" stroke=\"#222\" stroke-dasharray=\"4 3\"/>\n", x(1), top - 6, top + rows * step
    printf "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">target</text>\n", x(1), top + rows * step + 16
    print "</svg>"
}
