// The micro-benchmarks of micro_gonet.c in Go, under the same names; a change there belongs here too.
package main

import (
	"fmt"
	"net"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

func die(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func cpu() int64 {
	var t syscall.Timespec
	const processCPU = 2 // CLOCK_PROCESS_CPUTIME_ID
	if _, _, e := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, processCPU, uintptr(unsafe.Pointer(&t)), 0); e != 0 {
		die(e)
	}
	return t.Nano()
}

func yield(ops, tasks int) {
	var group sync.WaitGroup
	group.Add(tasks)
	for i := 0; i < tasks; i++ {
		go func() {
			for i := 0; i < ops/tasks; i++ {
				runtime.Gosched()
			}
			group.Done()
		}()
	}
	group.Wait()
}

func spawn(ops, tasks int) {
	var group sync.WaitGroup
	finish := func() { group.Done() }
	for done := 0; done < ops; done += tasks {
		group.Add(tasks)
		for i := 0; i < tasks; i++ {
			go finish()
		}
		group.Wait()
	}
}

func spawnYield(ops, tasks int) {
	var counter int64
	count := func() { atomic.AddInt64(&counter, 1) }
	for i := 0; i < ops; i++ {
		go count()
		if i%tasks == tasks-1 {
			runtime.Gosched()
		}
	}
	for atomic.LoadInt64(&counter) < int64(ops) {
		runtime.Gosched()
	}
}

func channel(ops, tasks int) {
	ping, pong := make(chan int32), make(chan int32)
	var group sync.WaitGroup
	group.Add(1)
	go func() {
		for v := range ping {
			pong <- v
		}
		group.Done()
	}()
	for i := 0; i < ops; i++ {
		ping <- 1
		<-pong
	}
	close(ping)
	group.Wait()
}

func pipe(ops, tasks int) {
	a, b := net.Pipe()
	go func() {
		var one [1]byte
		for {
			if _, err := b.Read(one[:]); err != nil {
				return
			}
			b.Write(one[:])
		}
	}()
	var one [1]byte
	for i := 0; i < ops; i++ {
		if _, err := a.Write(one[:]); err != nil {
			die(err)
		}
		if _, err := a.Read(one[:]); err != nil {
			die(err)
		}
	}
	a.Close()
}

// The counter lies in memory, as in micro_gonet.c: a variable of its own would be optimised away.
func mutex(ops, tasks int) {
	s := new(struct {
		m       sync.Mutex
		counter int
	})
	for i := 0; i < ops; i++ {
		s.m.Lock()
		s.counter++
		s.m.Unlock()
	}
}

func rlock(ops, tasks int) {
	var m sync.RWMutex
	for i := 0; i < ops; i++ {
		m.RLock()
		m.RUnlock()
	}
}

func wlock(ops, tasks int) {
	var m sync.RWMutex
	counter := 0
	for i := 0; i < ops; i++ {
		m.Lock()
		counter++
		m.Unlock()
	}
}

func once(ops, tasks int) {
	var o sync.Once
	counter := 0
	for i := 0; i < ops; i++ {
		o.Do(func() { counter++ })
	}
}

func mutexContended(ops, tasks int) {
	var m sync.Mutex
	var group sync.WaitGroup
	counter := 0
	group.Add(tasks)
	for i := 0; i < tasks; i++ {
		go func() {
			for i := 0; i < ops/tasks; i++ {
				m.Lock()
				counter++
				runtime.Gosched()
				m.Unlock()
			}
			group.Done()
		}()
	}
	group.Wait()
}

func dialAll(ops int, end func(net.Conn)) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		die(err)
	}
	var group sync.WaitGroup
	group.Add(1)
	go func() {
		for i := 0; i < ops; i++ {
			c, err := ln.Accept()
			if err != nil {
				die(err)
			}
			c.Close()
		}
		group.Done()
	}()
	address := ln.Addr().String()
	for i := 0; i < ops; i++ {
		c, err := net.Dial("tcp", address)
		if err != nil {
			die(err)
		}
		end(c)
	}
	group.Wait()
	ln.Close()
}

func dial(ops, tasks int) {
	dialAll(ops, func(c net.Conn) {
		c.Close()
		runtime.Gosched()
	})
}

func dialWait(ops, tasks int) {
	dialAll(ops, func(c net.Conn) {
		var b [1]byte
		if n, _ := c.Read(b[:]); n > 0 {
			die(fmt.Errorf("read a byte that nobody sent"))
		}
		c.Close()
	})
}

// An empty datagram ends the answerer.
func udp(ops, tasks int) {
	server, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		die(err)
	}
	client, err := net.DialUDP("udp4", nil, server.LocalAddr().(*net.UDPAddr))
	if err != nil {
		die(err)
	}
	go func() {
		var buf [2048]byte
		for {
			n, from, err := server.ReadFromUDPAddrPort(buf[:])
			if err != nil || n == 0 {
				server.Close()
				return
			}
			if _, err := server.WriteToUDPAddrPort(buf[:n], from); err != nil {
				die(err)
			}
		}
	}()
	var buf [64]byte
	for i := 0; i < ops; i++ {
		if _, err := client.Write(buf[:]); err != nil {
			die(err)
		}
		if _, err := client.Read(buf[:]); err != nil {
			die(err)
		}
	}
	client.Write(nil)
	client.Close()
}

var micros = map[string]struct {
	run   func(ops, tasks int)
	tasks int
}{
	"yield2": {yield, 2}, "yield1000": {yield, 1000},
	"spawn1": {spawn, 1}, "spawn1000": {spawn, 1000},
	"spawn-yield": {spawnYield, 1}, "spawn-burst": {spawnYield, 100}, "chan": {channel, 2}, "pipe": {pipe, 2},
	"mutex": {mutex, 1}, "mutex-contended": {mutexContended, 4},
	"rlock": {rlock, 1}, "wlock": {wlock, 1}, "once": {once, 1},
	"dial": {dial, 2}, "dial-wait": {dialWait, 2}, "udp": {udp, 2},
}

func main() {
	time.AfterFunc(2*time.Minute, func() { os.Exit(1) })
	if len(os.Args) != 3 {
		die(fmt.Errorf("usage: bench_micro_go NAME OPERATIONS"))
	}
	m, ok := micros[os.Args[1]]
	ops, err := strconv.Atoi(os.Args[2])
	if !ok || err != nil || ops < 1000 {
		die(fmt.Errorf("no benchmark is named %s, or %s is no number of operations", os.Args[1], os.Args[2]))
	}
	m.run(ops/10+m.tasks, m.tasks)
	wall, used := time.Now(), cpu()
	m.run(ops, m.tasks)
	passed := time.Since(wall)
	used = cpu() - used
	fmt.Printf("cpu_ns=%.1f wall_ns=%.1f\n", float64(used)/float64(ops), float64(passed.Nanoseconds())/float64(ops))
}
