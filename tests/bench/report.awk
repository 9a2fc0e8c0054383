# Makes the table. First file: rows.tsv; second: the figures (metric, round, server, value, by tabs).
# A ratio is the median, with quartiles, of the ratios within each round. -v csv=FILE writes it there too.
BEGIN {
    FS = "\t"
    print "group,row,unit,gonet,peer,peer_value,ratio,lower_quartile,upper_quartile,target,met" >csv
    printf "%-46s %10s  %-16s %6s %-15s %7s  %s\n", "row", "gonet", "peer", "ratio", "(quartiles)", "target", "met?"
}

function sort_numbers(a, n,    i, j, v) {
    for (i = 2; i <= n; i++) {
        v = a[i]
        for (j = i - 1; j >= 1 && a[j] > v; j--)
            a[j + 1] = a[j]
        a[j + 1] = v
    }
}

# The value below which the given part of n sorted numbers lies, between neighbours in proportion.
function quantile(a, n, part,    at, low) {
    at = 1 + (n - 1) * part
    low = int(at)
    return low >= n ? a[n] : a[low] + (at - low) * (a[low + 1] - a[low])
}

function median_of(metric, server,    a, n, i) {
    for (i = 1; i <= rounds[metric]; i++)
        if ((metric, i, server) in value)
            a[++n] = value[metric, i, server]
    sort_numbers(a, n)
    return n == 0 ? "" : quantile(a, n, 0.5)
}

# Fills q with the quartiles of the ratios; returns how many rounds have both figures.
function ratios(metric, server, peer, q,    a, n, i) {
    for (i = 1; i <= rounds[metric]; i++)
        if ((metric, i, server) in value && (metric, i, peer) in value && value[metric, i, peer] > 0)
            a[++n] = value[metric, i, server] / value[metric, i, peer]
    sort_numbers(a, n)
    if (n > 0) {
        q[1] = quantile(a, n, 0.25)
        q[2] = quantile(a, n, 0.5)
        q[3] = quantile(a, n, 0.75)
    }
    return n
}

function number(v) {
    return v >= 1000 ? sprintf("%.0f", v) : v >= 10 ? sprintf("%.1f", v) : sprintf("%.2f", v)
}

/^#/ || NF == 0 { next }

FNR == NR {
    group[++rows] = $1; metric[rows] = $2; text[rows] = $3; unit[rows] = $4
    subject[rows] = $5; peer[rows] = $6; target[rows] = $7
    next
}

{
    value[$1, $2, $3] = $4
    if ($2 > rounds[$1])
        rounds[$1] = $2
}

END {
    for (r = 1; r <= rows; r++)
        row(r)
    printf "\n%d of %d targets met\n", hits, judged
}

function row(r,    own, other, q, met, shown, limit, verdict_on) {
    own = median_of(metric[r], subject[r])
    if (own == "")
        return
    limit = target[r] == "-" ? "" : target[r]
    if (peer[r] == "-") {
        verdict_on = own
        other = shown = ""
    } else {
        if (ratios(metric[r], subject[r], peer[r], q) == 0)
            return
        verdict_on = q[2]
        other = median_of(metric[r], peer[r])
        shown = sprintf("(%.2f-%.2f)", q[1], q[3])
    }
    met = limit == "" ? "" : verdict_on <= limit ? "yes" : "NO"
    judged += met != ""
    hits += met == "yes"
    printf "%-46s %10s  %-16s %6s %-15s %7s  %s\n", text[r], number(own) (unit[r] ~ /^(ns|us|ms|GiB)$/ ? " " unit[r] : ""),
        peer[r] == "-" ? "" : peer[r] " " number(other), peer[r] == "-" ? "" : sprintf("%.2f", q[2]),
        shown, limit == "" ? "" : limit, met
    printf "%s,\"%s\",%s,%.2f,%s,%s,%s,%s,%s,%s,%s\n", group[r], text[r], unit[r], own, peer[r] == "-" ? "" : peer[r],
        other == "" ? "" : sprintf("%.2f", other), shown == "" ? "" : sprintf("%.4f", q[2]),
        shown == "" ? "" : sprintf("%.4f", q[1]), shown == "" ? "" : sprintf("%.4f", q[3]), limit, met >csv
}
