// Reads questions as ../ask.c does, and prints what Go answers.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sort"
	"strconv"
	"strings"
	"time"
)

func b(v bool) int {
	if v {
		return 1
	}
	return 0
}

func showError(err error) {
	if err == nil {
		return
	}
	fmt.Printf("\terror %s\n", err)
	var timeout, temporary bool
	if ne, ok := err.(net.Error); ok {
		timeout, temporary = ne.Timeout(), ne.Temporary()
	}
	fmt.Printf("\ttimeout %d temporary %d", b(timeout), b(temporary))
	var dns *net.DNSError
	if errors.As(err, &dns) {
		fmt.Printf(" name %s server %s notfound %d deadline %d", dns.Name, dns.Server, b(dns.IsNotFound),
			b(errors.Is(err, context.DeadlineExceeded)))
	}
	fmt.Println()
}

func show(list []string, sorted bool) {
	if sorted {
		sort.Strings(list)
	}
	for _, s := range list {
		fmt.Printf("\t%s\n", s)
	}
}

func ask(r *net.Resolver, timeout time.Duration, kind, arg string) (err error) {
	ctx := context.Background()
	if timeout > 0 {
		c, cancel := context.WithTimeout(ctx, timeout)
		defer cancel()
		ctx = c
	}
	var list []string
	sorted := true
	switch kind {
	case "host":
		list, err = r.LookupHost(ctx, arg)
	case "addr":
		list, err = r.LookupAddr(ctx, arg)
	case "cname":
		var s string
		s, err = r.LookupCNAME(ctx, arg)
		list = []string{s}
	case "srv":
		f := append(strings.Fields(arg), "", "")
		if f[1] == "" {
			f = []string{"", "", f[0]}
		}
		cname, srvs, e := r.LookupSRV(ctx, f[0], f[1], f[2])
		list = append(list, "cname "+cname)
		for _, s := range srvs {
			list = append(list, fmt.Sprintf("%d %d %d %s", s.Priority, s.Weight, s.Port, s.Target))
		}
		err, sorted = e, false
	case "ip", "ip4", "ip6":
		var ips []net.IP
		ips, err = r.LookupIP(ctx, kind, arg)
		for _, ip := range ips {
			list = append(list, fmt.Sprintf("%d %s", len(ip), ip))
		}
	case "dial":
		d := net.Dialer{Resolver: r}
		c, e := d.Dial("tcp", arg)
		list, err = []string{"failed"}, e
		if c != nil {
			list = []string{"connected"}
			c.Close()
		}
	case "mx":
		mxs, e := r.LookupMX(ctx, arg)
		for _, m := range mxs {
			list = append(list, fmt.Sprintf("%d %s", m.Pref, m.Host))
		}
		err = e
	case "ns":
		nss, e := r.LookupNS(ctx, arg)
		for _, n := range nss {
			list = append(list, n.Host)
		}
		err = e
	case "txt":
		list, err = r.LookupTXT(ctx, arg)
	}
	show(list, sorted)
	return err
}

func main() {
	r := &net.Resolver{PreferGo: true}
	var timeout time.Duration
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		line := in.Text()
		if line == "" || line[0] == '#' {
			continue
		}
		kind, arg, _ := strings.Cut(line, " ")
		fmt.Printf("%s %s\n", kind, arg)
		switch kind {
		case "strict":
			r.StrictErrors = arg == "1"
		case "timeout":
			ms, _ := strconv.Atoi(arg)
			timeout = time.Duration(ms) * time.Millisecond
		default:
			showError(ask(r, timeout, kind, arg))
		}
	}
}
