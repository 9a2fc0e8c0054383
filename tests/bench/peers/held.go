// The server of held_gonet.c in Go: every 2000th message takes 20 ms of computing.
package main

import (
	"fmt"
	"net"
	"os"
	"sync/atomic"
	"time"
)

const (
	computesEach = 2000
	computesFor  = 20 * time.Millisecond
)

var messages, work int64

func compute() {
	for end := time.Now().Add(computesFor); time.Now().Before(end); {
		for i := 0; i < 1000; i++ {
			work++
		}
	}
}

func handle(c net.Conn) {
	defer c.Close()
	buf := make([]byte, 4096)
	for {
		n, err := c.Read(buf)
		if err != nil {
			return
		}
		if atomic.AddInt64(&messages, 1)%computesEach == 0 {
			compute()
		}
		if _, err = c.Write(buf[:n]); err != nil {
			return
		}
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
