// A+AAAA lookups by Go's resolver, as bench_dns.c does them: main SERVER_PORT CONCURRENCY LOOKUPS
package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
)

func cpu() float64 {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return float64(u.Utime.Sec+u.Stime.Sec) + float64(u.Utime.Usec+u.Stime.Usec)/1e6
}

func main() {
	concurrency, _ := strconv.Atoi(os.Args[2])
	lookups, _ := strconv.ParseInt(os.Args[3], 10, 64)
	r := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, "127.0.0.1:"+os.Args[1])
	}}
	var started, failed int64
	var all sync.WaitGroup
	before := cpu()
	for i := 0; i < concurrency; i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			for {
				n := atomic.AddInt64(&started, 1)
				if n > lookups {
					return
				}
				addrs, err := r.LookupIPAddr(context.Background(), fmt.Sprintf("n%d.bench.example.", n))
				if err != nil || len(addrs) != 2 {
					atomic.AddInt64(&failed, 1)
				}
			}
		}()
	}
	all.Wait()
	fmt.Printf("%.0f %d\n", float64(lookups)/(cpu()-before), failed)
}
