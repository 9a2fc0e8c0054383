// The same server in Go: one goroutine that answers each datagram. GOMAXPROCS is the caller's.
package main

import (
	"fmt"
	"net"
	"os"
	"time"
)

func main() {
	time.AfterFunc(10*time.Minute, func() { os.Exit(1) })
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Printf("listening %s\n", c.LocalAddr())
	buf := make([]byte, 65536)
	for {
		n, from, err := c.ReadFromUDPAddrPort(buf)
		if err == nil {
			_, err = c.WriteToUDPAddrPort(buf[:n], from)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}
