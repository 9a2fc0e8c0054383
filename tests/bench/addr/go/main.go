// Times Go's calls that bench_addr.c times in C, with the same inputs: prints "name<TAB>nanoseconds".
package main

import (
	"fmt"
	"net"
	"net/netip"
	"time"
)

const v4 = "192.168.101.254"
const v6 = "2001:db8:85a3:12::8a2e:370:7334"

var (
	ip      net.IP
	ipnet   *net.IPNet
	addr    netip.Addr
	ap      netip.AddrPort
	prefix  netip.Prefix
	mac     net.HardwareAddr
	s, s2   string
	b       bool
	ip4     = net.ParseIP(v4)
	ip6     = net.ParseIP(v6)
	addr4   = netip.MustParseAddr(v4)
	addr6   = netip.MustParseAddr(v6)
	ap4     = netip.AddrPortFrom(addr4, 8080)
	prefix4 = netip.MustParsePrefix("192.168.0.0/16")
	tcp6    = &net.TCPAddr{IP: ip6, Port: 8080}
)

const batch, batches = 20000, 25

func bench(name string, f func()) {
	best := time.Duration(1<<63 - 1)
	for i := 0; i <= batches; i++ {
		start := time.Now()
		for j := 0; j < batch; j++ {
			f()
		}
		if took := time.Since(start); i > 0 && took < best {
			best = took
		}
	}
	fmt.Printf("%s\t%.2f\n", name, float64(best.Nanoseconds())/batch)
}

func main() {
	_, net4, _ := net.ParseCIDR("192.168.0.0/16")
	mac1, _ := net.ParseMAC("00:1a:2b:3c:4d:5e")
	bench("parse_ip_v4", func() { ip = net.ParseIP(v4) })
	bench("parse_ip_v6", func() { ip = net.ParseIP(v6) })
	bench("netip_parse_addr_v4", func() { addr, _ = netip.ParseAddr(v4) })
	bench("netip_parse_addr_v6", func() { addr, _ = netip.ParseAddr(v6) })
	bench("netip_parse_addr_port", func() { ap, _ = netip.ParseAddrPort("192.168.101.254:8080") })
	bench("netip_parse_prefix", func() { prefix, _ = netip.ParsePrefix("192.168.101.0/24") })
	bench("parse_cidr", func() { ip, ipnet, _ = net.ParseCIDR("192.168.101.0/24") })
	bench("parse_mac", func() { mac, _ = net.ParseMAC("00:1a:2b:3c:4d:5e") })
	bench("split_host_port", func() { s, s2, _ = net.SplitHostPort("192.168.101.254:8080") })
	bench("join_host_port", func() { s = net.JoinHostPort(v6, "8080") })
	bench("ip_string_v4", func() { s = ip4.String() })
	bench("ip_string_v6", func() { s = ip6.String() })
	bench("netip_addr_string_v4", func() { s = addr4.String() })
	bench("netip_addr_string_v6", func() { s = addr6.String() })
	bench("netip_addr_port_string", func() { s = ap4.String() })
	bench("netip_prefix_string", func() { s = prefix4.String() })
	bench("netip_prefix_contains", func() { b = prefix4.Contains(addr4) })
	bench("ip_net_contains", func() { b = net4.Contains(ip4) })
	bench("ip_net_string", func() { s = net4.String() })
	bench("hardware_addr_string", func() { s = mac1.String() })
	bench("tcp_addr_string", func() { s = tcp6.String() })
}
