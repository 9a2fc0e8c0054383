// goecho is the Go side of the interoperability tests: clients and a server of the echo protocol.
//
//	goecho bulk ADDRESS MIB      sends so much, ends its half, and compares what comes back
//	goecho crowd ADDRESS N       opens N connections before it uses any, then uses them all
//	goecho reset ADDRESS N       resets N connections in mid-stream
//	goecho idle ADDRESS          says "idle", and waits until the server ends the connection
//	goecho serve                 an echo server; prints its address, ends with its standard input
//	goecho packets NETWORK ADDRESS [LOCAL]
//	                             sends messages of many lengths, also empty ones, and compares
//	goecho packet-server NETWORK ADDRESS
//	                             serve for packets
package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand"
	"net"
	"os"
	"strconv"
	"sync"
	"time"
)

const patience = 120 * time.Second

func fail(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "goecho: "+format+"\n", args...)
	os.Exit(1)
}

func check(err error) {
	if err != nil {
		fail("%v", err)
	}
}

func dial(address string) *net.TCPConn {
	c, err := net.DialTimeout("tcp", address, patience)
	check(err)
	check(c.SetDeadline(time.Now().Add(patience)))
	return c.(*net.TCPConn)
}

func bulk(address string, mib int) {
	c := dial(address)
	defer c.Close()
	size := int64(mib) << 20
	sent := sha256.New()
	go func() {
		block := make([]byte, 1<<20+17) // not a whole number of pages
		rand.New(rand.NewSource(1)).Read(block)
		for left := size; left > 0; {
			n := int64(len(block))
			if n > left {
				n = left
			}
			sent.Write(block[:n])
			_, err := c.Write(block[:n])
			check(err)
			left -= n
			block[0]++ // no two blocks are alike
		}
		check(c.CloseWrite())
	}()
	back := sha256.New()
	n, err := io.CopyBuffer(struct{ io.Writer }{back}, c, make([]byte, 256<<10))
	check(err)
	if n != size {
		fail("sent %d bytes, %d came back", size, n)
	}
	if !bytes.Equal(sent.Sum(nil), back.Sum(nil)) {
		fail("what came back is not what was sent")
	}
	fmt.Printf("%d MiB there and back, sha256 %x\n", mib, back.Sum(nil))
}

func crowd(address string, n int) {
	conns := make([]*net.TCPConn, n)
	for i := range conns {
		conns[i] = dial(address)
	}
	var all sync.WaitGroup
	for i, c := range conns {
		all.Add(1)
		go func(text string, c *net.TCPConn) {
			defer all.Done()
			defer c.Close()
			_, err := c.Write([]byte(text))
			check(err)
			check(c.CloseWrite())
			got, err := io.ReadAll(c)
			check(err)
			if string(got) != text {
				fail("sent %q, got %q", text, got)
			}
		}(fmt.Sprintf("connection %d", i), c)
	}
	all.Wait()
	fmt.Printf("%d connections served\n", n)
}

func reset(address string, n int) {
	for i := 0; i < n; i++ {
		c := dial(address)
		_, err := c.Write(make([]byte, 1<<20))
		check(err)
		check(c.SetLinger(0))
		check(c.Close())
	}
	fmt.Printf("%d connections reset\n", n)
}

func idle(address string) {
	c := dial(address)
	defer c.Close()
	_, err := c.Write([]byte("x"))
	check(err)
	b := make([]byte, 1)
	_, err = io.ReadFull(c, b)
	check(err)
	fmt.Println("idle")
	if _, err = c.Read(b); err != io.EOF {
		fail("while idle: %v instead of the end", err)
	}
}

func serve() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	fmt.Println(l.Addr())
	go func() {
		for {
			c, err := l.Accept()
			check(err)
			go func() {
				io.Copy(c, c)
				c.Close()
			}()
		}
	}()
	io.Copy(io.Discard, os.Stdin)
}

func packets(network, address, local string) {
	d := net.Dialer{Timeout: patience}
	if local != "" {
		a, err := net.ResolveUnixAddr(network, local)
		check(err)
		d.LocalAddr = a
	}
	c, err := d.Dial(network, address)
	check(err)
	defer c.Close()
	check(c.SetDeadline(time.Now().Add(patience)))
	back := make([]byte, 70000)
	lengths := []int{0, 1, 2, 512, 0, 1472, 1473, 9000, 65000}
	for i, length := range lengths {
		out := make([]byte, length)
		rand.New(rand.NewSource(int64(i))).Read(out)
		_, err := c.Write(out)
		check(err)
		n, err := c.Read(back)
		check(err)
		if !bytes.Equal(back[:n], out) {
			fail("sent %d bytes, got %d, or others", length, n)
		}
	}
	fmt.Printf("%d messages to %s and back\n", len(lengths), address)
}

func servePackets(network, address string) {
	c, err := net.ListenPacket(network, address)
	check(err)
	fmt.Println(c.LocalAddr())
	go func() {
		b := make([]byte, 70000)
		for {
			n, from, err := c.ReadFrom(b)
			check(err)
			_, err = c.WriteTo(b[:n], from)
			check(err)
		}
	}()
	io.Copy(io.Discard, os.Stdin)
}

func main() {
	args := append(os.Args[1:], "", "", "", "")
	n, _ := strconv.Atoi(args[2])
	switch args[0] {
	case "bulk":
		bulk(args[1], n)
	case "crowd":
		crowd(args[1], n)
	case "reset":
		reset(args[1], n)
	case "idle":
		idle(args[1])
	case "packets":
		packets(args[1], args[2], args[3])
	case "packet-server":
		servePackets(args[1], args[2])
	case "serve":
		serve()
	default:
		fail("unknown part %q", args[0])
	}
}
