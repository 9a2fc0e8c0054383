// Answers a stream of inputs with Go's results, for comparison with answers.c's.
package main

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"net"
	"net/netip"
	"os"
)

var out = bufio.NewWriter(os.Stdout)

func put(s string) {
	out.WriteByte('\t')
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < 0x21 || c > 0x7e || c == '%' {
			fmt.Fprintf(out, "%%%02X", c)
		} else {
			out.WriteByte(c)
		}
	}
}

func putError(err error) {
	put("error")
	put(err.Error())
}

func netAnswers(s string) {
	put(net.ParseIP(s).String())
	if ip, ipnet, err := net.ParseCIDR(s); err == nil {
		put(ip.String())
		put(ipnet.String())
	} else {
		putError(err)
	}
	if mac, err := net.ParseMAC(s); err == nil {
		put(mac.String())
	} else {
		putError(err)
	}
	if host, port, err := net.SplitHostPort(s); err == nil {
		put(host)
		put(port)
	} else {
		putError(err)
	}
	put(net.JoinHostPort(s, s))
	b := []byte(s)
	if len(b) > 16 {
		b = b[:16]
	}
	put(net.IP(b).String())
}

func netipAnswers(s string) {
	a, _ := netip.ParseAddr(s)
	put(a.String())
	put(a.StringExpanded())
	put(a.Next().String())
	put(a.Prev().String())
	put(a.Unmap().String())
	ap, _ := netip.ParseAddrPort(s)
	put(ap.String())
	p, _ := netip.ParsePrefix(s)
	put(p.String())
	put(p.Masked().String())
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		text, err := hex.DecodeString(in.Text())
		if err != nil {
			panic(err)
		}
		out.WriteString(in.Text())
		netAnswers(string(text))
		netipAnswers(string(text))
		out.WriteByte('\n')
	}
	out.Flush()
}
