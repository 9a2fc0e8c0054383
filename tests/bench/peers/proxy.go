// The same proxy in Go: a goroutine and an io.Copy per direction. GOMAXPROCS is the caller's.
package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"time"
)

func die(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func direction(to, from net.Conn, done chan<- bool) {
	io.Copy(to, from)
	to.(*net.TCPConn).CloseWrite()
	done <- true
}

func join(client net.Conn) {
	server, err := net.Dial("tcp", "127.0.0.1:"+os.Args[1])
	if err != nil {
		die(err)
	}
	done := make(chan bool, 2)
	go direction(client, server, done)
	direction(server, client, done)
	<-done
	<-done
	server.Close()
	client.Close()
}

func main() {
	time.AfterFunc(10*time.Minute, func() { os.Exit(1) })
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		die(err)
	}
	fmt.Printf("listening %s\n", ln.Addr())
	for {
		c, err := ln.Accept()
		if err != nil {
			die(err)
		}
		go join(c)
	}
}
