// The server of short_gonet.c in Go.
package main

import (
	"fmt"
	"net"
	"os"
	"time"
)

func handle(c net.Conn) {
	defer c.Close()
	buf := make([]byte, 4096)
	if n, _ := c.Read(buf); n > 0 {
		c.Write(buf[:n])
	}
}

func main() {
	time.AfterFunc(10*time.Minute, func() { os.Exit(1) })
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Printf("listening %s\n", ln.Addr())
	for {
		c, err := ln.Accept()
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		go handle(c)
	}
}
